import { join, parse } from "node:path";
import type { CommandModule } from "yargs";
import type { Dashboard } from "../../dashboard/server.ts";
import type { Wire } from "../../distributed/gradient-sums.ts";
import { listAdapters } from "../../engines/webgpu/device.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { usualThreads } from "../../io/jobs/in-order.ts";
import { readSolverParameter } from "../../io/text/read-net.ts";
import { ProgressBar } from "../../monitor/progress.ts";
import type { NetOptions } from "../../net/options.ts";
import { imagesPerIteration } from "../../solvers/loop/display.ts";
import { Solver } from "../../solvers/solver.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { alone, listOf, precisionFlag, wholeOfAnySign } from "../flags.ts";
import { makeRun, type NewRunFlags, newRunFlags, withNewRunFlags } from "../new-run-flags.ts";
import { besideOthers, type Side } from "../ranks.ts";
import { checkSameStart } from "../same-start.ts";
import { type CommonFlags, Console, enginesFor, withCommonFlags } from "../session.ts";
import { Signals } from "../signals.ts";
import {
  checkDashboardFlags,
  type DashboardFlags,
  dashboardOf,
  keepNet,
  withDashboardFlags,
} from "../train-dashboard.ts";
import { keepsRecord, TrainRun } from "../train-run.ts";

interface TrainFlags extends CommonFlags, NewRunFlags, DashboardFlags {
  readonly file: string | undefined;
  readonly solver: string | undefined;
  readonly folder: string | undefined;
  readonly snapshot: string | undefined;
  readonly level: number | undefined;
  readonly stage: string | undefined;
  readonly sigint_effect: string;
  readonly sighup_effect: string;
  readonly sigterm_effect: string;
  readonly precision: NetOptions["precision"];
  readonly nan: string | undefined;
  readonly allreduce: Wire;
}

const effect = { type: "string", choices: ["stop", "snapshot", "none"] } as const;

/** `caffe train`: trains or finetunes a net, or goes on from a snapshot. */
export const train: CommandModule<object, TrainFlags> = {
  command: "train [file]",
  describe: "train or finetune a model",
  builder: (yargs) =>
    withDashboardFlags(
      withNewRunFlags(
        withCommonFlags(yargs)
          .positional("file", { type: "string", describe: "the solver's prototxt" })
          .option("solver", { type: "string", describe: "the same" }),
      ),
    )
      .option("folder", {
        type: "string",
        describe:
          "with --images: the folder that caffe new would make; runs/NAME of the pictures' by default",
      })
      .option("snapshot", {
        type: "string",
        describe: "go on from this .solverstate; auto: from the newest whole one, or afresh",
      })
      .option("weights", {
        type: "string",
        describe: "begin from these weights (.caffemodel, .h5), separated by commas",
      })
      .option(...wholeOfAnySign("level", { describe: "the train net's level" }))
      .option("stage", { type: "string", describe: "the train net's stages, separated by commas" })
      .option(...precisionFlag)
      .option("sigint_effect", { ...effect, default: "stop", describe: "what Ctrl-C does" })
      .option("sighup_effect", { ...effect, default: "snapshot", describe: "what a hang-up does" })
      .option("sigterm_effect", {
        ...effect,
        default: "stop",
        describe: "what a request to end does; stop snapshots first",
      })
      .option("nan", {
        type: "string",
        choices: ["stop", "ignore"],
        describe: "when the loss is no number or explodes: stop (default), or go on as Caffe does",
      })
      .option("allreduce", {
        type: "string",
        choices: ["float32", "bf16"],
        default: "float32",
        describe:
          "with mpirun: what gradients are on their way; bf16 halves what travels, and adds what rounding takes to the next gradient",
      })
      .option("run", {
        type: "string",
        describe:
          "where a record of the training is kept (events, log, prototxts): a NAME for runs/NAME, a FOLDER, or off; by default runs/ and the solver's name. What is there stays: the next is NAME-2. CAFFE_RUN says the same",
      })
      .option("events", {
        type: "string",
        describe:
          "write what happens as lines of JSON to this file or pipe too; - is standard output",
      })
      .option(
        ...alone("tensorboard", {
          describe:
            "write event files of TensorBoard (curves, histograms, pictures, the graph) to this folder; to the record's by default",
        }),
      )
      .example("caffe train --solver=models/lenet/lenet_solver.prototxt", "train LeNet")
      .example("caffe train models/lenet/lenet_solver.prototxt --gpu=0", "on a GPU")
      .example(
        "caffe train --images=photos --model=resnet18",
        "caffe new from photos/CLASS/*.jpg, and then train what it made",
      )
      .example(
        "caffe train --solver=s.prototxt --snapshot=lenet_iter_5000.solverstate",
        "go on from iteration 5000",
      )
      .example(
        "caffe train --solver=s.prototxt --snapshot=auto",
        "go on where it was interrupted, or begin",
      )
      .example("caffe train --solver=s.prototxt --weights=caffenet.caffemodel", "finetune")
      .example(
        "caffe train --solver=s.prototxt --precision=bf16",
        "keep data and gradients between layers in 16 bits; weights and snapshots stay 32-bit floats",
      )
      .example(
        "caffe train --solver=s.prototxt --dashboard",
        "watch and steer the run in a browser, at the address that the log tells",
      )
      .example(
        "caffe train --solver=s.prototxt --events=- | jq .loss",
        "events for another program",
      )
      .example("kill -HUP <process>", "ask a running one for a snapshot") as never,
  handler: runTrain,
};

