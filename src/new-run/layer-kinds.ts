import type {
  ConvolutionParameter,
  FillerParameter,
  InnerProductParameter,
  LayerParameter,
  NetParameter,
} from "../io/proto/caffe.ts";

/** Whether a layer reads the images of a database. */
export function isData({ type }: LayerParameter): boolean {
  return type === "Data";
}

/** Whether a layer reads images and the boxes in them. */
export function isAnnotatedData({ type }: LayerParameter): boolean {
  return type === "AnnotatedData";
}

/** The type of layers that read pictures and label images of a list. */
export const MASK_DATA = "DenseImageData";

/** Whether a layer reads pictures, or label images, or both. */
export function readsPictures({ type = "" }: LayerParameter): boolean {
  return ["Data", MASK_DATA, "ImageSegData"].includes(type);
}

/** Whether a layer enlarges maps by weights. */
export function deconvolves({ type }: LayerParameter): boolean {
  return type === "Deconvolution";
}

/** Whether a layer takes what nobody else wants. */
export function isSink({ type }: LayerParameter): boolean {
  return type === "Silence";
}

/** Whether a layer normalizes batches as forks have it, with scale and shift in one. */
export function isForkNorm({ type }: LayerParameter): boolean {
  return type === "BN";
}

/** Whether a layer is what a program gives the net. */
export function isInput({ type }: LayerParameter): boolean {
  return type === "Input";
}

/** Whether a layer has weights whose number of outputs is its own. */
export function learns({ type }: LayerParameter): boolean {
  return type === "Convolution" || type === "InnerProduct";
}

/** Whether a layer judges scores, or makes probabilities of them. */
export function judges({ type }: LayerParameter): boolean {
  return type === "SoftmaxWithLoss" || type === "Softmax";
}

/** Whether a layer judges boxes, or makes them: its second bottom are the scores of all. */
export function judgesBoxes({ type }: LayerParameter): boolean {
  return type === "MultiBoxLoss" || type === "DetectionOutput";
}

/** Whether a layer judges what each cell of a map holds, or makes boxes of it (YOLO). */
export function judgesCells(layer: LayerParameter): boolean {
  const { region_loss_param, yolov3_param } = layer;
  const { yolo_detection_output_param, yolov3_detection_output_param } = layer;
  return [
    ...[region_loss_param, yolov3_param],
    ...[yolo_detection_output_param, yolov3_detection_output_param],
  ].some(Boolean);
}

export function isRelu({ type }: LayerParameter): boolean {
  return type === "ReLU";
}

export function isBatchNorm({ type }: LayerParameter): boolean {
  return type === "BatchNorm";
}

/** Whether a net normalizes batches. */
export function hasBatchNorm({ layer = [] }: NetParameter): boolean {
  return layer.some(isBatchNorm);
}

/** What of a layer's weights is changed. */
interface WeightsChange {
  readonly num_output?: number;
  /** Without a bias there is nothing to fill it with. */
  readonly bias_term?: false;
  readonly weight_filler?: FillerParameter;
}

/** A layer that learns, with other settings for its weights. */
export function changeWeights(layer: LayerParameter, change: WeightsChange): LayerParameter {
  const changed = <T extends ConvolutionParameter | InnerProductParameter>(param: T): T => {
    const { bias_filler, ...rest } = param;
    const keepsBias = bias_filler && change.bias_term !== false;
    return { ...rest, ...(keepsBias && { bias_filler }), ...change } as T;
  };
  const { convolution_param, inner_product_param } = layer;
  return {
    ...layer,
    ...(convolution_param && { convolution_param: changed(convolution_param) }),
    ...(inner_product_param && { inner_product_param: changed(inner_product_param) }),
  };
}

/** An Input for square images of another size. */
export function sizedInput(layer: LayerParameter, size: number): LayerParameter {
  const [, channels = 3] = layer.input_param?.shape?.[0]?.dim ?? [];
  return { ...layer, input_param: { shape: [{ dim: [1, channels, size, size] }] } };
}
