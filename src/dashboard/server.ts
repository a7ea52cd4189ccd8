import { hostname } from "node:os";
import { BodyReader } from "../http/body-reader.ts";
import { HttpServer } from "../http/http-server.ts";
import { Router } from "../http/router.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { Gate, newToken } from "./gate.ts";
import { pageRoutes } from "./page-files.ts";
import { apiRoutes } from "./routes.ts";
import { Followers } from "./runs/followers.ts";
import { type LiveSource, RunsShown } from "./runs/runs-shown.ts";

/** Where a dashboard listens. */
export interface Listening {
  readonly host: string;
  /** Undefined for the usual one, or the next that is free; 0 for any that is free. */
  readonly port: number | undefined;
  /** What gives the port, for messages: `--port`. */
  readonly flag: string;
}

/** A dashboard that answers until it is closed. */
export interface Dashboard {
  /** The page's address, with the token. */
  readonly url: string;
  close(): Promise<void>;
}

/** The port where nobody names one, and how many behind it are tried. */
const [USUAL, TRIED] = [8123, 20];
const LIMITS = { maxConnections: 64, receiveTimeout: 10_000, answerTimeout: 30_000 } as const;
/** Bytes of a request. */
const MOST_BODY = 2 ** 16;

/**
 * Shows runs over HTTP.
 * @throws CaffeError where it cannot listen
 */
export async function openDashboard(
  folders: readonly string[],
  listening: Listening,
  log: Log,
  live?: LiveSource,
): Promise<Dashboard> {
  const bodies = new BodyReader({ maxBody: MOST_BODY, maxBodies: 16 * MOST_BODY });
  const runs = new RunsShown(folders, live);
  const token = newToken();
  const followers = new Followers();
  const router = new Router(
    [...apiRoutes(runs, followers, bodies), ...pageRoutes()],
    "GET /api/runs tells of all runs.",
  );
  const http = await listen(new Gate(router, token, listening.host), listening, log);
  return {
    url: `${addressOf(http.url)}/?token=${token}`,
    close: () => {
      // Who follows hears of the end.
      followers.look();
      return http.close(0);
    },
  };
}

/** The address that a browser takes: of a server that listens everywhere the machine's name. */
function addressOf(url: string): string {
  return url.replace(/\/\/(?:0\.0\.0\.0|\[::\])(?=:)/, `//${hostname()}`);
}

/** Listens where it was asked to; where nobody named a port on the usual one, or the next that is free, which is said. */
async function listen(gate: Gate, { host, port, flag }: Listening, log: Log): Promise<HttpServer> {
  const ports = port === undefined ? Array.from({ length: TRIED }, (_, i) => USUAL + i) : [port];
  for (const [i, one] of ports.entries()) {
    try {
      const http = await HttpServer.listen(
        gate,
        { ...LIMITS, host, port: one, flag },
        ({ problem, exchange }) => {
          if (!problem || problem instanceof CaffeError) return;
          log(
            "error",
            "dashboard",
            `${exchange.path}: this is a bug in caffe-ts, please report it: ${problem.stack}`,
          );
        },
      );
      if (i > 0)
        log("info", "dashboard", `Port ${USUAL} is taken: the dashboard listens on ${one}.`);
      return http;
    } catch (error) {
      const isTaken =
        ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === "EADDRINUSE";
      if (!isTaken || i === ports.length - 1) throw error;
    }
  }
  throw new CaffeError("there is no port to listen on.");
}
