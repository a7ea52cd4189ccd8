import { FormatError } from "../../util/errors.ts";
import type { LayerParameter, NetParameter, ParamSpec, V1LayerParameter } from "../proto/caffe.ts";
import { UNKNOWN } from "../proto/foreign-message.ts";

/** The type strings of V1's enum. */
export const v1Types: Readonly<Record<NonNullable<V1LayerParameter["type"]>, string>> = {
  NONE: "",
  ABSVAL: "AbsVal",
  ACCURACY: "Accuracy",
  ARGMAX: "ArgMax",
  BNLL: "BNLL",
  COLINEAR_CONVOLUTION: "ColinearConvolution",
  CONCAT: "Concat",
  CONTRASTIVE_LOSS: "ContrastiveLoss",
  CONVOLUTION: "Convolution",
  CONVOLUTION3D: "Convolution3D",
  CROP: "Crop",
  DATA: "Data",
  DECONVOLUTION: "Deconvolution",
  DECONVOLUTION3D: "Deconvolution3D",
  DROPOUT: "Dropout",
  DUMMY_DATA: "DummyData",
  ELTWISE: "Eltwise",
  EUCLIDEAN_LOSS: "EuclideanLoss",
  EXP: "Exp",
  FLATTEN: "Flatten",
  HDF5_DATA: "HDF5Data",
  HDF5_OUTPUT: "HDF5Output",
  HINGE_LOSS: "HingeLoss",
  IM2COL: "Im2col",
  IMAGE_DATA: "ImageData",
  INFOGAIN_LOSS: "InfogainLoss",
  INNER_PRODUCT: "InnerProduct",
  LRN: "LRN",
  MEMORY_DATA: "MemoryData",
  MULTINOMIAL_LOGISTIC_LOSS: "MultinomialLogisticLoss",
  MULTI_STAGE_MEANFIELD: "MultiStageMeanfield",
  MVN: "MVN",
  POOLING: "Pooling",
  POOLING3D: "Pooling3D",
  POWER: "Power",
  RELU: "ReLU",
  SIGMOID: "Sigmoid",
  SIGMOID_CROSS_ENTROPY_LOSS: "SigmoidCrossEntropyLoss",
  SILENCE: "Silence",
  SLICE: "Slice",
  SOFTMAX: "Softmax",
  SOFTMAX_LOSS: "SoftmaxWithLoss",
  SPLIT: "Split",
  TANH: "TanH",
  THRESHOLD: "Threshold",
  VIDEO_DATA: "VideoData",
  WINDOW_DATA: "WindowData",
};

/** Whether the net has layers of the second format (`layers { type: CONVOLUTION }`). */
export function needsV1Upgrade(net: NetParameter): boolean {
  return (net.layers ?? []).length > 0;
}

/**
 * V1 → V2: `layers` become `layer`, enum types strings, and blobs_lr, weight_decay, param and
 * blob_share_mode become one `param { }` for each blob.
 *
 * @throws FormatError where `layer` and `layers` are mixed
 * @see Caffe's UpgradeV1Net
 */
export function upgradeV1(net: NetParameter): NetParameter {
  const { layers = [], layer = [], ...rest } = net;
  if (layer.length > 0) {
    throw new FormatError(
      `net "${net.name ?? ""}" has both "layer" and "layers" fields. Expected one kind; write all as "layer".`,
    );
  }
  return { ...rest, layer: layers.map(upgradeLayer) };
}

function upgradeLayer(old: V1LayerParameter): LayerParameter {
  const { type, blobs_lr, weight_decay, param, blob_share_mode, layer: _v0, ...rest } = old;
  // Their numbers are those of the old message.
  const { [UNKNOWN]: _unknown, ...same } = rest as typeof rest & { [UNKNOWN]?: unknown };
  const count = Math.max(
    param?.length ?? 0,
    blob_share_mode?.length ?? 0,
    blobs_lr?.length ?? 0,
    weight_decay?.length ?? 0,
  );
  const specs = Array.from({ length: count }, (_, i): ParamSpec => {
    const share = blob_share_mode?.[i];
    return {
      ...(param?.[i] !== undefined && { name: param[i] }),
      ...(share !== undefined && { share_mode: share }),
      ...(blobs_lr?.[i] !== undefined && { lr_mult: blobs_lr[i] }),
      ...(weight_decay?.[i] !== undefined && { decay_mult: weight_decay[i] }),
    };
  });
  return {
    ...same,
    ...(type !== undefined && { type: v1Types[type] }),
    // FCN's first Crop finds its place from the layers between its bottoms.
    ...(type === "CROP" && { crop_param: { align: true } }),
    ...(specs.length > 0 && { param: specs }),
  } as LayerParameter;
}
