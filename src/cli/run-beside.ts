import { dirname, join } from "node:path";
import type { RunTask } from "../new-run/base-model.ts";
import { type RunFile, readRunFileBeside } from "../new-run/run-file.ts";
import { CaffeError } from "../util/errors.ts";
import { listOf } from "./flags.ts";

/** What a command line says of the net and of what it is to look at. */
interface Given {
  readonly model: string | undefined;
  readonly weights: string | undefined;
  /** Names of pictures; the first may be that of weights. */
  readonly words: readonly string[];
}

/** The same, with what the folder of a run says beside the weights. */
interface WithRun extends Given {
  readonly run?: RunFile;
  /** The run's own names of classes. */
  readonly labels?: string;
}

/** What is said of a task, and which command takes its weights. */
const TASKS: Readonly<Record<RunTask, readonly [does: string, command: string]>> = {
  classification: ["classifies pictures", "classify"],
  detection: ["finds objects", "detect"],
};

/**
 * Takes the weights from the first word where they stand there, and the net from the run's folder that the weights lie in.
 * What is given itself counts more: who names another net prepares images for that, and the run says nothing then.
 *
 * @throws CaffeError where only weights are named, or the run is for another task; FormatError where its file is damaged
 */
export function withRunBeside(given: Given, task: RunTask): WithRun {
  const [first = "", ...rest] = given.words;
  const isFirst = given.weights === undefined && /\.(caffemodel|h5)$/i.test(first);
  if (isFirst && rest.length === 0) {
    throw new CaffeError(`${first} are weights, and no image is named. Expected images behind it.`);
  }
  const weights = isFirst ? first : given.weights;
  const all = { model: given.model, weights, words: isFirst ? rest : given.words };
  if (!weights || given.model !== undefined) return all;
  const file = listOf("weights", weights)[0] ?? "";
  const run = readRunFileBeside(file);
  if (!run) return all;
  const { task: its = "classification" } = run;
  if (its !== task) {
    const [does, command] = TASKS[its];
    throw new CaffeError(
      `${file}: the net of this run ${does}. Expected one that ${TASKS[task][0]}; caffe ${command} takes these weights.`,
    );
  }
  const at = (name: string): string => join(dirname(file), name);
  return { ...all, run, model: at(run.deploy), labels: at(run.labels) };
}
