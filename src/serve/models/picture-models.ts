import { loadImage } from "../../float-images/float-image.ts";
import { topChoices } from "../../inference/choice.ts";
import {
  type ClassNames,
  labelMapOf,
  listOfNames,
  readClassNames,
} from "../../inference/class-names.ts";
import { Classifier, classScores } from "../../inference/classifier.ts";
import { classifierPreparation } from "../../inference/classifier-preparation.ts";
import { withDeployStage } from "../../inference/deploy-stage.ts";
import { headOf } from "../../inference/detection-head.ts";
import { ObjectDetector } from "../../inference/object-detector.ts";
import { Segmenter } from "../../inference/segmenter.ts";
import type { NetParameter } from "../../io/proto/caffe.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import type { Net } from "../../net/net.ts";
import type { NetOptions } from "../../net/options.ts";
import { withPlaceholders } from "../../net/tools/placeholders.ts";
import { CaffeError } from "../../util/errors.ts";
import { silent } from "../../util/log.ts";
import type { Picture } from "./messages.ts";
import type { ModelPlan, PictureTask } from "./model-plan.ts";

/** A net that says what pictures show, as `caffe classify`, `detect` or `segment` do. */
export interface PictureModel {
  readonly net: Net;
  readonly task: PictureTask;
  /** The names of its classes in their order; empty where they are not known. */
  readonly labels: readonly string[];
  look(picture: Picture): Promise<object>;
}

/**
 * Opens a net for pictures. What is not said to be of a task is tried: a net with one input of images that ends in scores of
 * classes, in boxes or in maps, or one that finds things otherwise.
 *
 * @returns undefined for a net that is none of these, which takes tensors alone
 * @throws CaffeError where the net cannot be built, or is not of the task that it is said to be of
 */
export function openPictureModel(plan: ModelPlan, options: NetOptions): PictureModel | undefined {
  const param = withDeployStage(readNetParameter(plan.model, options.log));
  if (plan.task !== undefined) return OPENERS[plan.task](plan, param, options);
  // Labels may fit another task than the one that is tried first, and a net's form needs no weights.
  const { labels: _, ...unnamed } = plan;
  const form = withPlaceholders(param);
  const tried = unlessRefused(() =>
    classifier({ ...unnamed, weights: [] }, form, { ...options, log: silent }),
  );
  if (!tried) return unlessRefused(() => detector(plan, param, options));
  const task = taskOf(tried.net);
  tried.net.close();
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
  const { imageDims, ...given } = plan.classifier ?? {};
  const { phase: _, ...ofNet } = options;
  const made = new Classifier(param, {
    ...classifierPreparation(param, given),
    ...ofNet,
    weights: plan.weights,
    ...(imageDims && { imageDims }),
  });
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
  const input = net.blob(net.inputs[0] ?? "");
  input.reshape([1, ...input.shape.slice(1)]);
  net.reshape();
  return {
    ...{ net, task: "classification", labels },
    look: async ({ bytes, top, oversample }) => {
      const image = await loadImage(bytes, made.transformer.channels === 3);
      const scores = await made.predict([image], oversample);
      return { predictions: topChoices(classScores(scores, output), labels, top) };
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
    ...{ net: made.net, task: "detection", labels: listOf(made.names) },
    look: async ({ bytes }) => {
      const image = await loadImage(bytes, made.channels === 3);
      const [height, width] = image.shape;
      return { width, height, objects: await made.detect(image) };
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
  const isColor = made.inputShape[1] === 3;
  return {
    ...{ net: made.net, task: "segmentation", labels: listOf(made.names) },
    look: async ({ bytes }) => {
      const { width, height, classes } = await made.segment(await loadImage(bytes, isColor));
      return { width, height, classes };
    },
  };
}

/** Names by their numbers as a list, where they are known. */
function listOf(names: ReadonlyMap<number, string>): readonly string[] {
  return names.size === 0 ? [] : listOfNames(names, Math.max(...names.keys()) + 1);
}
