import type { FillerParameter, LayerParameter } from "../io/proto/caffe.ts";
import { LayerRegistry } from "../layers/registry.ts";

const registry = new LayerRegistry();

/** Whether a layer normalizes by its batch's mean and variance, and learns nothing. */
export function isBatchNorm({ type, batch_norm_param }: LayerParameter): boolean {
  return type === "BatchNorm" && !batch_norm_param?.scale_bias;
}

/** Whether a layer learns a factor or a shift for each channel. */
export function learnsScale({ type }: LayerParameter): boolean {
  return type === "Scale" || type === "Bias";
}

export function isRelu({ type, relu_param }: LayerParameter): boolean {
  return type === "ReLU" && !relu_param?.negative_slope;
}

/** Whether a layer makes probabilities that sum to 1 over classes. */
export function isSoftmax({ type }: LayerParameter): boolean {
  return type === "Softmax";
}

/** Whether a layer cuts maps to the size of others. */
export function isCrop({ type }: LayerParameter): boolean {
  return type === "Crop";
}

/** Whether a layer is a loss that makes such probabilities itself. */
export function isSoftmaxLoss({ type }: LayerParameter): boolean {
  return type === "SoftmaxWithLoss";
}

export function isSigmoid({ type }: LayerParameter): boolean {
  return type === "Sigmoid";
}

/** Whether a layer is a loss that takes the sigmoid of its scores itself. */
export function isSigmoidLoss({ type }: LayerParameter): boolean {
  return type === "SigmoidCrossEntropyLoss";
}

/** Whether a layer brings data from files. */
export function isSource({ type = "" }: LayerParameter): boolean {
  return registry.roleOf(type) === "source";
}

/** Whether a layer's top is what a program gives the net. */
export function isInput({ type = "" }: LayerParameter): boolean {
  return registry.roleOf(type) === "input";
}

export function isLoss({ type = "" }: LayerParameter): boolean {
  return registry.get(type)?.isLoss ?? false;
}

/** Whether a layer sums its input, weighted by what it learns. */
export function isLearned({ type = "" }: LayerParameter): boolean {
  return registry.roleOf(type) === "learned";
}

/** What a layer says of its weights, where it is a convolution or an inner product. */
export function weightsOf({ convolution_param, inner_product_param }: LayerParameter):
  | {
      readonly num_output?: number;
      readonly bias_term?: boolean;
      readonly weight_filler?: FillerParameter;
    }
  | undefined {
  return convolution_param ?? inner_product_param;
}

/** Whether every parameter of a layer is said to stay as it is. */
export function isFrozen({ param = [] }: LayerParameter): boolean {
  return param.length > 0 && param.every(({ lr_mult }) => lr_mult === 0);
}

/** Whether a layer reads images that a list names, a label each. */
export function readsImageList({ type }: LayerParameter): boolean {
  return type === "ImageData";
}

/** Whether a layer reads the records of a database, a label each. */
export function readsDatabase({ type }: LayerParameter): boolean {
  return type === "Data";
}
