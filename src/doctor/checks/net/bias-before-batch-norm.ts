import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readersOf } from "../../flow.ts";
import { isBatchNorm, isFrozen, weightsOf } from "../../layer-kinds.ts";

/**
 * A bias that BatchNorm subtracts again: it is part of the mean. It learns nothing, costs memory and an update, and its
 * value drifts with weight decay alone.
 */
export const biasBeforeBatchNorm: NetCheck = {
  name: "bias-before-batch-norm",
  uses: ["train"],
  *look({ whole, layers }) {
    for (const [i, layer] of layers.entries()) {
      const weights = weightsOf(layer);
      if (!weights || weights.bias_term === false || isFrozen(layer)) continue;
      const readers = readersOf(layers, i);
      if (readers.length === 0 || !readers.every(isBatchNorm)) continue;
      // Statistics of a whole data set are fixed: against these a bias does something.
      if (readers.some(({ batch_norm_param }) => batch_norm_param?.use_global_stats)) continue;
      const field = layer.convolution_param ? "convolution_param" : "inner_product_param";
      yield ofLayer(
        whole,
        layer,
        {
          severity: "note",
          what: `its bias has no effect: layer "${readers[0]?.name}" (BatchNorm) subtracts it again with the mean.`,
          advice: `Write ${field} { bias_term: false … }, and take its second param { } and bias_filler out. Weights that were trained with it need it.`,
        },
        { message: weights },
      );
    }
  },
};
