import type { NetParameter } from "../io/proto/caffe.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import { listModels, modelCard, modelFile } from "../models/model-zoo.ts";
import { CaffeError } from "../util/errors.ts";
import { isAnnotatedData, isInput, readsPictures } from "./layer-kinds.ts";

/** What nets that runs are made of do. */
export type RunTask = "classification" | "detection" | "segmentation";

/**
 * Models that find objects by boxes that are laid out before (SSD) or in cells (YOLO), and the size of pictures that each is made for where it
 * learns from nothing.
 */
const DETECTORS: ReadonlyMap<string, number> = new Map([
  ["mobilenet_ssd", 192],
  ["ssd300_vgg16", 300],
  ["yolov2_tiny", 160],
  ["yolov3_tiny", 160],
]);
/** Models that tell what each pixel shows, likewise, and how much of their outputs layers have then. */
const SEGMENTERS: ReadonlyMap<string, readonly [size: number, width: number]> = new Map([
  ["segnet", [96, 0.25]],
  ["pspnet50", [137, 0.25]],
  ["fcn32s", [96, 0.25]],
]);
/** The size of pictures that nets of ImageNet are made for where they learn from nothing. */
const SMALL = 64;

/** A model that nets for other classes are made of, as the package has it. */
export interface BaseModel {
  readonly id: string;
  readonly task: RunTask;
  /** Its name as people write it. */
  readonly title: string;
  readonly trainVal: NetParameter;
  readonly deploy: NetParameter;
  /** Channels, height and width of its images. */
  readonly input: readonly [number, number, number];
  /** Height and width of images that it learns from where it begins from nothing. */
  readonly smallSize: number;
  /** How much of their outputs layers have there, 1 for all: the nets that tell pixels are wide. */
  readonly smallWidth: number;
  /** How its own data layers change values after the mean. */
  readonly scale: number | undefined;
  /** The mean of each channel that its own data layers subtract. */
  readonly means: readonly number[];
}

/** The models of a task that nets are made of. */
export function modelsFor(task: RunTask): string[] {
  if (task === "detection") return [...DETECTORS.keys()];
  if (task === "segmentation") return [...SEGMENTERS.keys()];
  return listModels()
    .filter((card) => card.task.startsWith(task))
    .map(({ id }) => id);
}

/**
 * Reads a model's nets.
 * @param name its name; `-` and `_` are one
 * @param tasks what it may be for
 * @throws FileError where there is no such model; CaffeError where it is for something else
 */
export function readBaseModel(name: string, tasks: readonly RunTask[]): BaseModel {
  const same = (one: string): string => one.replaceAll("-", "_");
  const id = listModels().find((card) => same(card.id) === same(name))?.id ?? name;
  const card = modelCard(id);
  const task = tasks.find((one) => modelsFor(one).includes(id));
  if (task === undefined) {
    const others = tasks.map((one) => `${DOES[one]}: ${modelsFor(one).join(", ")}`);
    throw new CaffeError(
      `model "${id}" is for ${card.task}, and no nets for other classes are made of it here. Expected one that ${others.join("; or one that ")}.`,
    );
  }
  const trainFile = card.files.find((file) => /train_(val|test)\.prototxt$/.test(file)) ?? "";
  const deployFile = card.files.find((file) =>
    ["deploy.prototxt", `${id}.prototxt`].includes(file),
  );
  const trainVal = readNetParameter(modelFile(id, trainFile));
  const deploy = readNetParameter(modelFile(id, deployFile ?? ""));
  const input = deploy.layer?.find(isInput);
  const [, channels = 3, height = 0, width = 0] = input?.input_param?.shape?.[0]?.dim ?? [];
  const data = trainVal.layer?.find((layer) => readsPictures(layer) || isAnnotatedData(layer));
  const [small, smallWidth] = SEGMENTERS.get(id) ?? [DETECTORS.get(id) ?? SMALL, 1];
  return {
    ...{ id, task, title: card.name, trainVal, deploy },
    input: [channels, height, width],
    smallSize: Math.min(height, small),
    smallWidth,
    scale: data?.transform_param?.scale,
    means: [...(data?.transform_param?.mean_value ?? [])],
  };
}

const DOES: Readonly<Record<RunTask, string>> = {
  classification: "classifies images",
  detection: "finds objects",
  segmentation: "tells what each pixel shows",
};
