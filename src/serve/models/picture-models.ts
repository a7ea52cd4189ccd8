import { type Colour, mapColour } from "../../draw/palette.ts";
import { loadImage } from "../../float-images/float-image.ts";
import { topChoices } from "../../inference/choice.ts";
import {
  type ClassNames,
  labelMapOf,
  listOfNames,
  readClassNames,
} from "../../inference/class-names.ts";
import { Classifier, checkScores, meanOfRows } from "../../inference/classifier.ts";
import { classifierPreparation } from "../../inference/classifier-preparation.ts";
import { withDeployStage } from "../../inference/deploy-stage.ts";
import { headOf } from "../../inference/detection-head.ts";
import { ObjectDetector } from "../../inference/object-detector.ts";
import { type Segmentation, Segmenter } from "../../inference/segmenter.ts";
import { writePalettePng } from "../../io/images/write-palette-png.ts";
import type { NetParameter } from "../../io/proto/caffe.ts";
import type { Net } from "../../net/net.ts";
import type { NetOptions } from "../../net/options.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { NdArray } from "../../util/nd-array.ts";
import type { Picture } from "./messages.ts";
import type { ModelPlan, PictureTask } from "./model-plan.ts";
import { joined, type Tensor, type Tensors } from "./tensors.ts";

/** A net that says what pictures show, as `caffe classify`, `detect` or `segment` do. */
export interface PictureModel {
  readonly net: Net;
  readonly task: PictureTask;
  /** The names of its classes in their order; empty where they are not known. */
  readonly labels: readonly string[];
  /** Whether several pictures can share a pass of the net. */
  readonly joins: boolean;
  /** @throws FormatError where it is no picture, CaffeError where the net takes no such one */
  prepare(picture: Picture): Promise<PreparedPicture>;
}

/** A picture as the net takes it, or one whose net is not run by others. */
export type PreparedPicture =
  | {
      readonly inputs: Tensors;
      readonly rows: number;
      /** What the outputs of its rows say. */
      readonly tell: (outputs: Tensors) => object;
    }
  | { readonly look: () => Promise<object> };

/**
 * Opens a net for pictures. What is not said to be of a task is tried: a net with one input of images that ends in scores of
 * classes, in boxes or in maps, or one that finds things otherwise.
 *
 * @param read what its file says
 * @returns undefined for a net that is none of these, which takes tensors alone
 * @throws CaffeError where the net cannot be built, or is not of the task that it is said to be of
 */
export function openPictureModel(
  plan: ModelPlan,
  read: NetParameter,
  options: NetOptions,
): PictureModel | undefined {
  const param = withDeployStage(read);
  if (plan.task !== undefined) return OPENERS[plan.task](plan, param, options);
  // Most are classifiers, which are opened but once; what is said of one that turns out to be none, is said of what it is.
  const told: Parameters<Log>[] = [];
  const log: Log = (...line) => void told.push(line);
  const tried = unlessRefused(() => openClassifier(plan, param, { ...options, log }));
  if (!tried) return unlessRefused(() => detector(plan, param, options));
  const task = taskOf(tried.net);
  if (task === "classification") {
    for (const line of told) options.log?.(...line);
    return pictureClassifier(tried, plan);
  }
  tried.close();
  return OPENERS[task](plan, param, options);
}

/** What a net with one input of images does, by what it ends in. */
function taskOf(net: Net): PictureTask {
  if (unlessRefused(() => headOf(net))) return "detection";
  const [, , height = 1, width = 1] = net.blob(net.outputs[0] ?? "").shape;
  return height * width > 1 ? "segmentation" : "classification";
}

/** What is opened; undefined where the net is refused: what is wrong with its files, it tells again when it is opened as a net. */
function unlessRefused<T>(open: () => T): T | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof CaffeError) return undefined;
    throw error;
  }
}

const OPENERS: Readonly<
  Record<PictureTask, (plan: ModelPlan, param: NetParameter, options: NetOptions) => PictureModel>
> = { classification: classifier, detection: detector, segmentation: segmenter };

function classifier(plan: ModelPlan, param: NetParameter, options: NetOptions): PictureModel {
  return pictureClassifier(openClassifier(plan, param, options), plan);
}

function openClassifier(plan: ModelPlan, param: NetParameter, options: NetOptions): Classifier {
  const { imageDims, ...given } = plan.classifier ?? {};
  const { phase: _, ...ofNet } = options;
  return new Classifier(param, {
    ...classifierPreparation(param, given),
    ...ofNet,
    weights: plan.weights,
    ...(imageDims && { imageDims }),
  });
}

