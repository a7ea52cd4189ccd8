/** Layers at a net's end: what they mean where nothing is learned and nothing is scored. */
import { Blob } from "../../blob/blob.ts";
import { referenceSoftmax } from "../../engines/reference/softmax.ts";
import type { LayerParameter } from "../../io/proto/caffe.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import type { Net } from "../../net/net.ts";
import type { Shape } from "../../util/shape.ts";
import { softmax } from "../graph/operators.ts";
import type { Site } from "./site.ts";

/** An output that stands for a loss: its value, and what it is called where the net does not say. */
interface End {
  readonly value: string;
  readonly name: string;
  /** Whether it is made of what the layer reads, and no blob of the net. */
  readonly isComputed: boolean;
}

/** Layers that count or note what comes by, and give nothing that a user of the net wants. */
const SCORES: ReadonlySet<string> = new Set([
  "Accuracy",
  "BboxAccuracy",
  "CenterLoss",
  "DetectionAccuracy",
  "DetectionEvaluate",
  "DetectionGroupAccuracy",
  "EvalDetection",
  "HDF5Output",
  "LabelsequenceAccuracy",
  "SegAccuracy",
  "SegmentationEvaluate",
]);

/** What a loss calls its output in deploy nets. */
export const PROBABILITIES = "prob";

const SOFTMAX: ReadonlySet<string> = new Set([
  "FocalLoss",
  "InfogainLoss",
  "SoftmaxWithLoss",
  "SoftmaxWithLossOHEM",
]);

/** Whether the layer ends the net: a loss, or a score. */
export function isEnd({ type = "" }: LayerParameter): boolean {
  return SCORES.has(type) || new LayerRegistry().get(type)?.isLoss === true;
}

/** Which probabilities a loss compares; undefined of one that compares what it reads. */
function kindOf({ type = "" }: LayerParameter): "Softmax" | "Sigmoid" | undefined {
  if (SOFTMAX.has(type)) return "Softmax";
  return type === "SigmoidCrossEntropyLoss" ? "Sigmoid" : undefined;
}

/** The axis of a loss's classes. */
function axisOf({ infogain_loss_param, softmax_param }: LayerParameter): number {
  return infogain_loss_param?.axis ?? softmax_param?.axis ?? 1;
}

/** What is left of a loss or a score: probabilities, or its first bottom as it is. */
export function endOf(at: Site): End {
  const { graph: g, x, param } = at;
  const { bottom: [first = ""] = [], top = [] } = param;
  const kind = kindOf(param);
  if (kind === undefined) return { value: x.value, name: first, isComputed: false };
  const isComputed = true;
  if (kind === "Sigmoid") {
    return { value: g.op("Sigmoid", [x.value]), name: PROBABILITIES, isComputed };
  }
  const value = softmax(g, x.value, x.axis(axisOf(param)), x.rank);
  return { value, name: top[1] ?? PROBABILITIES, isComputed };
}

/** The probabilities that a net's loss compares, worked out of what it reads. */
export function probabilitiesOf(
  net: Net,
  loss: string,
): { readonly shape: Shape; readonly values: ArrayLike<number> } {
  const layer = net.layers[net.layerKeys.indexOf(loss)];
  const [name = ""] = net.bottomNames(loss);
  const blob = net.blob(name);
  const { shape } = blob;
  if (!layer || kindOf(layer.param) === "Sigmoid") {
    return { shape, values: Array.from(blob.values(), (x) => 1 / (1 + Math.exp(-x))) };
  }
  const made = new Blob(shape, blob.dtype);
  referenceSoftmax({ shape, axis: blob.axis(axisOf(layer.param)) }).forward(
    blob.dataMem,
    made.dataMem,
  );
  return { shape, values: made.values() };
}
