import { dirname, join } from "node:path";
import type { Argv } from "yargs";
import { graphOf } from "../dashboard/live/graph.ts";
import { openTrainDashboard } from "../dashboard/live/train-dashboard.ts";
import type { Dashboard } from "../dashboard/server.ts";
import { keepViews } from "../dashboard/views/kept-views.ts";
import { labelNames } from "../dashboard/views/views.ts";
import { labelMapOf, readClassNames } from "../inference/class-names.ts";
import { fileExists } from "../io/files/file-system.ts";
import { RUN_FILE } from "../new-run/run-file.ts";
import { filesOfRun } from "../new-run/run-folder.ts";
import type { Solver } from "../solvers/solver.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { alone } from "./flags.ts";
import { keepsRecord, type RecordFlags } from "./train-run.ts";

/** Flags that open a dashboard of the run. */
export interface DashboardFlags extends RecordFlags {
  /** A port; empty for the usual one, undefined for no dashboard. */
  readonly dashboard: string | undefined;
  readonly host: string | undefined;
}

/** Adds the flags that open a dashboard. */
export function withDashboardFlags<T>(yargs: Argv<T>): Argv<T> {
  return yargs
    .option(
      ...alone("dashboard", {
        describe:
          "show the run in a browser while it trains, and steer it: --dashboard, or --dashboard=PORT (8123, or the next that is free, by default)",
      }),
    )
    .option("host", {
      type: "string",
      describe:
        "with --dashboard: address to listen on, 127.0.0.1 by default; 0.0.0.0 for every network, where whoever has the page's address may look and steer",
    });
}

/** @throws CaffeError where flags contradict one another, or one would have no effect */
export function checkDashboardFlags(flags: DashboardFlags): void {
  const { dashboard, host } = flags;
  if (dashboard === undefined) {
    if (host === undefined) return;
    throw new CaffeError(`--host=${host} has no effect without --dashboard. Expected both.`);
  }
  portOf(dashboard);
  if (keepsRecord(flags)) return;
  throw new CaffeError(
    "--dashboard shows the record of the run, and --run=off (or CAFFE_RUN) keeps none. Expected one of the two.",
  );
}

function portOf(text: string): number | undefined {
  if (text === "") return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new CaffeError(
    `--dashboard is ${text}. Expected no value, a port up to 65535, or 0 for any that is free.`,
  );
}

/**
 * Opens the dashboard of a solver whose record lies in that folder, and says where it is; undefined where none is asked for.
 * @throws CaffeError where it cannot listen
 */
export async function dashboardOf(
  solver: Solver,
  { folder, file }: { readonly folder: string | undefined; readonly file: string },
  flags: DashboardFlags,
  log: Log,
): Promise<Dashboard | undefined> {
  if (flags.dashboard === undefined) return undefined;
  if (folder === undefined) {
    log("warning", "dashboard", "there is no record of this run, and so no dashboard of it.");
    return undefined;
  }
  const { host = "127.0.0.1" } = flags;
  const listening = { host, port: portOf(flags.dashboard), flag: "--dashboard" };
  const classes = namesOf(solver, file, log);
  const data = { folder, folders: [dirname(folder)], listening, classes };
  const dashboard = await openTrainDashboard(solver, data, log);
  log("info", "dashboard", `This run is shown on ${dashboard.url}`);
  return dashboard;
}

/** Leaves the net, as a page shows it, in the record of a run that had no dashboard. */
export function keepNet({ net, iter }: Solver, folder: string, log: Log): void {
  try {
    if (!net.isOpen) return;
    const [view, stamp] = [graphOf(net), Date.now()];
    keepViews(folder, { graph: { state: "there", iter, stamp, isKept: true, view } });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log("warning", "dashboard", `the record lacks the net's graph: ${error.message}`);
  }
}

/** Names of classes: of the label map that the net's layers name, or the labels of a run of `caffe new`. */
function namesOf({ net }: Solver, file: string, log: Log): ReadonlyMap<number, string> {
  const run = dirname(file);
  try {
    const source =
      labelMapOf(net.layers.map(({ param }) => param)) ??
      (fileExists(join(run, RUN_FILE)) ? filesOfRun(run).labels : undefined);
    return labelNames(source === undefined ? undefined : readClassNames(source));
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    log("warning", "dashboard", `classes are shown by their numbers: ${error.message}`);
    return new Map();
  }
}
