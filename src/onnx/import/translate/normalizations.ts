import type { Constant } from "../constant.ts";
import { learnedOf } from "./convolutions.ts";
import type { Translation } from "./spot.ts";

const batchNormalization: Translation = (at) => {
  if (at.number("training_mode", 0) === 1) {
    at.fail("training_mode is 1. Expected a file that was exported for inference.");
  }
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) =>
    at.known(i, ["", "scale", "the bias", "the mean", "the variance"][i] as string),
  ) as [Constant, Constant, Constant, Constant];
  const normalized = at.layer(
    {
      type: "BatchNorm",
      bottom: [at.blob(0)],
      batch_norm_param: { eps: at.number("epsilon", 1e-5) },
    },
    {
      part: "bn",
      learned: [
        learnedOf(mean),
        learnedOf(variance),
        { shape: [1], values: () => Float32Array.of(1) },
      ],
    },
  );
  return at.layer(
    { type: "Scale", bottom: [normalized], scale_param: { bias_term: true } },
    { learned: [learnedOf(scale), learnedOf(bias)] },
  );
};

const lrn: Translation = (at) =>
  at.layer({
    type: "LRN",
    bottom: [at.blob(0)],
    lrn_param: {
      local_size: at.number("size", 5),
      alpha: at.number("alpha", 1e-4),
      beta: at.number("beta", 0.75),
      k: at.number("bias", 1),
    },
  });

/** Operators that divide by what lies around. */
export const normalizations: Readonly<Record<string, Translation>> = {
  BatchNormalization: batchNormalization,
  LRN: lrn,
};
