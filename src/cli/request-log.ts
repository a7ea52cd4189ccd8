import type { Answered } from "../http/http-server.ts";
import type { Log } from "../util/log.ts";
import { printable } from "../util/printable.ts";

/** How requests are told of: a line of JSON each on standard output, or those alone in the log that the server could not answer. */
export type RequestLog = "json" | "problems";

/** What tells of requests. */
export function requestLog(kind: RequestLog, log: Log): (answered: Answered) => void {
  if (kind === "json") return (answered) => void process.stdout.write(`${jsonLine(answered)}\n`);
  return ({ exchange, status, problem }) => {
    if (!problem || exchange.isGone) return;
    log("warning", "serve", `${exchange.method} ${exchange.path}: ${status}, ${problem.message}`);
  };
}

function jsonLine({ exchange, status, milliseconds, problem }: Answered): string {
  const { method, path, subject: model, request } = exchange;
  return JSON.stringify({
    time: new Date().toISOString(),
    method,
    path: printable(path),
    status,
    milliseconds: Number(milliseconds.toFixed(3)),
    ...(model !== "" && { model }),
    client: request.socket.remoteAddress,
    ...(problem && { problem: printable(problem.message) }),
  });
}
