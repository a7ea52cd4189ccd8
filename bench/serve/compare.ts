// `caffe serve` beside ONNX Runtime behind the same HTTP server, and OpenCV's dnn behind Python's http.server where python3-opencv is
// installed, at 1, 8 and 64 connections, taking turns.
// Run as: npm run bench:serve [-- NETS…], after npm run build
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Net } from "../../src/net/net.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { hasOpenCv, PYTHON } from "../opencv.ts";
import { type StartedServer, startProgram, startServer } from "./start-server.ts";

const CONNECTIONS = [1, 8, 64];
const ROUNDS = 3;
/** Rounds before those that count: code that runs for the first time is not yet compiled. */
const WARM_UP = 1;
const SECONDS = 2;
const nets: Readonly<Record<string, { readonly file: string; readonly shape: string }>> = {
  lenet: { file: "models/lenet/lenet.prototxt", shape: "1,1,28,28" },
  mobilenet: { file: "models/mobilenet/deploy.prototxt", shape: "1,3,224,224" },
  resnet50: { file: "models/resnet50/deploy.prototxt", shape: "1,3,224,224" },
};

/** A server that is measured. */
interface Peer {
  readonly name: string;
  readonly model: string;
  readonly server: StartedServer;
}

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const wanted = process.argv.slice(2);
const isBesideOpenCv = hasOpenCv();
for (const [name, { file, shape }] of Object.entries(nets)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
  try {
    await compare(name, file, shape, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(name: string, file: string, shape: string, folder: string): Promise<void> {
  const [weights, onnx] = [join(folder, "net.caffemodel"), join(folder, "net.onnx")];
  using net = new Net(file, { phase: "TEST" });
  // Statistics of nothing would divide by nothing: a net's speed is that of numbers.
  for (const { blob } of net.learnableParams) {
    blob.data.forEach((_, i, data) => {
      data[i] = noise(i);
    });
  }
  net.save(weights);
  writeFileSync(onnx, (await toOnnx(net)).toBuffer());
  const [input = ""] = net.inputs;
  const flags = [`--model=${file}`, `--weights=${weights}`, "--port=0"];
  const servers: readonly Peer[] = [
    {
      name: "caffe serve",
      model: net.name,
      server: await startServer("bin/caffe", "serve", ...flags),
    },
    {
      name: "ONNX Runtime",
      model: "onnx",
      server: await startServer("--import", "tsx", here("onnx-server.ts"), onnx, shape),
    },
    ...(isBesideOpenCv
      ? [
          {
            name: "OpenCV",
            model: "opencv",
            server: await startProgram(PYTHON, here("opencv_server.py"), file, weights),
          },
        ]
      : []),
  ];
  try {
    const ready = servers.map((peer) => {
      return `${peer.name} after ${(peer.server.readyAfter / 1000).toFixed(2)} s`;
    });
    console.log(`${name}, ready: ${ready.join(", ")}`);
    for (const connections of CONNECTIONS) {
      const rounds = Array.from({ length: WARM_UP + ROUNDS }, () =>
        servers.map(({ server, model }) => {
          const url = `${server.url}/v2/models/${encodeURIComponent(model)}/infer`;
          return load(url, input, shape, connections);
        }),
      ).slice(WARM_UP);
      const figures = servers.map((_, i) => middle(rounds.map((round) => round[i] as Figures)));
      const [ours] = figures as [Figures];
      const told = servers.map((peer, i) => {
        const of = figures[i] as Figures;
        const ratio = i === 0 ? "" : `, ratio ${(ours.perSecond / of.perSecond).toFixed(2)}`;
        return `${peer.name} ${text(of)}${ratio}`;
      });
      console.log(`${name}, ${connections} connections: ${told.join("; ")}`);
    }
  } finally {
    for (const { server } of servers) await server.stop();
  }
}

function noise(i: number): number {
  return 0.02 + ((Math.imul(i, 0x9e3779b1) >>> 8) / 2 ** 24) * 0.05;
}

function load(url: string, input: string, shape: string, connections: number): Figures {
  const args = [here("load.mjs"), url, input, shape, `${connections}`, `${SECONDS}`];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

/** The figures of the round in the middle by requests a second. */
function middle(rounds: readonly Figures[]): Figures {
  return rounds.toSorted((a, b) => a.perSecond - b.perSecond)[
    Math.floor(rounds.length / 2)
  ] as Figures;
}

function text({ perSecond, p50, p90, p99 }: Figures): string {
  const [a, b, c] = [p50, p90, p99].map((time) => time.toFixed(1));
  return `${perSecond.toFixed(0)}/s (${a}, ${b}, ${c} ms at 50, 90, 99 %)`;
}
