import type { CommandModule } from "yargs";
import { readSolverParameter } from "../../io/read-net.ts";
import { ProgressBar } from "../../monitor/progress.ts";
import type { SolverAction } from "../../solvers/callbacks.ts";
import { Solver } from "../../solvers/solver.ts";
import { CaffeError } from "../../util/errors.ts";
import { listOf } from "../flags.ts";
import { type CommonFlags, Console, enginesFor, withCommonFlags } from "../session.ts";

interface TrainFlags extends CommonFlags {
  readonly solver: string | undefined;
  readonly snapshot: string | undefined;
  readonly weights: string | undefined;
  readonly level: number;
  readonly stage: string | undefined;
  readonly sigint_effect: string;
  readonly sighup_effect: string;
}

/** `caffe train`: trains or finetunes a net, or goes on from a snapshot. */
export const train: CommandModule<object, TrainFlags> = {
  command: "train",
  describe: "train or finetune a model",
  builder: (yargs) =>
    withCommonFlags(yargs)
      .option("solver", { type: "string", describe: "the solver's prototxt" })
      .option("snapshot", { type: "string", describe: "go on from this .solverstate" })
      .option("weights", {
        type: "string",
        describe: "begin from these .caffemodel files, separated by commas",
      })
      .option("level", { type: "number", default: 0, describe: "the train net's level" })
      .option("stage", { type: "string", describe: "the train net's stages, separated by commas" })
      .option("sigint_effect", {
        type: "string",
        default: "stop",
        choices: ["stop", "snapshot", "none"],
        describe: "what Ctrl-C does",
      })
      .option("sighup_effect", {
        type: "string",
        default: "snapshot",
        choices: ["stop", "snapshot", "none"],
        describe: "what a hang-up does",
      })
      .example("caffe train --solver=models/lenet/lenet_solver.prototxt", "train LeNet")
      .example("caffe train --solver=models/lenet/lenet_solver.prototxt --gpu=0", "on a GPU")
      .example(
        "caffe train --solver=s.prototxt --snapshot=lenet_iter_5000.solverstate",
        "go on from iteration 5000",
      )
      .example(
        "caffe train --solver=s.prototxt --weights=caffenet.caffemodel",
        "finetune",
      ) as never,
  handler: run,
};

async function run(flags: TrainFlags): Promise<void> {
  const { solver: file, snapshot, weights } = flags;
  if (!file) throw new CaffeError("Need a solver definition to train. Give --solver=FILE.");
  if (snapshot && weights) {
    throw new CaffeError("Give a snapshot to resume training or weights to finetune but not both.");
  }
  const console = new Console();
  const { log } = console;
  const param = readSolverParameter(file, log);
  const engines = await enginesFor(flags, log, param);
  const stages = listOf(flags.stage);
  const solver = new Solver(param, {
    engines,
    log,
    file,
    level: flags.level,
    ...(stages.length > 0 && { stages }),
    ...(weights && { weights: listOf(weights) }),
    ...(snapshot && { weights: [] }),
  });
  const undo = listen(solver, {
    SIGINT: flags.sigint_effect,
    SIGHUP: flags.sighup_effect,
    SIGTERM: "stop",
  });
  try {
    if (process.stderr.isTTY) showProgress(solver, console);
    if (snapshot) log("info", "caffe", `Resuming from ${snapshot}`);
    log("info", "caffe", "Starting Optimization");
    await solver.solve(snapshot || undefined);
    log("info", "caffe", "Optimization Done.");
  } finally {
    undo();
    solver.close();
  }
}

function showProgress(solver: Solver, console: Console): void {
  const { net } = solver;
  const first = net.topBlobs[0]?.[0]?.shape[0] ?? 0;
  const bar = new ProgressBar(
    { columns: process.stderr.columns || 80, write: (text) => void process.stderr.write(text) },
    first * (solver.param.iter_size ?? 1),
  );
  solver.callbacks.push(bar);
  console.above = (line) => bar.above(line);
}

/** Lets signals ask the solver for actions; returns what takes that back. */
function listen(solver: Solver, effects: Readonly<Record<string, string>>): () => void {
  const undo = Object.entries(effects).map(([signal, effect]) => {
    const onSignal = (): void => {
      if (effect !== "none") solver.request(effect as SolverAction);
    };
    process.on(signal, onSignal);
    return () => process.off(signal, onSignal);
  });
  return () => {
    for (const one of undo) one();
  };
}
