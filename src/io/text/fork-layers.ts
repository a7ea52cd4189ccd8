import { nearestText } from "../../util/nearest.ts";
import { cut } from "../../util/printable.ts";

/** Layer types of other Caffes, by who has them. */
const forks: Readonly<Record<string, string>> = {
  "R-FCN": "BatchSplit",
  "Mask R-CNN": "RoiAlign ROIMaskPooling",
  "MS-CNN": "BBoxRegLoss DetectionLossWeight ROIData",
  YOLO: "RegionOutput Region",
  "PSPNet and DeepLab":
    "ImageSegmentationData MatRead MatWrite UniqueLabel DenseCRF AdaptiveBiasChannel DomainTransform",
  ENet: "Unpooling",
  FlowNet:
    "Accum Correlation CustomData DataAugmentation Downsample FlowAugmentation FlowWarp GenerateAugmentationParameters LpqLoss Mean Resample",
  "MobileNet and ShuffleNet": "ChannelShuffle",
  "face recognition":
    "LargeMarginInnerProduct CosinAddmargin CosineAddMargin LabelSpecificAdd LabelSpecificMargin NormL2",
  "pose estimation":
    "CPMData CPMTransformation DataHeatmap HeatmapData EuclideanLossHeatmap ImResize NMS",
  "3-D convolution (C3D)":
    "NdConvolution NdDeconvolution NdPooling VIDEO_SEGMENTATION_DATA VIDEO_WITH_VOXEL_TRUTH_DATA",
  "NVIDIA's Caffe": "DetectNetTransformation Detectnet AxpyLoss LSTMNode",
  "Intel's Caffe": "MnActivation MnParamGrad SplitConcat",
  Ristretto: "ConvolutionRistretto DeconvolutionRistretto FcRistretto LRNRistretto DataRistretto",
  "pruned nets": "CConvolution CInnerProduct SparseInnerProduct",
  "other Caffes":
    "Relu6 SELU Mish HSwish HSigmoid Swish6 CReLU BatchReduction GradientScaler GradientReversal Resize Padding Unsqueeze Slicing CuDNNBatchNorm CUDNNBatchNorm SyncBN SyncBatchNorm SoftmaxFocalLoss FocalSoftmaxWithLoss WeightedSoftmaxWithLoss L2Norm MatMul MatrixMul Broadcast Add Hadamard",
};

/** What the same is written with here. */
const advice: Readonly<Record<string, string>> = {
  Relu6: "Write ReLU6.",
  CuDNNBatchNorm: "Write BatchNorm.",
  CUDNNBatchNorm: "Write BatchNorm.",
  SyncBN: "Write BatchNorm.",
  SyncBatchNorm: "Write BatchNorm.",
  CConvolution: "Write Convolution.",
  CInnerProduct: "Write InnerProduct.",
  ConvolutionRistretto: "Write Convolution; nothing is quantised here.",
  DeconvolutionRistretto: "Write Deconvolution; nothing is quantised here.",
  FcRistretto: "Write InnerProduct; nothing is quantised here.",
  LRNRistretto: "Write LRN; nothing is quantised here.",
  Padding: "Give pad to the layer that reads it.",
};

const owners = new Map(
  Object.entries(forks).flatMap(([fork, types]) =>
    types.split(" ").map((type) => [type, fork] as const),
  ),
);

/**
 * What to say about a layer type that is not registered: whose it is where that is known, and what to do; the nearest
 * known name where it is a slip.
 */
export function unknownTypeText(type: string, known: readonly string[], where = ""): string {
  const fork = owners.get(type);
  const own =
    "Write it in JavaScript and register it with registerLayer: docs/user-layers.md shows how.";
  const slip = nearestText(type, known);
  const same = known.find((one) => one.toLowerCase() === type.toLowerCase());
  const help =
    fork === undefined || same !== undefined
      ? slip || ` BVLC Caffe has none of that name. ${own}`
      : ` It is a layer of ${fork}, not of BVLC Caffe. ${advice[type] ?? own}`;
  return `Unknown layer type: ${cut(type)}${where}.${help} (known types: ${known.join(", ")})`;
}
