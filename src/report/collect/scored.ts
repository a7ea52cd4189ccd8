import type { Blob } from "../../blob/blob.ts";
import { type ScoredBlobs, scoredBlobs } from "../../net/evaluation/scored-blobs.ts";
import type { Net } from "../../net/net.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError } from "../../util/errors.ts";
import { cut } from "../../util/printable.ts";
import { shapeText } from "../../util/shape.ts";
import type { Scale } from "../measures/judged.ts";

/** The blobs that a report compares, by their names, where they are told. */
export interface BlobChoice {
  readonly scores: string | undefined;
  readonly labels: string | undefined;
}

/** Scores of classes and labels that a net holds after a pass, and how the scores are to be read. */
export interface Scored extends Omit<ScoredBlobs, "ignored"> {
  /** Labels that count for nothing. */
  readonly ignored: readonly number[];
  readonly scale: Scale;
  /** What is said of them: the layer or the blob they were found by. */
  readonly source: string;
}

/**
 * The scores and labels of a net that has just run: those that are named, or those of the last layer that compares both
 * (SegAccuracy, or else SoftmaxWithLoss, Accuracy, SigmoidCrossEntropyLoss of one score for each record, or of one for each label), or outputs of both.
 *
 * @throws CaffeError that names the net's blobs, where there are none
 */
export async function findScored(net: Net, choice: BlobChoice): Promise<Scored> {
  const found = choice.scores === undefined || choice.labels === undefined ? known(net) : undefined;
  const scores = choice.scores === undefined ? found?.scores : named(net, choice.scores);
  const labels = choice.labels === undefined ? found?.labels : named(net, choice.labels);
  if (!scores || !labels) throw notFound(net);
  const positions = (scores.shape[0] ?? 0) * scores.count(2);
  if (!(areLabels(scores, labels) || (scores.shape.length >= 2 && labels.count() === positions))) {
    throw new CaffeError(
      `scores ${nameOf(net, scores)} have shape ${shapeText(scores.shape)} and labels ${nameOf(net, labels)} ${shapeText(labels.shape)}. Expected N×C scores of classes and N labels, N×C×H×W and N×H×W, or as many labels as scores, N×C, of records that may have several. ${blobsText(net)}`,
    );
  }
  await scores.toHost();
  return {
    ...{
      scores,
      labels,
      ignored: found?.ignored ?? [],
      scale: scaleOf(net, scores, scores.values()),
    },
    source: choice.scores ?? found?.source ?? nameOf(net, scores),
  };
}

/** Scores of classes that the net's own layers compare with labels, of the last of several. */
export function comparedScores(net: Net): Omit<Scored, "scale"> | undefined {
  const counting = net.layers.findLastIndex((layer) => layer.testCounts()?.kind === "pixels");
  const [counted, truth] = net.bottomBlobs[counting] ?? [];
  if (counted && truth) {
    const ignored = net.layers[counting]?.param.seg_accuracy_param?.ignore_label ?? [];
    return { scores: counted, labels: truth, ignored, source: net.layerKeys[counting] ?? "" };
  }
  const [source, blobs] = [...scoredBlobs(net)].at(-1) ?? [];
  if (source === undefined || !blobs) return undefined;
  const { scores, labels, ignored } = blobs;
  return { scores, labels, ignored: ignored === undefined ? [] : [ignored], source };
}

/** What the net's own layers compare: scores of classes, or else of several labels for each record. */
function known(net: Net): Omit<Scored, "scale"> | undefined {
  const compared = comparedScores(net);
  if (compared) return compared;
  const i = net.layers.findLastIndex(({ param }) => param.type === "SigmoidCrossEntropyLoss");
  const [scores, labels] = net.bottomBlobs[i] ?? [];
  if (!scores || !labels || !(scores.count(1) === 1 || areLabels(scores, labels))) return undefined;
  const { ignore_label } = net.layers[i]?.param.loss_param ?? {};
  const ignored = ignore_label === undefined ? [] : [ignore_label];
  return { scores, labels, ignored, source: net.layerKeys[i] ?? "" };
}

/** Whether each of several scores of a record has a label of its own, which says whether the record has that label. */
export function areLabels(scores: Blob, labels: Blob): boolean {
  const { shape } = scores;
  return (
    shape.length >= 2 &&
    (shape[1] ?? 0) > 1 &&
    scores.count(2) === 1 &&
    labels.shape[0] === shape[0] &&
    labels.count() === scores.count()
  );
}

function named(net: Net, name: string): Blob {
  if (net.blobs.has(name)) return net.blob(name);
  throw new CaffeError(`the net has no blob "${cut(name)}". ${blobsText(net)}`);
}

function notFound(net: Net): CaffeError {
  return new CaffeError(
    `the net compares no scores of classes with labels (SoftmaxWithLoss, Accuracy, SegAccuracy, DetectionEvaluate). ${blobsText(net)} Name two of them: --scores_blob=BLOB --labels_blob=BLOB.`,
  );
}

/** The net's blobs, for messages: those that splits made are none of the file's. */
function blobsText(net: Net): string {
  const names = net.blobNames.filter((name) => !/_split_\d+$/.test(name));
  const shapes = names.map((name) => `${name} ${shapeText(net.blob(name).shape)}`);
  return `Its blobs are ${shapes.join(", ")}.`;
}

function nameOf(net: Net, blob: Blob): string {
  const name = net.blobNames.find((one) => net.blob(one).dataMem === blob.dataMem);
  return `"${name ?? ""}"`;
}

/** How scores, whose values are these, are to be read: by the layer that made them, or that which reads them. */
export function scaleOf(net: Net, scores: Blob, values: FloatArray): Scale {
  const isOf = (blob: Blob): boolean => blob.dataMem === scores.dataMem;
  const types = net.layers.map(({ param }) => param.type ?? "");
  const maker = types.findLast((type, i) => type !== "Split" && (net.topBlobs[i] ?? []).some(isOf));
  if (maker === "Softmax" || maker === "Sigmoid") return "probabilities";
  const isRead = types.some(
    (type, i) => type === "SigmoidCrossEntropyLoss" && (net.bottomBlobs[i] ?? []).some(isOf),
  );
  if (isRead) return "sigmoid";
  return areShares(values, scores.count(1)) ? "probabilities" : "softmax";
}

/** How far the sum of a sample's probabilities may lie from 1. */
const SLACK = 1e-3;

/** Whether scores are probabilities, whoever made them: each sample's lie between 0 and 1, and add up to 1. */
function areShares(values: FloatArray, length: number): boolean {
  for (let from = 0; from < values.length; from += length) {
    let [sum, least] = [0, 0];
    for (let at = from; at < from + length; at++) {
      const value = values[at] ?? 0;
      sum += value;
      least = Math.min(least, value);
    }
    if (!(Math.abs(sum - 1) < SLACK) || least < 0) return false;
  }
  return true;
}
