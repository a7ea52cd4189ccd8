import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { readersOf } from "../../flow.ts";
import { isBatchNorm, isLoss, learnsScale } from "../../layer-kinds.ts";

/**
 * BatchNorm without Scale: BVLC's BatchNorm only normalizes. Ioffe and Szegedy's has a learned factor and shift behind it,
 * which is a layer of its own here; without it every channel stays at mean 0 and variance 1, and a ReLU behind it cuts half
 * of all values, whatever the net would need.
 */
export const batchNormWithoutScale: NetCheck = {
  name: "batch-norm-without-scale",
  uses: ["train", "deploy"],
  *look({ whole, layers }) {
    for (const [i, layer] of layers.entries()) {
      const readers = readersOf(layers, i);
      if (!isBatchNorm(layer) || readers.length === 0) continue;
      if (readers.some((reader) => learnsScale(reader) || isLoss(reader))) continue;
      const top = layer.top?.[0] ?? "";
      yield ofLayer(whole, layer, {
        severity: "warning",
        what: "no Scale follows this BatchNorm: it normalizes, and nothing learns the factor and shift behind it.",
        advice: `Add behind it: layer { name: "${layer.name}_scale" type: "Scale" bottom: "${top}" top: "${top}" scale_param { bias_term: true } }`,
      });
    }
  },
};