/** @throws CaffeError where there are not as many labels as classes; the net is closed then */
function pictureClassifier(made: Classifier, plan: ModelPlan): PictureModel {
  const { net } = made;
  const [output = ""] = net.outputs;
  const count = net.blob(output).count(1);
  const names = plan.labels === undefined ? undefined : readClassNames(plan.labels);
  const labels = (names as readonly string[] | undefined) ?? [];
  if (names !== undefined && (!Array.isArray(names) || names.length !== count)) {
    made.close();
    const found = Array.isArray(names) ? `${names.length} labels` : "a label map";
    throw new CaffeError(`${plan.labels}: ${found} for ${count} classes. Expected one for each.`);
  }
  // One picture at a time: a deploy file of many would run as many.
  const [input = ""] = net.inputs;
  const { shape } = net.blob(input);
  net.blob(input).reshape([1, ...shape.slice(1)]);
  net.reshape();
  return {
    ...{ net, task: "classification", labels, joins: true },
    prepare: async ({ bytes, top, oversample }) => {
      const image = await loadImage(bytes, made.transformer.channels === 3);
      const crops = made.prepare(image, "the picture", oversample);
      return {
        inputs: { [input]: stacked(crops) },
        rows: crops.length,
        tell: ({ [output]: scores }) => {
          const { shape, data } = scores as Tensor;
          checkScores(shape, output);
          const mean = meanOfRows(data, crops.length, data.length / crops.length);
          return { predictions: topChoices(mean, labels, top) };
        },
      };
    },
  };
}

/** The names of classes that are given, or that the net's layers name. */
function namesOf({ labels }: ModelPlan, { layer = [] }: NetParameter): ClassNames | undefined {
  const source = labels ?? labelMapOf(layer);
  return source === undefined ? undefined : readClassNames(source);
}

function detector(plan: ModelPlan, param: NetParameter, options: NetOptions): PictureModel {
  const names = namesOf(plan, param);
  const { phase: _, ...ofNet } = options;
  const made = new ObjectDetector(param, {
    ...plan.pictures,
    ...ofNet,
    weights: plan.weights,
    ...(names && { names }),
    ...(plan.threshold !== undefined && { threshold: plan.threshold }),
  });
  return {
    ...{ net: made.net, task: "detection", labels: listOf(made.names), joins: false },
    prepare: async ({ bytes }) => {
      const image = await loadImage(bytes, made.channels === 3);
      const [height, width] = image.shape;
      return {
        look: async () => ({ width, height, objects: await made.detect(image) }),
      };
    },
  };
}

function segmenter(plan: ModelPlan, param: NetParameter, options: NetOptions): PictureModel {
  const names = namesOf(plan, param);
  const { phase: _, ...ofNet } = options;
  const made = new Segmenter(param, {
    ...plan.pictures,
    ...ofNet,
    weights: plan.weights,
    ...(names && { names }),
  });
  const { net } = made;
  const [input = ""] = net.inputs;
  const isColor = made.inputShape[1] === 3;
  const said = ({ width, height, labels, classes }: Segmentation, mask: boolean): object => ({
    ...{ width, height, classes },
    ...(mask && { mask: base64(writePalettePng({ height, width, labels }, colourOf)) }),
  });
  const colourOf = (label: number): Colour => plan.palette?.[label] ?? mapColour(label);
  return {
    ...{ net, task: "segmentation", labels: listOf(made.names), joins: made.hasOneSize },
    prepare: async ({ bytes, mask }) => {
      const image = await loadImage(bytes, isColor);
      if (!made.hasOneSize || net.inputs.length > 1) {
        return { look: async () => said(await made.segment(image), mask) };
      }
      const { input: prepared, frame } = made.prepare(image);
      return {
        inputs: { [input]: stacked([prepared]) },
        rows: 1,
        tell: ({ [made.output]: map }) => said(made.read(map as Tensor, frame, image.shape), mask),
      };
    },
  };
}

/** Arrays of one shape as rows of a tensor. */
function stacked(arrays: readonly NdArray[]): Tensor {
  const [{ shape } = { shape: [] }] = arrays;
  return joined(
    arrays.map(({ data }) => ({ shape: [1, ...shape], data: Float32Array.from(data) })),
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Names by their numbers as a list, where they are known. */
function listOf(names: ReadonlyMap<number, string>): readonly string[] {
  return names.size === 0 ? [] : listOfNames(names, Math.max(...names.keys()) + 1);
}
