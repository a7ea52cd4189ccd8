import type { Log } from "../../util/log.ts";

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
 * Warns of losses that another layer reads: that layer's backward overwrites the diff of the loss, where its weight is
 * kept, so that the weight counts in the loss that is logged and not in any gradient. As in Caffe.
 */
export function warnOfLostWeights(layers: readonly PlannedLayer[], log: Log): void {
  const weighted = new Map<string, readonly [layer: string, weight: number]>();
  for (const { name, bottoms, tops, lossWeights, bottomNeedsBackward, needsBackward } of layers) {
    bottoms.forEach((bottom, i) => {
      const [loss, weight] = weighted.get(bottom) ?? [];
      if (loss === undefined || !needsBackward || !bottomNeedsBackward[i]) return;
      log(
        "warning",
        "net",
        `the loss "${bottom}" of layer "${loss}" counts in the objective with weight ${weight}, but in no gradient: layer "${name}" reads it, and its gradient takes the place of that weight, as in Caffe. Expected loss_weight: 0 where only what other layers make of it is to count; a loss_weight of its own counts once more besides.`,
      );
    });
    tops.forEach((top, t) => {
      const weight = lossWeights[t] ?? 0;
      if (weight === 0) weighted.delete(top);
      else weighted.set(top, [name, weight]);
    });
  }
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
