import { parentPort, workerData } from "node:worker_threads";
import { errorOf, failureOf } from "../../util/failure.ts";
import type { LiveLink } from "./live-link.ts";
import type { FromThread, ThreadData, ToThread } from "./messages.ts";
import { openRunDashboard } from "./run-dashboard.ts";

// The dashboard of a run that another thread trains: it answers pages, and asks that thread only for what the run alone knows.

const tell = (message: FromThread): void => parentPort?.postMessage(message);
const waiting = new Map<
  number,
  { resolve: (value: never) => void; reject: (error: Error) => void }
>();
let asked = 0;

function call<Name extends keyof LiveLink>(
  name: Name,
  ...args: Parameters<LiveLink[Name]>
): Promise<never> {
  return new Promise((resolve, reject) => {
    const number = asked++;
    waiting.set(number, { resolve, reject });
    tell({ kind: "call", number, call: { name, args } as never });
  });
}

const link: LiveLink = {
  ask: (kind) => call("ask", kind),
  tested: (known) => call("tested", known),
  request: (action) => call("request", action),
  scaleRate: (factor) => call("scaleRate", factor),
};

try {
  const dashboard = await openRunDashboard(
    workerData as ThreadData,
    link,
    (severity, source, message) => tell({ kind: "log", severity, source, message }),
  );
  parentPort?.on("message", (message: ToThread) => {
    if (message.kind === "close") {
      void dashboard.close().then(() => {
        tell({ kind: "closed" });
        parentPort?.close();
      });
      return;
    }
    const one = waiting.get(message.number);
    waiting.delete(message.number);
    if (message.kind === "answer") one?.resolve(message.value as never);
    else one?.reject(errorOf(message.failure));
  });
  tell({ kind: "open", url: dashboard.url });
} catch (error) {
  tell({ kind: "failed", failure: failureOf(error) });
}
