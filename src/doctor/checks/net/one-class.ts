import type { NetCheck } from "../../check.ts";
import { ofLayer } from "../../finding.ts";
import { makerOf } from "../../flow.ts";
import { isSoftmaxLoss, weightsOf } from "../../layer-kinds.ts";

/** A softmax over one class: its probability is 1 whatever the net says, and the loss is 0 from the first iteration on. */
export const oneClass: NetCheck = {
  name: "one-class",
  uses: ["train"],
  *look({ whole, layers }) {
    for (const [i, layer] of layers.entries()) {
      if (!isSoftmaxLoss(layer) || (layer.softmax_param?.axis ?? 1) !== 1) continue;
      const before = makerOf(layers, i, layer.bottom?.[0]);
      const weights = before && weightsOf(before);
      if (weights?.num_output !== 1) continue;
      yield ofLayer(
        whole,
        before as typeof layer,
        {
          severity: "error",
          what: `num_output: 1 under a softmax: of one class the probability is always 1, the loss always 0.`,
          advice: `Write num_output: 2 for two classes (labels 0 and 1), or SigmoidCrossEntropyLoss in place of ${layer.type}.`,
        },
        { message: weights, field: "num_output" },
      );
    }
  },
};
