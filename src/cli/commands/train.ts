import { join, parse } from "node:path";
import type { CommandModule } from "yargs";
import { launchedCount } from "../../distributed/mpi-addon.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { usualThreads } from "../../io/jobs/in-order.ts";
import { CaffeError } from "../../util/errors.ts";
import { alone, precisionFlag, wholeOfAnySign } from "../flags.ts";
import { besideThreads } from "../gpu-threads.ts";
import { severalGpus } from "../gpus.ts";
import { makeRun, type NewRunFlags, newRunFlags, withNewRunFlags } from "../new-run-flags.ts";
import { besideOthers, type Side } from "../ranks.ts";
import { Console, withCommonFlags } from "../session.ts";
import { Signals } from "../signals.ts";
import {
  checkDashboardFlags,
  type DashboardFlags,
  withDashboardFlags,
} from "../train-dashboard.ts";
import { keepsRecord, TrainRun } from "../train-run.ts";
import { type TrainingFlags, trainAsRank } from "../training.ts";

interface TrainFlags extends Omit<TrainingFlags, "file">, NewRunFlags, DashboardFlags {
  readonly file: string | undefined;
  readonly solver: string | undefined;
  readonly folder: string | undefined;
  readonly sigint_effect: string;
  readonly sighup_effect: string;
  readonly sigterm_effect: string;
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
          "with mpirun or several GPUs: what gradients are on their way; bf16 halves what travels, and adds what rounding takes to the next gradient",
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
        "caffe train models/lenet/lenet_solver.prototxt --gpu=all",
        "on all GPUs, a batch each",
      )
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
  const effects = {
    SIGINT: flags.sigint_effect,
    SIGHUP: flags.sighup_effect,
    SIGTERM: flags.sigterm_effect,
  };
  const signals = new Signals(effects, console.log);
  try {
    const gpus = await severalGpus(flags, console.log);
    // Of none the first: what is missing is told where it is opened.
    const only = gpus && gpus.length < 2 ? String(gpus[0]?.number ?? 0) : flags.gpu;
    const training = trainingFlags(flags, only);
    const work = (side: Side): Promise<void> =>
      trainAsRank(training, side, { run, signals, dashboard: flags });
    if (gpus && gpus.length > 1) await besideThreads(gpus, training, console.log, work);
    else await besideOthers(console.log, flags.allreduce, work);
  } catch (error) {
    console.logEnd(error);
    throw error;
  } finally {
    signals.close();
    run.close();
  }
}

/** What every rank is told. */
function trainingFlags(flags: TrainFlags, gpu: string | undefined): TrainingFlags {
  const { engine, threads, python, snapshot, weights, level, stage, precision, nan } = flags;
  return {
    ...{ file: solverOf(flags) ?? "", gpu, engine, threads, snapshot, weights, level, stage },
    ...{ precision, nan, allreduce: flags.allreduce, ...(python !== undefined && { python }) },
  };
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
    const ranks = launchedCount(process.env);
    if (ranks > 1) {
      throw new CaffeError(
        `--images makes a folder, and each of ${ranks} ranks would make one. Make it first, by caffe new, and train with --solver=FOLDER/solver.prototxt.`,
      );
    }
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
