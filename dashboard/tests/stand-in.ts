// A server that answers as the dashboard's does, about runs that never were: what a live run shows only now and then can be had at once.
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import sharp from "sharp";
import type { LogPart, Picture, RunEvents, RunFacts, RunList } from "../../src/dashboard/api.ts";
import * as made from "./made-up-run.ts";

const PAGE = new URL("../../dist/dashboard/page/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
/** As the dashboard's server has it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What a stand-in shows. */
export interface StandInOptions {
  /** A prototxt. */
  readonly net?: string;
  readonly runs?: readonly RunFacts[];
  readonly port?: number;
  /** Answers nothing but that it does not know who asks. */
  readonly isClosed?: boolean;
}

/** A server that runs. */
export interface StandIn {
  readonly url: string;
  readonly port: number;
  /** What was posted: path and body. */
  readonly posts: readonly string[];
  /** Ends it, and every connection. */
  readonly close: () => void;
}

/** Starts one at a free place. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { net = "models/lenet/lenet_train_test.prototxt", port = 0, isClosed = false } = options;
  const picture = await drawnPicture();
  const runs = options.runs ?? [
    made.madeUpFacts("lenet-3", 4200, "live"),
    made.madeUpFacts("lenet-2", 10_000, "ended"),
    made.madeUpFacts(made.EVIL, 1000, "lost"),
  ];
  const posts: string[] = [];
  const answers: Readonly<Record<string, () => unknown>> = {
    schedule: made.madeUpSchedule,
    graph: () => made.madeUpGraph(net, [made.EVIL]),
    weights: () => made.madeUpWeights(picture),
    histograms: made.madeUpHistograms,
    batch: () => made.madeUpBatch(picture),
    test: () => made.madeUpTest(picture),
    log: (): LogPart => ({ text: "", from: 0, next: LOG.length }),
    files: () => ({
      files: [
        {
          name: "solver.prototxt",
          text: readFileSync("models/lenet/lenet_solver.prototxt", "utf8"),
        },
        { name: made.EVIL, text: made.EVIL },
      ],
    }),
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [, api, , id = "", what = ""] = url.pathname.split("/").map(decodeURIComponent);
    const json = (value: unknown, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (api !== "api") return file(response, url.pathname.slice(1) || "index.html");
    if (isClosed) return json({ error: "a token is needed" }, 401);
    const run = runs.find((one) => one.id === id);
    if (id === "") return json({ runs, first: runs[0]?.id } satisfies RunList);
    if (!run) return json({ error: "there is no such run" }, 404);
    if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        posts.push(`${what} ${body}`);
        json({ message: `done: ${what}` });
      });
      return;
    }
    if (what === "") return json(run);
    const events = made.madeUpEvents(run.iter, run.id.length);
    const since = Number(url.searchParams.get("since") ?? 0);
    const told: RunEvents = { events: events.slice(since), next: events.length, isMore: false };
    if (what === "events") return json(told);
    if (what === "stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`event: events\ndata: ${JSON.stringify(told)}\n\n`);
      return;
    }
    if (what === "log" && !url.searchParams.get("since")) {
      return json({ text: LOG, from: 0, next: LOG.length } satisfies LogPart);
    }
    json(answers[what]?.() ?? { error: "there is no such answer" });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const { port: at } = server.address() as AddressInfo;
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${at}/`, port: at, posts, close };
}

const LOG = Array.from({ length: 300 }, (_, i) => {
  if (i === 40) return `W0105 09:00:00.000000     1 net.cpp:1] ${made.EVIL} is not known`;
  return `I0105 09:00:00.000000     1 solver.cpp:239] Iteration ${i * 20}, loss = ${(2 / (1 + i)).toFixed(5)}\n`;
}).join("");

function file(response: ServerResponse, name: string): void {
  const type = TYPES[name.split(".").at(-1) ?? ""];
  try {
    const body = readFileSync(new URL(name, PAGE));
    response.writeHead(200, { "content-type": type, "content-security-policy": POLICY });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

/** A ring on a dark ground, 28 by 28. */
async function drawnPicture(): Promise<Picture> {
  const pixels = Uint8Array.from({ length: 784 }, (_, i) => {
    const r = Math.hypot((i % 28) - 13.5, Math.floor(i / 28) - 13.5);
    return Math.max(0, 255 - 45 * Math.abs(r - 8));
  });
  const raw = { width: 28, height: 28, channels: 1 } as const;
  const png = await sharp(pixels, { raw }).png().toBuffer();
  return { width: 28, height: 28, url: `data:image/png;base64,${png.toString("base64")}` };
}
