import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readersOf } from "../../flow.ts";
import { isFrozen, isLoss, weightsOf } from "../../layer-kinds.ts";

/**
 * Weights that all begin with the same number, which is 0 where no filler is given: all outputs of the layer are equal, get
 * equal gradients and stay equal, and with 0 none comes to the layers before. Only a last layer, right before its loss, learns
 * from zeros.
 */
export const equalWeights: NetCheck = {
  name: "equal-weights",
  uses: ["train"],
  *look({ whole, layers }, { weights: files }) {
    if (files.length > 0) return;
    for (const [i, layer] of layers.entries()) {
      const weights = weightsOf(layer);
      const { type = "constant", value = 0 } = weights?.weight_filler ?? {};
      const isShared = layer.param?.some(({ name }) => name) ?? false;
      if (!weights || type !== "constant" || isFrozen(layer) || isShared) continue;
      if (layer.blobs?.length || weights.num_output === 1) continue;
      const readers = readersOf(layers, i);
      // Scores are read by a loss, and by what only tells of them.
      if (
        readers.some(isLoss) &&
        readers.every(({ top = [] }) => !top.includes(layer.top?.[0] ?? ""))
      )
        continue;
      const field = layer.convolution_param ? "convolution_param" : "inner_product_param";
      yield ofLayer(
        whole,
        layer,
        {
          severity: "error",
          what: `${weights.weight_filler ? `its weight_filler makes all weights ${value}` : "it has no weight_filler: all its weights begin with 0"}, so its outputs are equal and stay so.`,
          advice: `Write ${field} { weight_filler { type: "msra" } … } where a ReLU follows, type: "xavier" elsewhere; or give the weights to begin from (--weights=FILE).`,
        },
        { message: weights, ...(weights.weight_filler && { field: "weight_filler" }) },
      );
    }
  },
};
