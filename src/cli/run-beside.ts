import { dirname, join } from "node:path";
import { hasDeployStage } from "../inference/deploy-stage.ts";
import { fileNames, isFile } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import type { RunTask } from "../new-run/base-model.ts";
import { type RunFile, readRunFileBeside } from "../new-run/run-file.ts";
import { CaffeError } from "../util/errors.ts";
import { listOf } from "./flags.ts";

/** What a command line says of the net and of what it is to look at. */
interface Given {
  readonly model: string | undefined;
  readonly weights: string | undefined;
  /** Names of pictures; before them may stand those of a net's file and of weights. */
  readonly words: readonly string[];
}

/** The same, with what the folder of a run says beside the weights. */
interface WithRun extends Given {
  readonly run?: RunFile;
  /** The names of classes that lie beside the weights. */
  readonly labels?: string;
}

/** What is said of a task, and which command takes its weights. */
const TASKS: Readonly<Record<RunTask, readonly [does: string, command: string]>> = {
  classification: ["classifies pictures", "classify"],
  detection: ["finds objects", "detect"],
  segmentation: ["tells what each pixel shows", "segment"],
};

/**
 * The net of one file for all phases that lies in a folder (a stage "deploy" tells it), and the names of classes beside it.
 * @throws CaffeError where there are several
 */
function netForAllPhases(folder: string): Pick<WithRun, "model" | "labels"> | undefined {
  const files = fileNames(folder)
    .filter((name) => name.endsWith(".prototxt"))
    .map((name) => join(folder, name))
    .filter((file) => isFile(file) && /"deploy"|'deploy'/.test(readText(file, "prototxt")))
    .filter((file) => hasDeployStage(readNetParameter(file)));
  const [model, other] = files;
  if (other !== undefined) {
    throw new CaffeError(
      `${model} and ${other} both have a stage "deploy". Expected --model with the one that the weights are of.`,
    );
  }
  if (model === undefined) return undefined;
  const labels = ["labels.txt", "labelmap.prototxt"].map((name) => join(folder, name)).find(isFile);
  return { model, ...(labels !== undefined && { labels }) };
}

/**
 * Takes a net's file and weights from the first words where they stand there, or else the net from the run's folder that the weights lie in, or
 * from the one file for all phases that lies there. What is given itself counts more: who names another net prepares images for that, and the run says nothing then.
 *
 * @throws CaffeError where only weights are named, or the run is for another task; FormatError where its file is damaged
 */
export function withRunBeside(given: Given, task: RunTask): WithRun {
  const isNet = given.model === undefined && /\.(prototxt|pbtxt)$/i.test(given.words[0] ?? "");
  const model = isNet ? given.words[0] : given.model;
  const [first = "", ...rest] = isNet ? given.words.slice(1) : given.words;
  const isFirst = given.weights === undefined && /\.(caffemodel|h5)$/i.test(first);
  if (isFirst && rest.length === 0) {
    throw new CaffeError(`${first} are weights, and no image is named. Expected images behind it.`);
  }
  const weights = isFirst ? first : given.weights;
  const all = { model, weights, words: isFirst ? rest : [first, ...rest] };
  if (!weights || model !== undefined) return all;
  const file = listOf("weights", weights)[0] ?? "";
  const run = readRunFileBeside(file);
  if (!run) return { ...all, ...netForAllPhases(dirname(file)) };
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
