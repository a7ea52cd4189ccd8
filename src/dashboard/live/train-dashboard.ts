import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { isFile } from "../../io/files/file-system.ts";
import type { Solver } from "../../solvers/solver.ts";
import { errorOf, failureOf } from "../../util/failure.ts";
import type { Log } from "../../util/log.ts";
import { deferred, within } from "../../util/promises.ts";
import type { Dashboard } from "../server.ts";
import type { LiveLink } from "./live-link.ts";
import { LiveRun } from "./live-run.ts";
import type { FromThread, ThreadData, ToThread } from "./messages.ts";
import { openRunDashboard } from "./run-dashboard.ts";

/** The compiled thread. */
const THREAD = new URL("./thread.js", import.meta.url);
/** Milliseconds that the thread has to end. */
const PATIENCE = 3000;

/**
 * Opens the dashboard of a solver in a thread of its own, so that pages take no time of training's; in this one where there is no
 * compiled thread. If that thread fails, training goes on. Training has ended when it is closed.
 *
 * @throws CaffeError where it cannot listen
 */
export async function openTrainDashboard(
  solver: Solver,
  data: ThreadData,
  log: Log,
  file: URL = THREAD,
): Promise<Dashboard> {
  const run = new LiveRun(solver);
  const link = linkTo(run);
  const dashboard =
    file.protocol === "file:" && isFile(fileURLToPath(file))
      ? await inThread(link, data, log, file)
      : await openRunDashboard(data, link, log);
  return {
    url: dashboard.url,
    close: async () => {
      await run.end();
      await dashboard.close();
    },
  };
}

function linkTo(run: LiveRun): LiveLink {
  return {
    ask: (kind) => run.ask(kind),
    tested: async (known) => run.tested(known),
    request: async (action) => run.request(action),
    scaleRate: async (factor) => run.scaleRate(factor),
  };
}

async function inThread(link: LiveLink, data: ThreadData, log: Log, file: URL): Promise<Dashboard> {
  const worker = new Worker(file, { execArgv: [], workerData: data });
  const tell = (message: ToThread): void => worker.postMessage(message);
  const opened = deferred<string>();
  const ended = deferred<void>();
  let isClosed = false;
  const fail = (error: Error): void => {
    opened.reject(error);
    ended.resolve();
    if (!isClosed)
      log("warning", "dashboard", `the dashboard has ended: ${error.message}. Training goes on.`);
  };
  worker.on("error", fail);
  worker.on("messageerror", fail);
  worker.on("exit", () => ended.resolve());
  worker.on("message", (message: FromThread) => {
    if (message.kind === "open") opened.resolve(message.url);
    else if (message.kind === "closed") ended.resolve();
    else if (message.kind === "log") log(message.severity, message.source, message.message);
    else if (message.kind === "failed") {
      isClosed = true;
      fail(errorOf(message.failure));
    } else void answer(message);
  });
  const answer = async ({ number, call }: Extract<FromThread, { kind: "call" }>): Promise<void> => {
    try {
      const ask = link[call.name] as (...args: unknown[]) => Promise<unknown>;
      tell({ kind: "answer", number, value: await ask(...call.args) });
    } catch (error) {
      tell({ kind: "refused", number, failure: failureOf(error) });
    }
  };
  // Nobody but training keeps the process alive.
  const url = await opened.promise;
  worker.unref();
  return {
    url,
    close: async () => {
      isClosed = true;
      tell({ kind: "close" });
      await within(PATIENCE, ended.promise);
      await worker.terminate();
    },
  };
}
