import type { LayerRole } from "../../layers/base/layer.ts";

/** What operators do, by their types; of others nothing is known. */
const ROLES: Readonly<Record<string, LayerRole>> = Object.fromEntries(
  (
    [
      ["learned", "Conv ConvTranspose DeformConv Gemm MatMul LSTM GRU RNN Attention"],
      ["window", "AveragePool GlobalAveragePool GlobalMaxPool LpPool MaxPool MaxRoiPool RoiAlign"],
      ["normalization", "BatchNormalization GroupNormalization InstanceNormalization LRN"],
      ["normalization", "LayerNormalization LpNormalization MeanVarianceNormalization"],
      ["activation", "Celu Clip Dropout Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu"],
      ["activation", "Relu Selu Sigmoid Softplus Softsign Tanh ThresholdedRelu"],
      ["result", "ArgMax ArgMin LogSoftmax NonMaxSuppression Softmax TopK"],
      ["constant", "Constant ConstantOfShape Range"],
    ] as const
  ).flatMap(([role, types]) => types.split(" ").map((type) => [type, role])),
);

/** What an operator does, in the words for layers. */
export function operatorRole(type: string): LayerRole {
  return Object.hasOwn(ROLES, type) ? (ROLES[type] as LayerRole) : "other";
}
