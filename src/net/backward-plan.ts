import type { Log } from "../util/log.ts";

/** What the plan must know of one layer of the built net. */
export interface PlannedLayer {
  readonly name: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly lossWeights: readonly number[];
  /** Whether a bottom or a parameter below asks for a gradient. */
  needsBackward: boolean;
  /** Per bottom: whether backward computes its gradient. */
  readonly bottomNeedsBackward: boolean[];
}

/**
 * Takes backward away from layers that lie under no loss, and from those whose every top is skipped.
 *
 * Goes through the layers last to first and changes them; logs each layer's fate in Caffe's words.
 *
 * @see Caffe's Net::Init, the pass over blobs_under_loss and blobs_skip_backp
 */
export function pruneBackward(layers: readonly PlannedLayer[], log: Log): void {
  const underLoss = new Set<string>();
  const skipped = new Set<string>();
  for (const layer of layers.toReversed()) {
    const contributes = layer.tops.some(
      (top, i) => (layer.lossWeights[i] ?? 0) !== 0 || underLoss.has(top),
    );
    if (layer.needsBackward && layer.tops.every((top) => skipped.has(top))) {
      layer.needsBackward = false;
      layer.bottomNeedsBackward.fill(false);
    }
    if (!contributes) layer.needsBackward = false;
    log(
      "info",
      "net",
      layer.needsBackward
        ? `${layer.name} needs backward computation.`
        : `${layer.name} does not need backward computation.`,
    );
    layer.bottoms.forEach((bottom, i) => {
      if (contributes) underLoss.add(bottom);
      else layer.bottomNeedsBackward[i] = false;
      if (!layer.bottomNeedsBackward[i]) skipped.add(bottom);
    });
  }
}
