import type { PassCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { isRelu } from "../../layer-kinds.ts";

/** From this share of zeros on a rectifier lets nothing through. */
const DEAD = 0.98;

/**
 * Rectifiers that give 0 for nearly every value of every image: they pass no gradient on, so what lies before them does not
 * learn, and mostly never comes back. About half is usual. A learning rate that was too high does this to trained weights, a
 * negative bias or input that lies on one side of 0 to new ones.
 */
export const deadRelu: PassCheck = {
  name: "dead-relu",
  *look({ tops }, { whole }) {
    for (const { layer, zeros, isSpoilt } of tops) {
      if (!isRelu(layer) || zeros < DEAD || isSpoilt) continue;
      yield ofLayer(whole, layer, {
        severity: "warning",
        what: `${(100 * zeros).toFixed(1)} % of what it gives is 0: nearly nothing passes, and the layers before it learn nearly nothing.`,
        advice: `Look at the layer before it: weight_filler { type: "msra" } and bias_filler { value: 0 }; with weights of a run, one from before its learning rate was too high.`,
      });
    }
  },
};
