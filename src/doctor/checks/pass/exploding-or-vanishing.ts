import type { PassCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { isLearned } from "../../layer-kinds.ts";

/** Values this large, so many times as large as what came in, are no layer's purpose. */
const [LARGE, TIMES] = [1e4, 30];
/** Gradients of the first weights this much smaller than those of the last are as good as none. */
const VANISHED = 1e-6;

/**
 * Values that explode or vanish on the way through the net: with weights too large each layer makes them larger, until they
 * are infinite; with weights too small gradients become smaller from layer to layer, and the first ones learn nothing
 * (Glorot and Bengio 2010; He et al. 2015).
 */
export const explodingOrVanishing: PassCheck = {
  name: "exploding-or-vanishing",
  *look({ tops, params }, { whole }) {
    const spoilt = tops.find(({ isSpoilt }) => isSpoilt);
    if (spoilt) {
      yield ofLayer(whole, spoilt.layer, {
        severity: "error",
        what: `its top "${spoilt.blob}" holds values that are no finite numbers, and it is the first.`,
        advice:
          'Look at what it is given: smaller weights (weight_filler { type: "xavier" }), data scaled to about 1, no division or logarithm of 0.',
      });
      return;
    }
    const sizes = new Map<string, number>();
    for (const { layer, rms, blob } of tops) {
      const before = sizes.get(layer.bottom?.[0] ?? "") ?? 0;
      if (isLearned(layer) && rms > LARGE && rms > TIMES * Math.max(before, 1)) {
        yield ofLayer(whole, layer, {
          severity: "warning",
          what: `its top "${blob}" has values of ${sizeText(rms)}, ${Math.round(rms / Math.max(before, 1))} times as large as what came in: they explode.`,
          advice:
            'Write a weight_filler that goes by the number of inputs: { type: "msra" } where a ReLU follows, { type: "xavier" } elsewhere.',
        });
        break;
      }
      sizes.set(blob, rms);
    }
    const weights = params.filter(
      ({ index, lrMult, layer }) => index === 0 && lrMult !== 0 && isLearned(layer),
    );
    const [first, last] = [weights[0], weights.at(-1)];
    if (!first || !last || first === last || last.gradient.rms === 0) return;
    const ratio = first.gradient.rms / last.gradient.rms;
    if (ratio >= VANISHED || ratio === 0) return;
    yield ofLayer(whole, first.layer, {
      severity: "warning",
      what: `the gradient of its weights is ${sizeText(first.gradient.rms)}, that of layer "${last.layer.name}" ${sizeText(last.gradient.rms)}: it vanishes on its way down, and the first layers learn nearly nothing.`,
      advice:
        'Write weight_filler { type: "msra" } and ReLU in place of Sigmoid or TanH, or put BatchNorm and Scale behind the layers between.',
    });
  },
};

function sizeText(value: number): string {
  return value.toPrecision(2);
}
