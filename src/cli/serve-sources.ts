import { dirname, join } from "node:path";
import type { PictureOptions } from "../inference/picture-input.ts";
import { fileNames, fileStamp, isDirectory } from "../io/files/file-system.ts";
import { readRunFileBeside } from "../new-run/run-file.ts";
import type { ModelPlan } from "../serve/models/model-plan.ts";
import type { ModelSource } from "../serve/models/served-model.ts";
import { CaffeError } from "../util/errors.ts";
import { listOf } from "./flags.ts";
import { readPalette } from "./palette.ts";
import {
  givenPreparation,
  numbersOf,
  type PictureFlags,
  type PreparationFlags,
  pictureOptionsOf,
  RAW_SCALE,
} from "./preparation.ts";
import type { ModelFlag } from "./serve-flags.ts";
import { type CommonFlags, checkCommonFlags, gpuNumber } from "./session.ts";

/** Flags that say which models are served, and how they look at pictures. */
export interface SourceFlags extends CommonFlags {
  readonly runs?: readonly string[] | undefined;
  readonly model?: readonly string[] | undefined;
  readonly weights?: readonly string[] | undefined;
  readonly name?: readonly string[] | undefined;
  readonly max_batch: number;
  readonly [flag: string]: unknown;
}

/** Those flags for one model. */
interface ModelFlags
  extends Omit<PreparationFlags, "raw_scale">,
    Pick<PictureFlags, "resize" | "input_size" | "shorter_side" | "longer_side" | "labels"> {
  readonly raw_scale: number | undefined;
  readonly image_dims: string | undefined;
  readonly palette: string | undefined;
  readonly threshold: number | undefined;
}

/** What flags say of a model, whichever files it has. */
type OfFlags = Omit<ModelPlan, "model" | "weights" | "task">;

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
  const count = runs.length + models.length;
  // Read at once: what is wrong is told before anything is opened.
  const ofFlags = Array.from({ length: count }, (_, i) => planOfFlags(flags, i, count));
  const plans = [
    ...runs.map((run, i) => () => planOfRun(run, ofFlags[i] as OfFlags)),
    ...models.map((model, i) => () => {
      const more = ofFlags[runs.length + i] as OfFlags;
      return { ...more, model, weights: listOf("weights", weights[i]) };
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

/** The value of a flag for one model of so many; empty for none. */
function valueFor(
  flags: SourceFlags,
  flag: ModelFlag,
  model: number,
  models: number,
): string | undefined {
  const given = flags[flag];
  if (given === undefined) return undefined;
  const values = [given].flat().map(String);
  if (values.length > 1) checkCount(flag, values.length, models);
  return values[values.length === 1 ? 0 : model] || undefined;
}

function flagsOfModel(flags: SourceFlags, model: number, models: number): ModelFlags {
  const text = (flag: ModelFlag): string | undefined => valueFor(flags, flag, model, models);
  const number = (flag: ModelFlag): number | undefined => {
    const value = text(flag);
    if (value === undefined) return undefined;
    const [one, ...more] = numbersOf(flag, value);
    if (more.length === 0) return one;
    throw new CaffeError(
      `--${flag} is ${value}. Expected one number; the flag is repeated for further models.`,
    );
  };
  return {
    ...{ mean: text("mean"), mean_value: text("mean_value"), channel_swap: text("channel_swap") },
    ...{ raw_scale: number("raw_scale"), input_scale: number("input_scale") },
    ...{ image_dims: text("image_dims"), input_size: text("input_size") },
    ...{ shorter_side: number("shorter_side"), longer_side: number("longer_side") },
    ...{ labels: text("labels"), palette: text("palette"), threshold: number("threshold") },
    resize: text("resize") as PictureFlags["resize"],
  };
}

function planOfFlags(flags: SourceFlags, model: number, models: number): OfFlags {
  const own = flagsOfModel(flags, model, models);
  const { engine, threads, max_batch: maxBatch } = flags;
  const { labels, threshold, palette, raw_scale = RAW_SCALE } = own;
  const dims = own.image_dims === undefined ? undefined : numbersOf("image_dims", own.image_dims);
  if (dims && dims.length !== 2) {
    throw new CaffeError(`--image_dims is ${own.image_dims}. Expected height,width.`);
  }
  const preparation = { ...own, raw_scale };
  return {
    ...{ engine, threads, gpu: gpuNumber(flags), labels, threshold, maxBatch },
    ...(palette !== undefined && { palette: readPalette(palette) }),
    classifier: {
      ...givenPreparation(preparation),
      ...(dims && { imageDims: dims as [number, number] }),
    },
    pictures: pictureOptionsOf(preparation) as PictureOptions,
  };
}

/**
 * The newest weights in a run's folder, or those that are named, with what the run says.
 * @throws CaffeError where there are none, or the folder is no run's
 */
function planOfRun(place: string, ofFlags: OfFlags): ModelPlan {
  const weights = isDirectory(place) ? newestWeights(place) : place;
  const run = readRunFileBeside(weights);
  if (!run) {
    throw new CaffeError(
      `${dirname(weights)} has no run.json. Expected the folder of a run of caffe new; for others there are --model and --weights.`,
    );
  }
  const at = (name: string): string => join(dirname(weights), name);
  const { classifier = {}, labels } = ofFlags;
  const { mean_value, input_scale, image_dims, task = "classification" } = run;
  return {
    ...ofFlags,
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