async function runTrain(given: TrainFlags): Promise<void> {
  checkFlags(given);
  const console = new Console(keepsRecord(given));
  const run = new TrainRun(given, console);
  const flags = given.images === undefined ? given : await fromPictures(given, console);
  const file = solverOf(flags) ?? "";
  const effects = {
    SIGINT: flags.sigint_effect,
    SIGHUP: flags.sighup_effect,
    SIGTERM: flags.sigterm_effect,
  };
  const signals = new Signals(effects, console.log);
  try {
    await besideOthers(console.log, flags.allreduce, async (side) => {
      await checkAllreduce(flags, side);
      const solver = await makeSolver(file, flags, side);
      try {
        if (side.others) await checkSameStart(solver, side.others.agree);
        signals.goTo(solver);
        await solve(solver, { ...flags, file }, run, side);
      } finally {
        solver.close();
      }
    });
  } catch (error) {
    console.logEnd(error);
    throw error;
  } finally {
    signals.close();
    run.close();
  }
}

/** The solver's file, named by its flag or alone. */
function solverOf({ solver, file }: TrainFlags): string | undefined {
  return solver || file || undefined;
}

/** @throws CaffeError where flags contradict one another, or one would have no effect */
function checkFlags(flags: TrainFlags): void {
  const { solver, file, images, snapshot, weights } = flags;
  checkDashboardFlags(flags);
  if (solver && file) {
    throw new CaffeError(`${file} and --solver=${solver} are both given. Expected one of them.`);
  }
  if (snapshot && snapshot !== "auto" && weights) {
    throw new CaffeError("Give a snapshot to resume training or weights to finetune but not both.");
  }
  if (images !== undefined) {
    const other = solverOf(flags) ? "a solver" : snapshot ? "--snapshot" : undefined;
    if (other === undefined) return;
    throw new CaffeError(`--images and ${other} are both given. Expected one of them.`);
  }
  if (!solverOf(flags)) {
    throw new CaffeError(
      "Need a solver definition to train. Give --solver=FILE, or --images=FOLDER to make one.",
    );
  }
  const lost = [...newRunFlags, "folder" as const].find((name) => flags[name] !== undefined);
  if (lost !== undefined) {
    throw new CaffeError(`--${lost} is for what --images makes. Expected it with --images.`);
  }
}

/** Makes a run of pictures, and gives the flags that train it. */
async function fromPictures(flags: TrainFlags, console: Console): Promise<TrainFlags> {
  const folder = flags.folder ?? freeFolder(flags.images ?? "");
  const { solver } = await makeRun(folder, flags, usualThreads(), console);
  console.log("info", "new", `${folder}/README.md tells what was made.`);
  // The solver names them itself.
  return { ...flags, solver, weights: undefined };
}

/** A folder for a run of these pictures that is not there yet. */
function freeFolder(images: string): string {
  const first = join("runs", parse(images).name || "pictures");
  let folder = first;
  for (let i = 2; fileExists(folder); i++) folder = `${first}-${i}`;
  return folder;
}

/** @throws CaffeError where ranks were given different ways of adding up */
async function checkAllreduce({ allreduce }: TrainFlags, { log, others }: Side): Promise<void> {
  await others?.agree("--allreduce", allreduce);
  if (!others && allreduce !== "float32") {
    log(
      "warning",
      "caffe",
      `--allreduce=${allreduce} has no effect: one process alone sends no gradients. Expected it with mpirun.`,
    );
  }
}

async function makeSolver(file: string, flags: TrainFlags, { log, others }: Side): Promise<Solver> {
  const { snapshot, weights, nan } = flags;
  const param = { ...readSolverParameter(file, log), ...(nan !== undefined && { nan }) };
  const threads = flags.threads ?? others?.threads;
  const tuning = await others?.tuning(threads ?? others.threads);
  const gpu = flags.gpu === "all" ? await gpuOfRank(others) : flags.gpu;
  const engines = await enginesFor({ ...flags, gpu, threads }, log, param, tuning);
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

/**
 * The GPU of one of several ranks: by its number among those of its machine, over and over where GPUs are fewer.
 * @throws CaffeError for a process that is alone; EngineError where there is no GPU
 */
async function gpuOfRank(others: Side["others"]): Promise<string> {
  if (!others) {
    throw new CaffeError(
      "--gpu is all, which gives each rank of mpirun a GPU of its own. Expected the number of one GPU, or mpirun -np N caffe train.",
    );
  }
  const { length } = await listAdapters();
  return String(others.localRank % Math.max(1, length));
}

function rankIn(others: Side["others"]): number {
  return others?.workers.rank ?? 0;
}

async function solve(
  solver: Solver,
  flags: TrainFlags & { readonly file: string },
  run: TrainRun,
  { log, others }: Side,
): Promise<void> {
  const isTeller = rankIn(others) === 0;
  const ranks = others?.workers.count ?? 1;
  if (process.stderr.isTTY && isTeller) showProgress(solver, run.console, ranks);
  const snapshot = flags.snapshot ? await resume(solver, flags.snapshot, log) : undefined;
  if (!flags.snapshot && isTeller && solver.newestSnapshot !== undefined) {
    log(
      "warning",
      "caffe",
      `${solver.newestSnapshot} is there from an earlier run. This one begins afresh and writes over snapshots of the same iterations; --snapshot=auto would go on from it.`,
    );
  }
  const threads = flags.threads ?? others?.threads;
  if (isTeller) run.begin({ solver, file: flags.file, threads, ranks, snapshot });
  const place = { folder: run.folder, file: flags.file };
  let dashboard: Dashboard | undefined;
  try {
    if (isTeller) dashboard = await dashboardOf(solver, place, flags, log);
    log("info", "caffe", "Starting Optimization");
    await solver.solve();
    run.end();
  } catch (error) {
    run.end(error);
    throw error;
  } finally {
    if (dashboard) await dashboard.close();
    else if (run.folder !== undefined) keepNet(solver, run.folder, log);
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
