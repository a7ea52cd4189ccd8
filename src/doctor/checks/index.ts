export { batchNormWithoutScale } from "./batch-norm-without-scale.ts";
export { biasBeforeBatchNorm } from "./bias-before-batch-norm.ts";
export { equalWeights } from "./equal-weights.ts";
export { globalStatistics } from "./global-statistics.ts";
export { lossInput } from "./loss-input.ts";
export { nothingLearns } from "./nothing-learns.ts";
export { oneClass } from "./one-class.ts";
