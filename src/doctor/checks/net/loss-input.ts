import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { makerOf } from "../../flow.ts";
import { isRelu, isSigmoid, isSigmoidLoss, isSoftmax, isSoftmaxLoss } from "../../layer-kinds.ts";

/**
 * What lies between scores and a loss that wants scores. A softmax of probabilities is nearly even: with 10 classes the loss
 * cannot fall below 1.46, and gradients are small. A ReLU makes every score that is below 0 equal, and where all are, nothing
 * learns any more.
 */
export const lossInput: NetCheck = {
  name: "loss-input",
  uses: ["train"],
  *look({ whole, layers }) {
    for (const [i, layer] of layers.entries()) {
      if (!isSoftmaxLoss(layer) && !isSigmoidLoss(layer)) continue;
      const [scores = ""] = layer.bottom ?? [];
      const before = makerOf(layers, i, scores);
      if (!before) continue;
      const own = isSoftmaxLoss(layer) ? "softmax" : "sigmoid";
      if (isSoftmaxLoss(layer) ? isSoftmax(before) : isSigmoid(before)) {
        yield ofLayer(whole, before, {
          severity: "error",
          what: `layer "${layer.name}" (${layer.type}) takes the ${own} of its input itself: behind this ${before.type} it is taken twice, and the loss stays high.`,
          advice: `Write bottom: "${before.bottom?.[0]}" in layer "${layer.name}"${before.bottom?.[0] === scores ? ", and take this layer out" : ""}.`,
        });
      } else if (isRelu(before)) {
        yield ofLayer(whole, before, {
          severity: "warning",
          what: `a ReLU lies between the scores and layer "${layer.name}" (${layer.type}): scores below 0 become equal, and learn nothing.`,
          advice: "Take this ReLU out: the layer before a loss has none behind it.",
        });
      }
    }
  },
};
