import type { LayerParameter } from "../io/proto/caffe.ts";
import { makerOf } from "./flow.ts";
import { isSoftmaxLoss, weightsOf } from "./layer-kinds.ts";
import type { PatientNet } from "./patient.ts";
import type { ScannedSource } from "./scan-source.ts";

/** A softmax loss that judges scores by the labels that a data layer brings, and how many classes its scores have. */
interface Judge {
  readonly loss: LayerParameter;
  readonly classes: number;
  /** The layer that makes the scores, where it says how many. */
  readonly scores: LayerParameter | undefined;
  /** A label that counts for nothing. */
  readonly ignored: number | undefined;
}

/**
 * The loss that reads the labels of a source as they are, one for each image; undefined where none does, or where its
 * classes cannot be told.
 */
export function judgeOf(
  { layers, built }: PatientNet,
  { layer }: ScannedSource,
): Judge | undefined {
  const label = layer.top?.[1];
  if (label === undefined) return undefined;
  const i = layers.findIndex((one) => isSoftmaxLoss(one) && one.bottom?.[1] === label);
  const loss = layers[i];
  const [blob = ""] = loss?.bottom ?? [];
  if (!loss || makerOf(layers, i, label) !== layer) return undefined;
  const maker = makerOf(layers, i, blob);
  const told = maker && weightsOf(maker)?.num_output;
  const shape = built?.blobs.get(blob)?.shape;
  const classes = shape?.slice(2).every((length) => length === 1) ? shape[1] : told;
  if (classes === undefined || classes < 1) return undefined;
  return {
    ...{ loss, classes, ignored: loss.loss_param?.ignore_label },
    scores: told === classes ? maker : undefined,
  };
}
