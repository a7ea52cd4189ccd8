import type { Blob } from "../../blob/blob.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { Random } from "../../util/random.ts";
import type { Net } from "../net.ts";
import { fillInputs } from "./fill-inputs.ts";

/**
 * Which of a layer's arrays one is:
 *
 * - "data": of a top, right after the layer has run forward
 * - "diff": the gradient of a bottom, right after it has run backward
 * - "params_diff": that of a parameter
 */
export type ArrayKind = "data" | "diff" | "params_diff";

/** An array that a layer has just made. Its values hold until the next is asked for. */
export interface LayerArray {
  /** What tells the layer from the others: see `net.layerKeys`. */
  readonly layer: string;
  readonly type: string;
  readonly kind: ArrayKind;
  /** Which top, bottom or parameter. */
  readonly index: number;
  readonly shape: readonly number[];
  readonly values: FloatArray;
}

/**
 * Runs a net forward and backward once, layer by layer, and gives each array as soon as it is made: nets that are asked in
 * turn can be compared without keeping anything. Inputs are filled by the seed; where nothing counts as a loss, the gradients of
 * the outputs are noise.
 */
export async function* layerArrays(net: Net, seed: number): AsyncGenerator<LayerArray> {
  const random = new Random(seed, "layer arrays");
  fillInputs(net, random);
  const { layers, layerKeys, layerNames } = net;
  const array = (i: number, kind: ArrayKind, index: number, blob: Blob): LayerArray => {
    const values = kind === "data" ? blob.values() : blob.diffValues();
    const type = layers[i]?.param.type ?? "";
    return { layer: layerKeys[i] ?? "", type, kind, index, shape: blob.shape, values };
  };
  for (const i of layerNames.keys()) {
    await net.forward(i, i);
    await net.toHost();
    for (const [t, blob] of (net.topBlobs[i] ?? []).entries()) yield array(i, "data", t, blob);
  }
  net.clearParamDiffs();
  if (!net.lossWeights.some((weights) => weights.some((weight) => weight !== 0))) {
    for (const blob of net.outputBlobs) {
      const values = blob.diffMem.overwriteCpu();
      for (let k = 0; k < values.length; k++) values[k] = random.uniform(-1, 1);
    }
  }
  for (let i = layers.length - 1; i >= 0; i--) {
    if (!net.layerNeedsBackward[i]) continue;
    await net.backward(i, i);
    await net.toHost();
    for (const [b, blob] of (net.bottomBlobs[i] ?? []).entries()) {
      if (net.bottomNeedsBackward[i]?.[b]) yield array(i, "diff", b, blob);
    }
    for (const [p, blob] of (layers[i]?.blobs ?? []).entries()) {
      if (layers[i]?.paramPropagateDown[p]) yield array(i, "params_diff", p, blob);
    }
  }
}
