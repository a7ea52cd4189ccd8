/** Layers at a net's end: what they mean where nothing is learned and nothing is scored. */
import type { LayerParameter } from "../../io/proto/caffe.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import { softmax } from "../graph/operators.ts";
import type { Site } from "./site.ts";

/** An output that stands for a loss: its value, and what it is called where the net does not say. */
interface End {
  readonly value: string;
  readonly name: string;
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

/** What is left of a loss or a score: probabilities, or its first bottom as it is. */
export function endOf(at: Site): End {
  const { graph: g, x, param } = at;
  const { type = "", bottom: [first = ""] = [], top = [] } = param;
  if (SOFTMAX.has(type)) {
    const { axis: index = 1 } = param.infogain_loss_param ?? param.softmax_param ?? {};
    const axis = x.axis(index);
    return { value: softmax(g, x.value, axis, x.rank), name: top[1] ?? PROBABILITIES };
  }
  if (type === "SigmoidCrossEntropyLoss") {
    return { value: g.op("Sigmoid", [x.value]), name: PROBABILITIES };
  }
  return { value: x.value, name: first };
}
