import type { BodyReader } from "../http/body-reader.ts";
import { type Exchange, jsonReply } from "../http/exchange.ts";
import { HttpError } from "../http/http-error.ts";
import type { PathParts, Route } from "../http/router.ts";
import type { Done, RateChange, RunEntry, RunList, Same, View } from "./api.ts";
import type { LiveLink } from "./live/live-link.ts";
import type { Followers } from "./runs/followers.ts";
import type { RunsShown } from "./runs/runs-shown.ts";
import type { ShownRun } from "./runs/shown-run.ts";
import type { RunViews } from "./views/views.ts";

type Answer = (run: ShownRun, exchange: Exchange) => object | Promise<object>;

/** The routes of api.ts. */
export function apiRoutes(runs: RunsShown, followers: Followers, bodies: BodyReader): Route[] {
  const runOf = ({ id = "" }: PathParts): ShownRun => {
    const run = runs.find(id);
    if (run) return run;
    throw new HttpError(404, `there is no run "${id}". GET /api/runs tells which there are.`);
  };
  const get = (what: string, about: string, answer: Answer): Route => ({
    ...{ method: "GET", path: `/api/runs/:id${what}`, about },
    answer: async (exchange, parts) => jsonReply(await answer(runOf(parts), exchange)),
  });
  const view = (
    what: string,
    about: string,
    look: (views: RunViews) => Promise<View<unknown>>,
  ): Route =>
    get(what, about, async ({ views }, { query }): Promise<View<unknown> | Same> => {
      const known = numberOf(query, "known");
      const shown = await look(views);
      return shown.state === "there" && shown.stamp === known ? { state: "same" } : shown;
    });
  const post = (
    what: string,
    about: string,
    act: (link: LiveLink, body: object) => Promise<string>,
  ): Route => ({
    ...{ method: "POST", path: `/api/runs/:id/${what}`, about },
    answer: async (exchange, parts) => {
      const { link } = runOf(parts);
      if (!link || runOf(parts).entry().state !== "live") {
        throw new HttpError(409, "this run is not trained here: it cannot be steered.");
      }
      const done: Done = { message: await act(link, await bodyOf(exchange, bodies)) };
      return jsonReply(done);
    },
  });
  return [
    {
      ...{ method: "GET", path: "/api/runs", about: "the runs" },
      answer: () => jsonReply(listOf(runs)),
    },
    get("", "a run", (run) => run.facts()),
    get("/events", "what happened", (run, { query }) => run.events(numberOf(query, "since") ?? 0)),
    {
      ...{ method: "GET", path: "/api/runs/:id/stream", about: "what happens, as it does" },
      answer: ({ query, request }, parts) => {
        // A browser that comes again by itself says what it had last.
        const last = /^\d+$/.exec(String(request.headers["last-event-id"] ?? ""))?.[0];
        const since = last === undefined ? numberOf(query, "since") : Number(last);
        const run = runOf(parts);
        return { live: (stream) => followers.add(run, stream, since ?? 0) };
      },
    },
    get("/log", "the log", (run, { query }) => run.log(numberOf(query, "since"))),
    get("/files", "prototxts, command and environment", (run) => run.files()),
    get("/schedule", "the learning rate ahead", (run) => run.schedule()),
    view("/graph", "the net", (views) => views.graph()),
    view("/weights", "its weights", (views) => views.weights()),
    get("/histograms", "how arrays are spread", (run, { query }) =>
      run.views.histograms(numberOf(query, "since") ?? -1),
    ),
    view("/batch", "what the net sees", (views) => views.batch()),
    view("/test", "what the last test told", (views) => views.test()),
    post("snapshot", "write a snapshot", async (link) => {
      await link.request("snapshot");
      return "A snapshot follows after this iteration.";
    }),
    post("stop", "write a snapshot and stop", async (link) => {
      await link.request("stop");
      return "Training stops after this iteration, and writes a last snapshot.";
    }),
    post("rate", "multiply learning rates", async (link, body) => {
      const { factor } = body as Partial<RateChange>;
      if (typeof factor !== "number" || !(factor > 0)) {
        throw new HttpError(
          400,
          "factor is no number above 0. Expected what the policy's rates are to be multiplied by, 1 for as they are.",
        );
      }
      await link.scaleRate(factor);
      return `Learning rates are multiplied by ${factor} from the next iteration on.`;
    }),
  ];
}

function listOf(runs: RunsShown): RunList {
  const entries: RunEntry[] = runs.all().map((run) => run.entry());
  entries.sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
  const live = entries.find(({ state }) => state === "live");
  return { runs: entries, first: (live ?? entries[0])?.id };
}

/** @throws HttpError where it is no whole number of 0 or more */
function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new HttpError(400, `${name} is no whole number of 0 or more.`);
}

/** @throws HttpError where the body is no object of JSON */
async function bodyOf(exchange: Exchange, bodies: BodyReader): Promise<object> {
  const { bytes, release } = await bodies.read(exchange);
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same answer as to JSON of another kind.
  } finally {
    release();
  }
  throw new HttpError(400, "the body is no object of JSON.");
}
