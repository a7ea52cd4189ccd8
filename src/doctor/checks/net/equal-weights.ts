import type { LayerParameter } from "../../../io/proto/caffe.ts";
import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readersOf } from "../../flow.ts";
import { isCrop, isFrozen, isLearned, isLoss, weightsOf } from "../../layer-kinds.ts";

/**
 * Whether a loss judges what layer `i` gives, itself or after layers that learn nothing and take its numbers as they are: those that
 * enlarge maps by fixed weights, or cut them.
 */
function isLast(layers: readonly LayerParameter[], i: number): boolean {
  const readers = readersOf(layers, i);
  // What works in place, as a ReLU does, stands between it and the loss.
  if (readers.some(({ top = [] }) => top.includes(layers[i]?.top?.[0] ?? ""))) return false;
  const passes = (one: LayerParameter): boolean => (isLearned(one) ? isFrozen(one) : isCrop(one));
  return readers.some((one) => isLoss(one) || (passes(one) && isLast(layers, layers.indexOf(one))));
}

/**
 * Weights that all begin with the same number, which is 0 where no filler is given: all outputs of the layer are equal, get
 * equal gradients and stay equal, and with 0 none comes to the layers before. Only a last layer, whose numbers its loss judges, learns
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
      if (isLast(layers, i)) continue;
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
