import { basename, dirname, join, resolve } from "node:path";
import { isFile } from "../../io/files/file-system.ts";
import { readText } from "../../io/files/read-file.ts";
import { readSolverParameter } from "../../io/text/read-net.ts";
import { IN_RUN } from "../../run-record/record-folder.ts";
import { runFiles } from "../../run-record/run-files.ts";
import { silent } from "../../util/log.ts";
import { recordOf } from "../../util/records.ts";
import type { RunEntry, RunEvents, RunFacts, RunFiles, Schedule } from "../api.ts";
import type { LiveLink } from "../live/live-link.ts";
import type { RunViews } from "../views/views.ts";
import { RecordReader } from "./record-reader.ts";
import { scheduleOf } from "./schedule.ts";

/** Events of one answer at most. */
const MOST_EVENTS = 5000;
/** Letters of a text file that are shown. */
const MOST_TEXT = 2 ** 20;

/** A run that is shown: its record, its views, and where it is live what steers it. */
export class ShownRun {
  readonly id: string;
  readonly views: RunViews;
  /** Undefined where it is not trained by this process. */
  readonly link: LiveLink | undefined;
  readonly #reader: RecordReader;

  constructor(id: string, folder: string, views: RunViews, link?: LiveLink) {
    this.id = id;
    this.views = views;
    this.link = link;
    this.#reader = new RecordReader(folder);
  }

  /** What a list says of it. */
  entry(): RunEntry {
    const reader = this.#reader;
    reader.refresh();
    const { start, last } = reader;
    return {
      ...{ id: this.id, name: nameOf(reader.folder), state: this.#state() },
      ...{ startedAt: start?.time, net: start?.net ?? "", maxIter: start?.maxIter },
      iter: reader.events.at(-1)?.iter ?? 0,
      smoothedLoss: last?.smoothedLoss,
      scores: recordOf([...reader.scores]),
    };
  }

  #state(): RunEntry["state"] {
    if (this.#reader.stop) return "ended";
    if (this.link) return "live";
    return this.#reader.isWritten ? "running" : "lost";
  }

  facts(): RunFacts {
    const entry = this.entry();
    const { folder, start, stop, rateFactor } = this.#reader;
    return {
      ...entry,
      ...{
        folder,
        command: start?.command ?? [],
        environment: environmentText(start?.environment),
      },
      stop: stop && (stop.message ?? STOPS[stop.reason]),
      ...{ rateFactor, canSteer: entry.state === "live", views: this.views.names },
    };
  }

  /** The events behind the first `since`. */
  events(since: number): RunEvents {
    this.#reader.refresh();
    const { events } = this.#reader;
    const part = events.slice(since, since + MOST_EVENTS);
    const next = Math.min(since, events.length) + part.length;
    return { events: part, next, isMore: next < events.length };
  }

  /** The weights of its last snapshot, wherever they are by now; undefined where it has written none. */
  lastWeights(): { readonly path: string; readonly iter: number } | undefined {
    const reader = this.#reader;
    reader.refresh();
    const last = reader.events.findLast((event) => event.type === "snapshot");
    if (!last) return undefined;
    const path = last.state.replace(/\.solverstate(\.h5)?$/, ".caffemodel$1");
    return { path: resolve(reader.start?.folder ?? "", path), iter: last.iter };
  }

  log(since: number | undefined): ReturnType<RecordReader["log"]> {
    return this.#reader.log(since);
  }

  /** Prototxts, command line and environment, as far as they are there. */
  files(): RunFiles {
    const { solver, net, testNet, command, environment } = runFiles(this.#reader.folder);
    const tests = (this.#reader.start?.testOutputs ?? []).map((_, i) => testNet(i));
    const paths = [solver, net, ...tests, command, environment].filter(isFile);
    return {
      files: paths.map((path) => {
        const text = readText(path, "file of the record");
        const isLong = text.length > MOST_TEXT;
        return {
          name: basename(path),
          text: isLong ? `${text.slice(0, MOST_TEXT)}\n… (cut)` : text,
        };
      }),
    };
  }

  /** @throws CaffeError where the record's solver cannot be read */
  schedule(): Schedule {
    const reader = this.#reader;
    reader.refresh();
    const param = readSolverParameter(runFiles(reader.folder).solver, silent);
    const { last, rateFactor } = reader;
    const rate = last && Number(last.rate);
    return scheduleOf(param, { iter: last?.iter ?? 0, rate, factor: rateFactor });
  }
}

/** A folder's name; that of the run whose record it is, where `caffe new` made one for it. */
export function nameOf(folder: string): string {
  const name = basename(folder);
  return IN_RUN.test(name) ? join(basename(dirname(folder)), name) : name;
}

const STOPS = {
  done: "done",
  asked: "stopped as asked",
  stalled: "stopped: its score did not improve any more",
  error: "ended by an error",
} as const;

function environmentText(environment: object | undefined): Record<string, string> {
  const entries = Object.entries(environment ?? {}).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : [[name, value] as const],
  );
  return recordOf(
    entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : String(value)]),
  );
}
