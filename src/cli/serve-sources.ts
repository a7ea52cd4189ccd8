import { dirname, join } from "node:path";
import type { PictureOptions } from "../inference/picture-input.ts";
import { fileNames, fileStamp, isDirectory } from "../io/files/file-system.ts";
import { readRunFileBeside } from "../new-run/run-file.ts";
import type { ModelPlan } from "../serve/models/model-plan.ts";
import type { ModelSource } from "../serve/models/served-model.ts";
import { CaffeError } from "../util/errors.ts";
import { listOf } from "./flags.ts";
import {
  givenPreparation,
  numbersOf,
  type PictureFlags,
  type PreparationFlags,
  pictureOptionsOf,
} from "./preparation.ts";
import { type CommonFlags, checkCommonFlags, gpuNumber } from "./session.ts";

/** Flags that say which models are served, and how they look at pictures. */
export interface SourceFlags
  extends CommonFlags,
    PreparationFlags,
    Pick<PictureFlags, "resize" | "input_size" | "shorter_side" | "longer_side"> {
  readonly runs: readonly string[] | undefined;
  readonly model: readonly string[] | undefined;
  readonly weights: readonly string[] | undefined;
  readonly name: readonly string[] | undefined;
  readonly labels: string | undefined;
  readonly image_dims: string | undefined;
  readonly threshold: number;
  readonly max_batch: number;
}

/** What the flags say of every model. */
type OfAll = Omit<ModelPlan, "model" | "weights" | "task">;

/**
 * The models that flags name: those of runs' folders first.
 * @throws CaffeError where none is named, or there are not as many weights or names as models
 */
export function sourcesOf(flags: SourceFlags): ModelSource[] {
  checkCommonFlags(flags);
  const { runs = [], model: models = [], weights = [], name: names = [] } = flags;
  if (runs.length + models.length === 0) {
    throw new CaffeError(
      "No model is named. Expected the folder of a run of caffe new, or --model=FILE with --weights=FILE.",
    );
  }
  checkCount("weights", weights.length, models.length);
  checkCount("name", names.length, runs.length + models.length);
  const ofAll = planOfAll(flags);
  const plans = [
    ...runs.map((run) => () => planOfRun(run, ofAll)),
    ...models.map((model, i) => () => {
      return { ...ofAll, model, weights: listOf("weights", weights[i]) };
    }),
  ];
  return plans.map((plan, i) => ({ name: names[i], plan }));
}

function checkCount(flag: string, given: number, models: number): void {
  if (given === 0 || given === models) return;
  throw new CaffeError(
    `--${flag} is given ${given} times for ${models} models. Expected it once for each, in their order; files of one model are separated by commas.`,
  );
}

function planOfAll(flags: SourceFlags): OfAll {
  const { engine, threads, labels, threshold, max_batch: maxBatch } = flags;
  const dims =
    flags.image_dims === undefined ? undefined : numbersOf("image_dims", flags.image_dims);
  if (dims && dims.length !== 2) {
    throw new CaffeError(`--image_dims is ${flags.image_dims}. Expected height,width.`);
  }
  return {
    ...{ engine, threads, gpu: gpuNumber(flags), labels, threshold, maxBatch },
    classifier: {
      ...givenPreparation(flags),
      ...(dims && { imageDims: dims as [number, number] }),
    },
    pictures: pictureOptionsOf(flags) as PictureOptions,
  };
}

/**
 * The newest weights in a run's folder, or those that are named, with what the run says.
 * @throws CaffeError where there are none, or the folder is no run's
 */
function planOfRun(place: string, ofAll: OfAll): ModelPlan {
  const weights = isDirectory(place) ? newestWeights(place) : place;
  const run = readRunFileBeside(weights);
  if (!run) {
    throw new CaffeError(
      `${dirname(weights)} has no run.json. Expected the folder of a run of caffe new; for others there are --model and --weights.`,
    );
  }
  const at = (name: string): string => join(dirname(weights), name);
  const { classifier = {}, labels } = ofAll;
  const { mean_value, input_scale, image_dims, task = "classification" } = run;
  return {
    ...ofAll,
    ...{ model: at(run.deploy), weights: [weights], task, labels: labels ?? at(run.labels) },
    ...(task === "classification" && {
      classifier: {
        ...classifier,
        mean: classifier.mean ?? (mean_value.length > 0 ? mean_value : undefined),
        inputScale: classifier.inputScale ?? input_scale,
        imageDims: classifier.imageDims ?? image_dims,
      },
    }),
  };
}

/** The weights that were written last in a folder. */
function newestWeights(folder: string): string {
  const files = fileNames(folder)
    .filter((name) => /\.caffemodel(\.h5)?$/.test(name))
    .map((name) => join(folder, name))
    .sort((a, b) => timeOf(b) - timeOf(a) || (a < b ? 1 : -1));
  const [newest] = files;
  if (newest !== undefined) return newest;
  throw new CaffeError(
    `${folder} has no weights yet. Expected a .caffemodel, as caffe train --solver=${join(folder, "solver.prototxt")} leaves it.`,
  );
}

function timeOf(file: string): number {
  return Number.parseFloat(fileStamp(file)) || 0;
}
