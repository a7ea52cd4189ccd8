import type { LayerParameter } from "../io/proto/caffe.ts";

/**
 * For each layer type, the messages of LayerParameter whose fields may be written directly:
 * `{ num_output: 20 }` for `{ convolution_param: { num_output: 20 } }`.
 */
export const layerFields = {
  AbsVal: [],
  Accuracy: ["accuracy_param"],
  ArgMax: ["argmax_param"],
  BNLL: [],
  BatchNorm: ["batch_norm_param"],
  BatchReindex: [],
  Bias: ["bias_param"],
  Clip: ["clip_param"],
  Concat: ["concat_param"],
  ContrastiveLoss: ["contrastive_loss_param"],
  Convolution: ["convolution_param"],
  Crop: ["crop_param"],
  Data: ["data_param"],
  Deconvolution: ["convolution_param"],
  Dropout: ["dropout_param"],
  DummyData: ["dummy_data_param"],
  ELU: ["elu_param"],
  Eltwise: ["eltwise_param"],
  Embed: ["embed_param"],
  EuclideanLoss: [],
  Exp: ["exp_param"],
  Filter: [],
  Flatten: ["flatten_param"],
  HDF5Data: ["hdf5_data_param"],
  HDF5Output: ["hdf5_output_param"],
  HingeLoss: ["hinge_loss_param", "loss_param"],
  Im2col: ["convolution_param"],
  ImageData: ["image_data_param"],
  InfogainLoss: ["infogain_loss_param", "loss_param"],
  InnerProduct: ["inner_product_param"],
  Input: ["input_param"],
  LRN: ["lrn_param"],
  LSTM: ["recurrent_param"],
  LSTMUnit: [],
  Log: ["log_param"],
  MVN: ["mvn_param"],
  MemoryData: ["memory_data_param"],
  MultinomialLogisticLoss: ["loss_param"],
  PReLU: ["prelu_param"],
  Parameter: ["parameter_param"],
  Pooling: ["pooling_param"],
  Power: ["power_param"],
  Python: ["python_param"],
  RNN: ["recurrent_param"],
  ReLU: ["relu_param"],
  Reduction: ["reduction_param"],
  Reshape: ["reshape_param"],
  SPP: ["spp_param"],
  Scale: ["scale_param"],
  Sigmoid: ["sigmoid_param"],
  SigmoidCrossEntropyLoss: ["loss_param"],
  Silence: [],
  Slice: ["slice_param"],
  Softmax: ["softmax_param"],
  SoftmaxWithLoss: ["softmax_param", "loss_param"],
  Split: [],
  Swish: ["swish_param"],
  TanH: ["tanh_param"],
  Threshold: ["threshold_param"],
  Tile: ["tile_param"],
  WindowData: ["window_data_param"],
} as const satisfies Readonly<Record<string, readonly (keyof LayerParameter)[]>>;

/** A layer type that `L` has a function for. */
export type LayerType = keyof typeof layerFields;

/** Lists may be written as one entry, messages within messages likewise. */
type Loose<T> = T extends string | number | boolean | Uint8Array
  ? T
  : T extends readonly (infer Entry)[] | Float32Array | Float64Array
    ? Loose<Entry> | readonly Loose<Entry>[]
    : { readonly [Field in keyof T]?: Loose<NonNullable<T[Field]>> };

type Direct<T extends LayerType> = (typeof layerFields)[T][number];

/** Messages' own fields, all of several messages together. */
type Together<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** What a layer of no particular type may be given. */
export type AnyLayerFields = Loose<Omit<LayerParameter, "type" | "bottom">> & {
  /** Its top is its bottom. */
  readonly in_place?: boolean;
};

/** What `L.<type>` may be given: the fields of its own message, those of every layer, and `in_place`. */
export type LayerFields<T extends LayerType> = AnyLayerFields &
  ([Direct<T>] extends [never]
    ? unknown
    : Together<Loose<NonNullable<LayerParameter[Direct<T> & keyof LayerParameter]>>>);
