import { basename } from "node:path";
import type { Dashboard } from "../dashboard/server.ts";
import type { Wire } from "../distributed/gradient-sums.ts";
import type { Engines } from "../engines/choose.ts";
import type { SolverParameter } from "../io/proto/caffe.ts";
import { readSolverParameter } from "../io/text/read-net.ts";
import { ProgressBar } from "../monitor/progress.ts";
import type { NetOptions } from "../net/options.ts";
import { imagesPerIteration } from "../solvers/loop/display.ts";
import { Solver } from "../solvers/solver.ts";
import { type Log, silent } from "../util/log.ts";
import { listOf } from "./flags.ts";
import { openableGpus } from "./gpus.ts";
import type { Side } from "./ranks.ts";
import { checkSameStart } from "./same-start.ts";
import { type CommonFlags, type Console, enginesFor } from "./session.ts";
import type { Signals } from "./signals.ts";
import { type DashboardFlags, dashboardOf, keepNet } from "./train-dashboard.ts";
import type { TrainRun } from "./train-run.ts";

/** What is trained, and how: the same for every rank. */
export interface TrainingFlags extends CommonFlags {
  /** The solver's file. */
  readonly file: string;
  readonly snapshot: string | undefined;
  readonly weights: string | undefined;
  readonly level: number | undefined;
  readonly stage: string | undefined;
  readonly precision: NetOptions["precision"];
  readonly nan: string | undefined;
  readonly allreduce: Wire;
}

/** Whom a training tells of itself, and who may ask it for something; what it tells is rank 0's. */
interface Told {
  readonly run: TrainRun;
  readonly signals: Signals;
  readonly dashboard: DashboardFlags;
}

/** Trains: alone, or as one of several ranks. */
export async function trainAsRank(flags: TrainingFlags, side: Side, told?: Told): Promise<void> {
  await checkFlags(flags, side);
  const { file, nan } = flags;
  const param = { ...readSolverParameter(file, side.log), ...(nan !== undefined && { nan }) };
  const engines = await enginesOf(param, flags, side);
  try {
    const solver = makeSolver(param, flags, side, engines);
    try {
      if (side.others) await checkSameStart(solver, side.others.agree);
      told?.signals.goTo(solver, side.log);
      await solve(solver, flags, side, told);
    } finally {
      solver.close();
    }
  } finally {
    // A thread must not end while its GPU has something under way: Dawn ends the process then. What fails now has been told.
    await engines[0]?.device?.finish().catch(() => {});
  }
}

/** @throws CaffeError where ranks were given other flags of those that the nets do not tell */
async function checkFlags(
  { allreduce, precision, snapshot }: TrainingFlags,
  { log, others }: Side,
): Promise<void> {
  await others?.agree("--allreduce", allreduce);
  await others?.agree("--precision", precision ?? "that of the files");
  await others?.agree("--snapshot", basename(snapshot || "none"));
  if (!others && allreduce !== "float32") {
    log(
      "warning",
      "caffe",
      `--allreduce=${allreduce} has no effect: who trains alone sends no gradients. Expected it with mpirun or several GPUs.`,
    );
  }
}

async function enginesOf(
  param: SolverParameter,
  flags: TrainingFlags,
  { log, others }: Side,
): Promise<Engines> {
  const threads = flags.threads ?? others?.threads;
  const tuning = await others?.tuning(threads ?? others.threads);
  const gpus = others?.gpus;
  const gpu =
    others && flags.gpu !== undefined ? await gpuOfRank(flags.gpu, others, log) : flags.gpu;
  return await enginesFor({ ...flags, gpu, threads }, log, param, {
    ...(tuning && { tuning }),
    ...(gpus && { gpus }),
  });
}

function makeSolver(
  param: SolverParameter,
  { file, snapshot, weights, ...flags }: TrainingFlags,
  { log, others }: Side,
  engines: Engines,
): Solver {
  const stages = listOf("stage", flags.stage);
  return new Solver(param, {
    engines,
    log,
    file,
    sharesMemory: true,
    ...(flags.precision && { precision: flags.precision }),
    ...(flags.level !== undefined && { level: flags.level }),
    ...(stages.length > 0 && { stages }),
    ...(weights && { weights: listOf("weights", weights) }),
    ...(others && { workers: others.workers }),
    isResumed: snapshot !== undefined && snapshot !== "" && snapshot !== "auto",
  });
}

/** The GPU of one rank: of the list of threads, or among those of its machine, over and over where they are fewer. */
async function gpuOfRank(
  gpu: string,
  { gpus, localRank }: NonNullable<Side["others"]>,
  log: Log,
): Promise<string> {
  if (gpus === undefined && gpu !== "all") return gpu;
  const all = gpus ?? (await openableGpus(localRank === 0 ? log : silent));
  return String(all[localRank % Math.max(1, all.length)]?.number ?? 0);
}

async function solve(
  solver: Solver,
  flags: TrainingFlags,
  { log, others }: Side,
  told: Told | undefined,
): Promise<void> {
  const teller = (others?.workers.rank ?? 0) === 0 ? told : undefined;
  const ranks = others?.workers.count ?? 1;
  if (teller && process.stderr.isTTY) showProgress(solver, teller.run.console, ranks);
  const snapshot = flags.snapshot ? await resume(solver, flags.snapshot, log) : undefined;
  if (!flags.snapshot && teller && solver.newestSnapshot !== undefined) {
    log(
      "warning",
      "caffe",
      `${solver.newestSnapshot} is there from an earlier run. This one begins afresh and writes over snapshots of the same iterations; --snapshot=auto would go on from it.`,
    );
  }
  const threads = flags.threads ?? others?.threads;
  teller?.run.begin({ solver, file: flags.file, threads, ranks, snapshot });
  const folder = teller?.run.folder;
  let dashboard: Dashboard | undefined;
  try {
    if (teller) {
      dashboard = await dashboardOf(solver, { folder, file: flags.file }, teller.dashboard, log);
    }
    log("info", "caffe", "Starting Optimization");
    await solver.solve();
    teller?.run.end();
  } catch (error) {
    teller?.run.end(error);
    throw error;
  } finally {
    if (dashboard) await dashboard.close();
    else if (folder !== undefined) keepNet(solver, folder, log);
  }
  log("info", "caffe", "Optimization Done.");
}

/** Lets the solver go on from a snapshot, or from the newest that is whole; gives its path. */
async function resume(solver: Solver, snapshot: string, log: Log): Promise<string | undefined> {
  if (snapshot !== "auto") {
    log("info", "caffe", `Resuming from ${snapshot}`);
    await solver.restore(snapshot);
    return snapshot;
  }
  const path = await solver.restoreNewest();
  log(
    "info",
    "caffe",
    path === undefined
      ? "There is no snapshot to resume from: training begins."
      : `Resuming from ${path}`,
  );
  return path;
}

function showProgress(solver: Solver, console: Console, ranks: number): void {
  const bar = new ProgressBar(
    {
      get columns() {
        return process.stderr.columns || 80;
      },
      write: (text) => void process.stderr.write(text),
    },
    imagesPerIteration(solver.net, solver.param) * ranks,
  );
  solver.callbacks.push(bar);
  console.above = (line) => bar.above(line);
  process.stderr.on("resize", () => bar.resized());
}
