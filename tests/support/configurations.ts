/*
 * Uses of every layer, each a row of two or three parts, by the layer's type:
 *
 *     ['bottom: "a" top: "y" concat_param { axis: 1 }', "2x3 2x4", { b: [1, 2, 3, 4, 5, 6, 7, 8] }]
 *
 * 1. What stands in the layer's prototxt behind `name` and `type`. Bottoms are called a, b, c, … in their order; a top
 *    of a bottom's name is in place. `phase` may stand there too: it is the net's, and TRAIN by default.
 * 2. The shapes of the bottoms, one behind the other, `2x3x2` each.
 * 3. Values of those bottoms that must not be noise (labels, positive numbers, numbers that lie apart), by their names.
 *
 * `neuron`, `one` and `two` write rows that differ in their parameters alone. Rows are run by tests/layers/gradients.test.ts,
 * contract.test.ts and edges.test.ts, by tests/meta/needs.test.ts, and by nets drawn at random.
 * Shapes stay small and ordinary here: tests/layers/edges.test.ts runs every row again with bottoms that are scalars,
 * that have no elements, and that have five axes; what those give in numbers stands in scalars.test.ts and extremes.test.ts.
 */
import { noise } from "./noise.ts";

/** One configuration: the layer's fields behind its type, the shapes of bottoms a, b, …, and what is not noise. */
export type Row = readonly [
  fields: string,
  shapes: string,
  inputs?: Readonly<Record<string, readonly number[]>>,
];

const neuron = (...params: readonly string[]): Row[] =>
  params.flatMap((param): Row[] => [
    [`bottom: "a" top: "y" ${param}`, "2x3x2"],
    [`bottom: "a" top: "a" ${param}`, "2x3x2"],
  ]);
const one = (message: string, shapes: string, ...params: readonly string[]): Row[] =>
  params.map((param) => [`bottom: "a" top: "y" ${message} { ${param} }`, shapes]);
const two = (message: string, shapes: string, ...params: readonly string[]): Row[] =>
  params.map((param) => [`bottom: "a" bottom: "b" top: "y" ${message} { ${param} }`, shapes]);

/** One anchor, one class, and a box in the middle of one cell. */
const yoloLoss = (message: string, shape: string, more: string): Row[] =>
  two(message, `${shape} 1x1x1x5`, `num: 1 num_class: 1 biases: 1 biases: 1 ${more}`).map(
    ([fields, shapes]): Row => [fields, shapes, { b: [0, 0.5, 0.5, 1, 1] }],
  );

const ctc = (
  fields: string,
  shapes: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  mode = "BATCH_SIZE",
): Row => [
  `${["a", ...Object.keys(inputs)].map((name) => `bottom: "${name}"`).join(" ")} top: "y" ctc_loss_param { ${fields} } loss_param { normalization: ${mode} }`,
  shapes,
  inputs,
];

/** A loss with labels, in every normalisation, with and without an ignored label. */
const modes = ["VALID", "FULL", "BATCH_SIZE", "NONE"].flatMap((mode) => [
  `normalization: ${mode}`,
  `normalization: ${mode} ignore_label: 1`,
]);
const positive = noise(12).map((x) => 1.5 + x);
const apart = noise(12).map((x) => 3 * x);
const fill = 'weight_filler { type: "uniform" min: -1 max: 1 }';
const statistics =
  "blobs { shape { dim: 3 } data: [1, -2, 3] } blobs { shape { dim: 3 } data: [2, 4, 1] } blobs { shape { dim: 1 } data: 2 }";
/** Three boxes of an image with their variances, and an object in each image of two. */
const priors = [0, 0, 0.4, 1, 0.3, -0.1, 0.7, 1, 0.7, 0, 1, 1, ...new Array<number>(12).fill(0.5)];
const objects = [0, 1, 0, 0, 0, 0.5, 1, 0, 1, 2, 0, 0.4, 0, 0.9, 1, 0];
/** Of two cells one of an object and one of background: class, middle, size and overlap. */
const fieldLabels = [1, 0, 4, 0, 3, 0, 7, 0, 9, 0, 0.8, 0.1];
/** Regions of two images. */
const regions = [0, 0, 0, 3, 2, 1, 1, 1, 4, 3, 0, 2, 0, 3, 3];
const cont = [1, 0, 1, 1, 0, 1];
const recurrent = (hidden: readonly string[]): Row[] => {
  const text = (bottoms: readonly string[], more = ""): string =>
    `${bottoms.map((name) => `bottom: "${name}"`).join(" ")} top: "y" ${more}`;
  const param = (more = ""): string =>
    `recurrent_param { num_output: 2 ${fill} bias_filler { type: "uniform" } ${more} }`;
  const names = ["c", "d", "e"];
  const states = hidden.join(" ");
  const tops = hidden.map((_, i) => `top: "z${i}"`).join(" ");
  const exposed = `${tops} ${param("expose_hidden: true")}`;
  return [
    [text(["a", "b"], param()), "3x2x3 3x2", { b: cont }],
    [text(["a", "b"], param()), "1x2x3 1x2", { b: [0, 1] }],
    [text(["a", "b"], param()), "2x1x2x2 2x1", { b: [1, 1] }],
    [text(["a", "b", "c"], param()), "3x2x3 3x2 2x2", { b: cont }],
    [
      text(["a", "b", ...names.slice(0, hidden.length)], exposed),
      `3x2x3 3x2 ${states}`,
      { b: cont },
    ],
    [
      text(["a", "b", ...names.slice(0, hidden.length + 1)], exposed),
      `3x2x3 3x2 2x2 ${states}`,
      { b: cont },
    ],
  ];
};

/** Uses of every layer that has a gradient. */
export const configurations: Readonly<Record<string, readonly Row[]>> = {
  APL: [
    ...neuron("apl_param { sums: 2 }"),
    ['bottom: "a" top: "y" apl_param { slope_filler { type: "uniform" } }', "3x2"],
  ],
  AbsVal: [
    ['bottom: "a" top: "y"', "2x3x2"],
    ['bottom: "a" top: "y"', "5"],
  ],
  Axpy: [
    ['bottom: "a" bottom: "b" bottom: "c" top: "y"', "2x3x1x1 2x3x2x2 2x3x2x2"],
    ['bottom: "a" bottom: "b" bottom: "c" top: "y"', "2x3 2x3x2 2x3x2"],
  ],
  BN: [
    // The derivative, except in TEST without frozen, where it is PSPNet's.
    ['bottom: "a" top: "y" bn_param { eps: 0.1 }', "3x2x2"],
    ['bottom: "a" top: "a" bn_param { momentum: 0.5 }', "4x2"],
    ['bottom: "a" top: "y" bn_param { bn_mode: LEARN }', "3x2x2x2"],
    ['bottom: "a" top: "a" bn_param { bn_mode: LEARN }', "4x2"],
    ['bottom: "a" top: "y" bn_param { bn_mode: INFERENCE }', "2x3x2"],
    ['bottom: "a" top: "a" bn_param { bn_mode: INFERENCE }', "2x3"],
  ],
  BNLL: [...neuron(""), ['bottom: "a" top: "y"', "4", { a: [60, -60, 3, -3] }]],
  BatchNorm: [
    ['bottom: "a" top: "y"', "3x3"],
    ['bottom: "a" top: "y"', "2x3x2x2"],
    ['bottom: "a" top: "a" batch_norm_param { eps: 0.1 }', "2x3x2"],
    ['bottom: "a" top: "y"', "5"],
    [`bottom: "a" top: "y" batch_norm_param { use_global_stats: true } ${statistics}`, "2x3x2"],
    [`bottom: "a" top: "a" phase: TEST ${statistics}`, "2x3"],
    ['bottom: "a" top: "y" batch_norm_param { scale_bias: true }', "3x2x2"],
    ['bottom: "a" top: "a" batch_norm_param { bias_filler { } eps: 0.1 }', "4x2"],
    ['bottom: "a" top: "y" batch_norm_param { use_weight_bias: true eps: 0.1 }', "3x2x2"],
    ['bottom: "a" top: "a" batch_norm_param { bias_term: false eps: 0.1 }', "4x2"],
    ['bottom: "a" top: "y" batch_norm_param { stats_batch_size: 2 eps: 0.1 }', "4x2x2"],
    [
      `bottom: "a" top: "y" phase: TEST batch_norm_param { add_eps_before_sqrt: false eps: 0.1 } ${statistics}`,
      "2x3x2",
    ],
  ],
  BatchReindex: [
    ['bottom: "a" bottom: "b" top: "y"', "3x2 5", { b: [2, 0, 2, 2, 1] }],
    ['bottom: "a" bottom: "b" top: "y"', "3x2x2 1", { b: [1] }],
  ],
  BatchToSpaceND: one(
    "batch_to_space_nd_param",
    "4x3x2x3",
    "block_shape: 2 block_shape: 2 crops: 0 crops: 0 crops: 1 crops: 0",
    "block_shape: 1 block_shape: 2 block_shape: 2 crops: 0 crops: 0 crops: 0 crops: 1 crops: 1 crops: 1",
  ),
  Bias: [
    ...one("bias_param", "2x3x2", "", "axis: 0 num_axes: 2", "num_axes: -1", "num_axes: 0"),
    ...two("bias_param", "2x3x2 2x3", "axis: 0"),
    ['bottom: "a" bottom: "b" top: "y" bias_param { axis: -1 }', "2x3x2 2"],
    ['bottom: "a" bottom: "b" top: "a" bias_param { axis: 0 }', "2x3 2"],
    ['bottom: "a" top: "a"', "2x3"],
  ],
  CTCLoss: [
    ctc("", "4x2x3 2x2", { b: [0, 1, 1, 2] }),
    ctc("blank_index: 0 output_delay: 1", "4x2x3 2x3", { b: [1, 2, 0, 2, -1, 0] }),
    ctc("ctc_merge_repeated: false", "4x1x3 1x2", { b: [1, 1] }),
    ctc("preprocess_collapse_repeated: true", "3x1x3 1x3", { b: [1, 1, 0] }),
    ctc("", "4x2x3 4x2 3x2", { b: [0, 0, 1, 1, 1, 0, 1, 0], c: [0, 1, 1, -1, -1, 0] }),
    ctc("", "4x2x3 2 2 3x2", { b: [4, 2], c: [2, 1], d: [0, 1, 0, 5, 9, 9] }),
    // The second sample's labels do not fit.
    ctc("", "3x2x3 2x2", { b: [0, 1, 0, 0] }, "VALID"),
  ],
  Clip: neuron("clip_param { min: -0.4 max: 0.3 }", "clip_param { min: -9 max: 9 }"),
  ColinearConvolution: [
    "pad: 1",
    "symmetric: true stride: 2",
    "quadratic_term: false",
    "linear_term: false",
    "bias_term: false",
  ].map(
    (param): Row => [
      `bottom: "a" top: "y" colinear_convolution_param { num_output: 2 kernel_size: 2 quadratic_${fill} linear_${fill} bias_filler { value: 1 } ${param} }`,
      "2x2x3x3",
    ],
  ),
  Concat: [
    ...two("concat_param", "2x3x2 2x3x2", "", "axis: 0", "axis: -1", "concat_dim: 2"),
    ['bottom: "a" bottom: "b" bottom: "c" top: "y"', "2x1x2 2x3x2 2x2x2"],
    ['bottom: "a" top: "y"', "2x3"],
  ],
  ContrastiveLoss: [
    ['bottom: "a" bottom: "b" bottom: "c" top: "y"', "3x2 3x2 3", { c: [1, 1, 1] }],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" contrastive_loss_param { margin: 5 legacy_version: true }',
      "3x2x1x1 3x2x1x1 3",
      { c: [0, 1, 0] },
    ],
    [
      // Caffe divides by the distance + 1e-4: far apart that is the distance.
      'bottom: "a" bottom: "b" bottom: "c" top: "y" contrastive_loss_param { margin: 3000 }',
      "2x2 2x2 2",
      { a: [900, 800, 2, 1], b: [-900, 100, 1, 1], c: [0, 1] },
    ],
  ],
  Convolution: [
    ...one(
      "convolution_param",
      "2x4x4x3",
      "num_output: 2 kernel_size: 3",
      "num_output: 2 kernel_size: 3 pad: 1 stride: 2",
      "num_output: 4 kernel_size: 2 group: 2",
      "num_output: 4 kernel_size: 2 group: 4 bias_term: false",
      "num_output: 3 kernel_size: 1",
      "num_output: 2 kernel_size: 2 dilation: 2 pad: 1",
      "num_output: 2 kernel_h: 3 kernel_w: 1 stride_h: 1 stride_w: 2 pad_h: 1 pad_w: 0",
      "num_output: 2 kernel_size: 2 kernel_size: 3 pad: 0 pad: 1 stride: 2 stride: 1 force_nd_im2col: true",
      "num_output: 2 kernel_size: 3 stride: 2 pad_t: 0 pad_l: 0 pad_b: 1 pad_r: 2",
      "num_output: 4 group: 4 kernel_size: 2 pad_t: 1 pad_r: 1",
      "num_output: 2 kernel_size: 3 stride: 2 pad_type: 1",
    ),
    ...one(
      "convolution_param",
      "1x2x3x3x2",
      "num_output: 2 kernel_size: 2",
      "num_output: 2 kernel_size: 2 group: 2 pad: 1 stride: 2",
      "num_output: 1 kernel_size: 2 kernel_size: 2 kernel_size: 1 dilation: 2 dilation: 1 dilation: 1",
      "num_output: 2 kernel_size: 2 axis: 2",
    ),
    ...one(
      "convolution_param",
      "2x3x5",
      "num_output: 2 kernel_size: 2 stride: 2",
      "num_output: 2 kernel_size: 2 axis: -2",
    ),
    ...one("convolution_param", "2x3", "num_output: 2 axis: 1"),
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" convolution_param { num_output: 2 kernel_size: 2 }',
      "1x2x3x3 1x2x3x3",
    ],
  ],
  ConvolutionDepthwise: one(
    "convolution_param",
    "2x3x4x3",
    "kernel_size: 3 pad: 1 stride: 2",
    "kernel_size: 2 dilation: 2 bias_term: false num_output: 1",
  ),
  Crop: two(
    "crop_param",
    "2x3x4x4 2x2x3x2",
    "",
    "offset: 1",
    "axis: 1 offset: 1 offset: 0 offset: 2",
    "axis: -1",
  ),
  CropCenter: one("crop_center_param", "2x3x5", "crop_size: 0 crop_size: 1 crop_size: 2"),
  CtcLoss: [
    [
      'bottom: "a" bottom: "b" top: "y" loss_weight: 2 ctc_loss_param { blank_label: 2 alphabet_size: 3 time_step: 4 } loss_param { normalization: NONE }',
      "4x2x3 2x2",
      { b: [0, 1, 1, 2] },
    ],
  ],
  Deconvolution: [
    ...one(
      "convolution_param",
      "2x2x2x3",
      `num_output: 2 kernel_size: 3 ${fill}`,
      `num_output: 2 kernel_size: 3 pad: 1 stride: 2 ${fill}`,
      `num_output: 4 kernel_size: 2 group: 2 bias_term: false ${fill}`,
      `num_output: 1 kernel_size: 2 dilation: 2 ${fill}`,
      'num_output: 2 kernel_size: 4 stride: 2 pad: 1 group: 2 weight_filler { type: "bilinear" }',
      `num_output: 2 kernel_size: 3 stride: 2 pad_t: 1 pad_r: 2 ${fill}`,
    ),
    ...one("convolution_param", "1x2x2x2x2", `num_output: 2 kernel_size: 2 stride: 2 ${fill}`),
    [
      `bottom: "a" bottom: "b" top: "y" top: "z" convolution_param { num_output: 2 kernel_size: 2 ${fill} }`,
      "1x2x2x2 1x2x2x2",
    ],
  ],
  DenseBlock: ["", "use_BC: true", "numTransition: 1"].map((param) => [
    `bottom: "a" top: "y" denseblock_param { growthRate: 2 Filter_Filler { type: "uniform" min: -1 max: 1 } BN_Scaler_Filler { value: 1 } BN_Bias_Filler { type: "uniform" } ${param.includes("numT") ? "" : "numTransition: 2"} ${param} }`,
    "2x2x3x2",
  ]),
  DepthToSpace: one(
    "depth_to_space_param",
    "2x4x2x4",
    'block_size: 2 data_format: "NCHW"',
    'block_size: 2 data_format: "CRD"',
    "block_size: 2",
  ),
  DepthwiseConvolution: one(
    "convolution_param",
    "2x2x4x3",
    "num_output: 2 group: 2 kernel_size: 3 pad: 1",
    "num_output: 4 group: 2 kernel_size: 2 stride: 2",
  ),
  Dropout: [
    ...neuron("", "dropout_param { dropout_ratio: 0.2 }"),
    ...neuron("phase: TEST", "phase: TEST dropout_param { sample_weights_test: true }"),
    ...neuron(
      "dropout_param { scale_train: false }",
      "phase: TEST dropout_param { scale_train: false }",
    ),
  ],
  ELU: neuron("", "elu_param { alpha: 0.3 }"),
  Eltwise: [
    ...two("eltwise_param", "2x3x2 2x3", "coeff: 0.5 coeff: -2", "operation: PROD"),
    ...two(
      "eltwise_param",
      "2x3x2 3",
      "axis: 1",
      "operation: PROD axis: -2",
      "operation: MAX axis: 1",
    ),
    ...two(
      "eltwise_param",
      "2x3 2x3",
      "",
      "coeff: 0.5 coeff: -2",
      "operation: PROD",
      "operation: PROD stable_prod_grad: false",
      "operation: MAX",
    ),
    ...["SUM", "PROD", "MAX"].map(
      (operation): Row => [
        `bottom: "a" bottom: "b" bottom: "c" top: "y" eltwise_param { operation: ${operation} }`,
        "2x3 2x3 2x3",
      ],
    ),
    ['bottom: "a" bottom: "a" top: "y" eltwise_param { operation: PROD }', "2x3"],
  ],
  EltwiseAffine: neuron(
    "",
    'eltwise_affine_param { slope_filler { type: "uniform" } channel_shared: true }',
  ),
  Embed: ["", "bias_term: false"].map((more) => [
    `bottom: "a" top: "y" embed_param { num_output: 2 input_dim: 3 ${more} }`,
    "2x2",
    { a: [0, 2, 2, 1] },
  ]),
  EuclideanLoss: [
    ['bottom: "a" bottom: "b" top: "y"', "2x3 2x3"],
    ['bottom: "a" bottom: "b"', "3x2x2 3x4"],
  ],
  Exp: neuron("", "exp_param { base: 2 scale: 0.5 shift: -1 }", "exp_param { scale: -2 }"),
  Filter: [
    ['bottom: "a" bottom: "b" top: "y"', "4x2 4", { b: [1, 0, 0, 2] }],
    ['bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"', "3x2 3x1x2 3x1", { c: [0, 1, 1] }],
  ],
  Flatten: one("flatten_param", "2x3x2x2", "", "axis: 2", "axis: 0 end_axis: -2"),
  Flip: one("flip_param", "2x1x2x3", "", "flip_height: true", "flip_width: false"),
  FocalLoss: [
    "alpha: 0.5",
    "gamma: 0.5 alpha: 2",
    "gamma: 1",
    "type: ONEADDP",
    "gamma: 3 alpha: 1 } loss_param { normalization: BATCH_SIZE ignore_label: 1",
  ].map(
    (param): Row => [
      `bottom: "a" bottom: "b" top: "y" focal_loss_param { ${param} }`,
      "2x3x2 2x2",
      { b: [0, 2, 1, 1] },
    ],
  ),
  GRN: one("grn_param", "2x3x2", "bias: 0.1", "bias: 2"),
  HardSwish: [...neuron(""), ['bottom: "a" top: "y"', "4", { a: [-5, 5, 2.5, -2.5] }]],
  Gather: [
    ['bottom: "a" top: "y"', "2x3"],
    ['bottom: "a" bottom: "b" top: "y" top: "z"', "2x3 2"],
  ],
  GeneralContrastiveLoss: [
    ...["", "max_negative_only: true", "positive_weight: 2 negative_weight: 3"].map(
      (param): Row => [
        `bottom: "a" bottom: "b" top: "y" general_contrastive_loss_param { ${param} }`,
        "2x3 2",
        { a: [0.1, 0.5, 1.5, 0.7, 2, 0.3], b: [1, 0] },
      ],
    ),
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" loss_weight: 1 loss_weight: 0 general_contrastive_loss_param { exp_negative_weight: true }',
      "2x3 2",
      { a: [0.1, 0.5, 1.5, 0.7, 2, 0.3], b: [1, 0] },
    ],
  ],
  GeneralTripletLoss: [
    // The derivative, for one other class counts.
    [
      'bottom: "a" bottom: "b" top: "y" general_triplet_loss_param { add_center_loss: false hardest_only: true margin: 0.5 }',
      "2x3 2",
      { a: [0.1, 0.5, 1.5, 0.7, 2, 0.3], b: [1, 0] },
    ],
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" loss_weight: 1 loss_weight: 0 general_triplet_loss_param { add_center_loss: false }',
      "2x2 2",
      { a: [0.1, 0.5, 1.5, 0.7], b: [1, 1] },
    ],
  ],
  HingeLoss: ["L1", "L2"].map((norm) => [
    `bottom: "a" bottom: "b" top: "y" hinge_loss_param { norm: ${norm} }`,
    "3x4 3",
    { a: apart, b: [1, 3, 0] },
  ]),
  Im2col: one(
    "convolution_param",
    "2x2x4x3",
    "kernel_size: 2",
    "kernel_size: 3 pad: 1 stride: 2",
    "kernel_size: 2 dilation: 2",
  ),
  InfogainLoss: [
    ...modes.map(
      (mode): Row => [
        `bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { ${mode} }`,
        "2x3x2 2x2 3x3",
        { b: [0, 2, 1, 1] },
      ],
    ),
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" infogain_loss_param { axis: 2 }',
      "2x2x3 2x2 3x3",
      { b: [0, 2, 1, 1] },
    ],
  ],
  InnerDistance: [
    ...one(
      "inner_distance_param",
      "2x3x2",
      `num_output: 4 ${fill} bias_filler { type: "uniform" }`,
      `num_output: 2 distance_type: "L1" ${fill}`,
    ),
    ...two("inner_distance_param", "2x3 4x3", "", 'distance_type: "L1"'),
  ],
  InnerProduct: one(
    "inner_product_param",
    "2x3x2",
    "num_output: 2",
    "num_output: 2 bias_term: false",
    "num_output: 2 transpose: true",
    "num_output: 2 axis: 2",
    "num_output: 2 axis: -1 transpose: true",
    "num_output: 3 axis: 0",
  ),
  Insanity: [
    ...neuron(
      "",
      "insanity_param { lb: 2 ub: 3 }",
      "insanity_param { lb: -3 ub: -2 }",
      "phase: TEST",
    ),
  ],
  Interp: [
    ...one(
      "interp_param",
      "2x2x3x4",
      "height: 5 width: 7",
      "height: 2 width: 2",
      "zoom_factor: 3",
      "shrink_factor: 2",
      "height: 3 width: 4",
      "zoom_factor: 2 pad_beg: -1",
    ),
    ['bottom: "a" top: "y" interp_param { height: 3 width: 1 }', "1x2x1x1"],
    ['bottom: "a" bottom: "b" top: "y" interp_param { use_blob_size: true }', "1x2x3x2 1x1x2x4"],
  ],
  L1Loss: [
    ['bottom: "a" bottom: "b" top: "y"', "3x2 3x2"],
    ['bottom: "a" bottom: "b" loss_weight: 2', "2x3x2 2x3x2"],
  ],
  LRN: one(
    "lrn_param",
    "2x4x3x3",
    "local_size: 3 alpha: 2",
    "local_size: 5 beta: 0.5 k: 2",
    "local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL",
    "local_size: 5 k: 2 norm_region: WITHIN_CHANNEL",
  ),
  LSTM: recurrent(["1x2x2", "1x2x2"]),
  LSTMUnit: [
    ['bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"', "1x2x3 1x2x12 1x2", { c: [1, 0] }],
    ['bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"', "1x1x2 1x1x8 1x1", { c: [1] }],
  ],
  Log: [
    ['bottom: "a" top: "y"', "12", { a: positive }],
    ['bottom: "a" top: "a"', "12", { a: positive }],
    ...neuron("log_param { base: 2 scale: 0.5 shift: 3 }"),
  ],
  Lstm: [
    ["lstm_param { num_output: 2", "3x2x3"],
    ["lstm_param { num_output: 2", "3x2"],
    ["lstm_param { num_output: 1 clipping_threshold: 50", "2x2x1x2"],
    ["lstm_param { num_output: 2 batch_size: 2", "4x3"],
    ['bottom: "b" lstm_param { num_output: 2', "3x2x3 3x2", { b: cont }],
    ['bottom: "b" lstm_param { num_output: 2 batch_size: 2', "6x1 6", { b: cont }],
  ].map(
    ([fields, shapes, inputs]) =>
      [
        `bottom: "a" top: "y" ${fields} ${fill} bias_filler { type: "uniform" } }`,
        shapes,
        inputs,
      ] as Row,
  ),
  MTCNNEuclideanLoss: [
    ['bottom: "a" bottom: "b" top: "y"', "2x3 2x3"],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { ignore_label: 0 }',
      "3x2x2 3x4 3",
      { c: [1, 0, -1] },
    ],
  ],
  MVN: one(
    "mvn_param",
    "2x3x2x2",
    "",
    "across_channels: true",
    "normalize_variance: false",
    "eps: 1e-8",
  ),
  Mul: [
    ...["2x3x2 2x3x2", "2x3x2x2 2x3x1x1", "1x3x1 2x3x2", "2x3 3", "2x1x3 1x2x3", "3x1 1x2"].map(
      (shapes): Row => ['bottom: "a" bottom: "b" top: "y"', shapes],
    ),
    [
      'bottom: "a" top: "y" mul_param { mul_shape: 3 mul_shape: 1 } blobs { shape { dim: 3 dim: 1 } data: [1, -2, 3] }',
      "2x3x2",
    ],
  ],
  MultiBoxLoss: [
    "",
    "code_type: CENTER_SIZE",
    "code_type: CORNER_SIZE loc_loss_type: L2 loc_weight: 2",
    "conf_loss_type: LOGISTIC mining_type: NONE",
    "mining_type: HARD_EXAMPLE sample_size: 2",
    "bp_inside: true match_type: BIPARTITE",
  ].map((param) => [
    `bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" multibox_loss_param { num_classes: 3 overlap_threshold: 0.3 ${param} }`,
    "2x12 2x9 1x2x12 1x1x2x8",
    { c: priors, d: objects },
  ]),
  MultiStageMeanfield: [
    ["spatial_filter_weight: 3 bilateral_filter_weight: 5", 3],
    ['spatial_filter_weights_str: "0.5 2" bilateral_filter_weights_str: "1"', 1],
  ].map(
    ([param, iterations]): Row => [
      `bottom: "a" bottom: "b" bottom: "c" top: "y" multi_stage_meanfield_param { num_iterations: ${iterations} theta_alpha: 2 theta_beta: 0.5 theta_gamma: 1.5 ${param} }`,
      "2x2x2x3 2x2x2x3 2x3x2x3",
    ],
  ),
  MultinomialLogisticLoss: [
    ['bottom: "a" bottom: "b" top: "y"', "4x3 4", { a: positive, b: [0, 2, 1, 1] }],
    ['bottom: "a" bottom: "b"', "4x3x1x1 4", { a: positive, b: [0, 0, 0, 0] }],
  ],
  Normalize: [
    ...one("norm_param", "2x3x2x2", "", "across_spatial: false", "eps: 2"),
    // Of one channel: with unequal scales its gradient is not the derivative.
    ...one("norm_param", "2x1x3", "across_spatial: true channel_shared: false"),
    ...one("norm_param", "2x3", "", "across_spatial: false"),
    ['bottom: "a" top: "y" normalize_param { normalize_type: "L2" }', "2x3x2"],
  ],
  PReLU: [
    ...neuron("", "prelu_param { channel_shared: true }"),
    ['bottom: "a" top: "y"', "3x2"],
    ['bottom: "a" top: "a" prelu_param { filler { value: -0.5 } }', "2x2x2x2"],
  ],
  Pad: one(
    "pad_param",
    "2x3",
    "paddings: 1 paddings: 0 paddings: 2 paddings: 1",
    "paddings: 0 paddings: 1 paddings: 1 paddings: 1 constant_values: 3",
  ),
  Parameter: [
    ['top: "y" parameter_param { shape { dim: 3 dim: 2 } }', ""],
    ['top: "y" parameter_param { shape { dim: 1 } }', ""],
    [
      'top: "y" parameter_param { shape { dim: 2 dim: 3 } blob_filler { type: "gaussian_unitball" } }',
      "",
    ],
  ],
  Permute: [
    ...one("permute_param", "2x3x2x2", "order: 0 order: 2 order: 3 order: 1", "order: 3 order: 1"),
    ...one("permute_param", "2x3", "order: 1", "order: 0"),
    ...one("permute_param", "2x1x3x2x2", "order: 4 order: 0"),
  ],
  Pooling: [
    ...one(
      "pooling_param",
      "2x2x4x3",
      "pool: AVE_EXC_PAD kernel_size: 3 stride: 2 pad: 1",
      "pool: AVE_EXC_PAD kernel_size: 3 pad_b: 1 pad_l: 2",
      "pool: AVE kernel_size: 3 pad: 1 avg_include_pad: false",
    ),
    ...["MAX", "AVE"].flatMap((pool) =>
      one(
        "pooling_param",
        "2x2x5x4",
        `pool: ${pool} kernel_size: 2 stride: 2`,
        `pool: ${pool} kernel_size: 3`,
        `pool: ${pool} kernel_size: 3 stride: 2 pad: 1`,
        `pool: ${pool} kernel_size: 3 stride: 2 round_mode: FLOOR`,
        `pool: ${pool} kernel_h: 2 kernel_w: 3 stride_h: 2 stride_w: 1 pad_h: 0 pad_w: 1`,
        `pool: ${pool} global_pooling: true`,
        `pool: ${pool} kernel_size: 3 stride: 2 pad_b: 1 pad_r: 2`,
        `pool: ${pool} kernel_size: 2 pad_t: 1 pad_l: 1 round_mode: FLOOR`,
        `pool: ${pool} kernel_size: 3 stride: 2 pad_type: 1`,
      ),
    ),
    ['bottom: "a" top: "y" top: "z" pooling_param { kernel_size: 2 }', "1x2x3x3"],
    ...["TRAIN", "TEST"].map(
      (phase): Row => [
        `bottom: "a" top: "y" phase: ${phase} pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }`,
        "1x1x3x4",
        { a: positive },
      ],
    ),
  ],
  Pooling3D: one(
    "pooling3d_param",
    "2x2x3x4x3",
    "kernel_size: 2 kernel_depth: 2",
    "kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2",
    "pool: AVE kernel_size: 3 kernel_depth: 2 stride: 2 pad: 1",
    "pool: AVE kernel_size: 1 kernel_depth: 1 temporal_stride: 2",
  ),
  Power: [
    ...neuron("power_param { power: 2 scale: 3 shift: 1 }", "power_param { power: 0 }"),
    ...neuron("power_param { power: 3 shift: 2 }", "power_param { power: -1.5 shift: 2 }"),
    ['bottom: "a" top: "y" power_param { scale: 0 shift: 2 }', "4"],
    ['bottom: "a" top: "y" power_param { scale: 3 }', "4"],
  ],
  PSROIPooling: ["spatial_scale: 1", "spatial_scale: 0.5"].map((param) => [
    `bottom: "a" bottom: "b" top: "y" psroi_pooling_param { output_dim: 2 group_size: 2 ${param} }`,
    "2x8x4x5 3x5",
    { b: regions },
  ]),
  ROIAlign: ["", "spatial_scale: 0.5 pad_ratio: 0.25"].map((param) => [
    `bottom: "a" bottom: "b" top: "y" roi_pooling_param { pooled_h: 2 pooled_w: 3 ${param} }`,
    "2x2x4x5 3x5",
    { b: regions },
  ]),
  ROIPooling: ["", "spatial_scale: 0.5"].map((param) => [
    `bottom: "a" bottom: "b" top: "y" roi_pooling_param { pooled_h: 2 pooled_w: 3 ${param} }`,
    "2x2x4x5 3x5",
    { b: regions },
  ]),
  RNN: recurrent(["1x2x2"]),
  RReLU: neuron("", "rrelu_param { lb: 2 ub: 3 }"),
  ReLU: neuron("", "relu_param { negative_slope: 0.2 }"),
  ReLU6: [
    ...neuron("", "relu6_param { negative_slope: 0.2 }"),
    ['bottom: "a" top: "y"', "4", { a: [9, 5, -3, 7] }],
  ],
  Reduction: ["SUM", "ASUM", "SUMSQ", "MEAN"].flatMap((operation) =>
    one(
      "reduction_param",
      "2x3x2",
      `operation: ${operation}`,
      `operation: ${operation} axis: 1 coeff: -2`,
      `operation: ${operation} axis: -1`,
    ),
  ),
  Reorg: one("reorg_param", "2x4x2x4", "stride: 2", "stride: 2 reverse: true", "stride: 1"),
  Reshape: [
    ...one(
      "reshape_param",
      "2x3x2",
      "shape { dim: 0 dim: -1 }",
      "shape { dim: 6 dim: 2 }",
      "axis: 1 num_axes: 1 shape { dim: 3 dim: 1 }",
      "axis: -1 shape { dim: 1 }",
    ),
    ...one("reshape_param", "2x4x2x3", "pixelshuffler: 2"),
  ],
  ResizeBilinear: one(
    "resize_bilinear_param",
    "1x2x3x4",
    "output_height: 5 output_width: 2",
    'data_format: "NCHW" align_corners: true output_height: 2 output_width: 7',
    'data_format: "NCHW" half_pixel_centers: true scale_height: 2 scale_width: 1.5',
  ),
  ResizeNearestNeighbor: one(
    "resize_nearest_neighbor_param",
    "1x2x3x4",
    "output_height: 5 output_width: 2",
    'data_format: "NCHW" align_corners: true output_height: 2 output_width: 7',
    'data_format: "NCHW" half_pixel_centers: true scale_height: 2 scale_width: 1.5',
  ),
  Reverse: one("reverse_param", "2x3x2", "", "axis: 1", "axis: -1", "axis: 0 axis: 2"),
  SPP: one(
    "spp_param",
    "1x2x6x4",
    "pyramid_height: 1",
    "pyramid_height: 3",
    "pyramid_height: 2 pool: AVE",
  ),
  Scale: [
    ...one("scale_param", "2x3x2", "", "bias_term: true", "axis: 0 num_axes: 2 bias_term: true"),
    ...one("scale_param", "2x3x2", "num_axes: -1 bias_term: true", "num_axes: 0 bias_term: true"),
    ...two("scale_param", "2x3x2 2x3", "axis: 0", "axis: 0 bias_term: true"),
    ['bottom: "a" bottom: "b" top: "y" scale_param { axis: -1 }', "2x3x2 2"],
    ['bottom: "a" bottom: "b" top: "a" scale_param { axis: 0 bias_term: true }', "2x3 2"],
    ['bottom: "a" top: "a" scale_param { bias_term: true }', "2x3"],
  ],
  ScaleRoute: ["low_scale: 3", "high_scale: 3", "low_scale: 90 high_scale: 95"].map((param) => [
    `bottom: "a" bottom: "b" bottom: "c" top: "x" top: "y" top: "z" scale_route_param { ${param} }`,
    "3x5 3x2 3x1x2",
    { a: regions },
  ]),
  SeLU: neuron("", "selu_param { lambda: 2 alpha: 0.5 }"),
  SeLu: neuron(""),
  SeLuDropout: neuron("", "selu_dropout_param { dropout_ratio: 0.5 }", "phase: TEST"),
  ShuffleChannel: one("shuffle_channel_param", "2x4x3", "group: 2", "group: 4", ""),
  Sigmoid: neuron(""),
  SigmoidCrossEntropyLoss: ["", "normalize: true", "normalize: false", ...modes].map((mode) => [
    `bottom: "a" bottom: "b" top: "y" loss_param { ${mode} }`,
    "2x3 2x3",
    { b: [0, 1, 0.3, 1, 0, 0.9] },
  ]),
  Slice: [
    ['bottom: "a" top: "y" top: "z" top: "x"', "2x3x2"],
    ['bottom: "a" top: "y" top: "z" slice_param { axis: 0 }', "2x3"],
    ['bottom: "a" top: "y" top: "z" slice_param { axis: -1 slice_point: 1 }', "2x3x4"],
    ['bottom: "a" top: "y" top: "z" slice_param { slice_dim: 2 }', "2x3x4"],
    ['bottom: "a" top: "y"', "2x3"],
  ],
  Softmax: [
    ...one("softmax_param", "2x3x2", "", "axis: 0", "axis: -1"),
    ['bottom: "a" top: "a"', "2x3"],
  ],
  SmoothL1Loss: [
    ['bottom: "a" bottom: "b" top: "y"', "2x3x2 2x3x2"],
    [
      'bottom: "a" bottom: "b" top: "y" loss_weight: 2 smooth_l1_loss_param { sigma: 3 }',
      "2x3 2x3",
    ],
    ['bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" loss_weight: 1', "2x3 2x3 2x3 2x3"],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" loss_weight: 1',
      "2x3 2x3 2x3",
      { c: [1, 0, 1, 1, 1, 0] },
    ],
  ],
  SmoothL1LossOHEM: [
    ['bottom: "a" bottom: "b" top: "y" loss_weight: 1', "2x3x2x1 2x3x2x1"],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" loss_weight: 1 loss_weight: 0 loss_param { normalization: NONE }',
      "2x3 2x3 2x3",
      // Other weights do not scale the gradient.
      { c: [1, 0, 1, 0, 1, 1] },
    ],
  ],
  SoftmaxWithLossOHEM: [
    ['bottom: "a" bottom: "b" top: "y"', "2x3x2 2x2", { b: [0, 2, 1, 1] }],
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" top: "w" loss_param { ignore_label: 1 normalization: FULL }',
      "2x3x2 2x2",
      { b: [0, 2, 1, 1] },
    ],
  ],
  SoftmaxWithLoss: [
    ...["", "normalize: true", "normalize: false", ...modes].map(
      (mode): Row => [
        `bottom: "a" bottom: "b" top: "y" loss_param { ${mode} }`,
        "2x3x2 2x2",
        { b: [0, 2, 1, 1] },
      ],
    ),
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" softmax_param { axis: -1 }',
      "2x2x3 2x2",
      { b: [0, 2, 1, 1] },
    ],
    [
      'bottom: "a" bottom: "b" top: "y" loss_param { weight_by_label_freqs: true class_weighting: 0.5 class_weighting: 2 class_weighting: 0 ignore_label: 1 }',
      "2x3x2 2x2",
      { b: [0, 2, 1, 0] },
    ],
    ['bottom: "a" bottom: "b" loss_weight: 3', "2x3 2", { b: [0, 2] }],
  ],
  SpaceToBatchND: one(
    "space_to_batch_nd_param",
    "2x4x3x3",
    "block_shape: 2 block_shape: 2 paddings: 0 paddings: 0 paddings: 1 paddings: 0",
    "block_shape: 1 block_shape: 2 block_shape: 2 paddings: 0 paddings: 0 paddings: 1 paddings: 2 paddings: 0 paddings: 1",
  ),
  SpaceToDepth: one(
    "space_to_depth_param",
    "1x4x2x4",
    'block_size: 2 data_format: "NCHW"',
    "block_size: 2",
  ),
  SpatialDropout: neuron("", "spatial_dropout_param { dropout_ratio: 0.2 }", "phase: TEST"),
  Split: [
    ['bottom: "a" top: "y" top: "z" top: "x"', "2x3"],
    ['bottom: "a" top: "y"', "2x3"],
  ],
  Squeeze: one("squeeze_param", "2x1x3x1", "", "axis: 1", "axis: -1 axis: 1"),
  Swish: neuron("", "swish_param { beta: -0.5 }", "swish_param { beta: 3 }"),
  TanH: neuron(""),
  Tile: one("tile_param", "2x3x2", "tiles: 3", "tiles: 2 axis: 0", "tiles: 2 axis: -1", "tiles: 1"),
  Transpose: one("transpose_param", "2x3x4", "dim: 2 dim: 0 dim: 1", "dim: 0 dim: 1 dim: 2"),
  TreepoolKernel1L: one(
    "convolution_param",
    "2x2x4x3",
    `kernel_size: 2 ${fill}`,
    `kernel_size: 3 stride: 2 ${fill}`,
    `kernel_h: 1 kernel_w: 2 ${fill}`,
  ),
  TreepoolMaxAve: one(
    "convolution_param",
    "2x2x4x3",
    `kernel_size: 2 ${fill}`,
    `kernel_size: 3 stride: 2 ${fill}`,
  ),
  TripletLoss: [
    ['bottom: "a" bottom: "b" bottom: "c" top: "y"', "3x2 3x2 3x2"],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" triplet_loss_param { margin: 0.1 }',
      "3x2x1x1 3x2x1x1 3x2x1x1",
    ],
  ],
  Upsample: [
    ...one("upsample_param", "2x2x3x2", "scale: 2", "scale_h: 1 scale_w: 3"),
    ...two("upsample_param", "1x2x1x2 1x2x1x2", "", "upsample_h: 5 upsample_w: 2").map(
      ([fields, shapes]): Row => [fields, shapes, { b: [5, 0, 1, 2] }],
    ),
  ],
  UpsampleDarknet: one("upsample_darknet_param", "2x2x3x2", "stride: 2", ""),
  WarpCTCLoss: [
    [
      'bottom: "a" bottom: "b" top: "y" loss_param { normalization: BATCH_SIZE }',
      "4x2x3 2x2",
      { b: [2, 1, 1, 0] },
    ],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { normalization: BATCH_SIZE }',
      "3x2x3 3x2 2x2",
      { b: [0, 0, 1, 1, 1, 0], c: [0, 1, 1, -1] },
    ],
  ],
};

/**
 * Uses of the layers that have none: they bring or take data, count, choose, or say yes or no; and of those whose gradient
 * is no derivative of what they compute (docs/differences.md).
 */
export const withoutGradient: Readonly<Record<string, readonly Row[]>> = {
  BboxAccuracy: [
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"',
      "2x8 2x5 2x6",
      { b: [0, 0, 0, 9, 9, 0, 2, 2, 9, 9], c: [1, 0, 0, 9, 7, 0.8, 0, 0, 0, 0, 0, 0] },
    ],
  ],
  BoxGroupOutput: [
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" box_group_output_param { box_group_param { field_w: 8 field_h: 8 stride: 8 } min_size: 1 }',
      "1x2x2x2 1x4x2x2",
    ],
  ],
  BoxOutput: [
    [
      'bottom: "a" top: "y" top: "z" box_output_param { field_w: 8 field_h: 8 downsample_rate: 8 min_size: 1 fg_thr: -9 }',
      "1x6x2x2",
    ],
  ],
  DecodeBBox: [
    ['bottom: "a" bottom: "b" top: "y"', "2x8 2x5", { b: [0, 0, 0, 9, 9, 0, 2, 2, 9, 9] }],
  ],
  DetectionAccuracy: [
    [
      'bottom: "a" bottom: "b" top: "y" top: "z" detection_accuracy_param { cls_num: 2 field_w: 8 field_h: 8 downsample_rate: 8 }',
      "1x6x1x2 1x6x1x2",
      { b: fieldLabels },
    ],
  ],
  DetectionGroupAccuracy: [
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" detection_group_accuracy_param { cls_num: 2 field_w: 8 field_h: 8 stride: 8 }',
      "1x2x1x2 1x4x1x2 1x6x1x2",
      { c: fieldLabels },
    ],
  ],
  // The second number of their top has no gradient of its own: tests/layers/cascade has differences of the first.
  DetectionGroupLoss: [
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" detection_group_loss_param { cls_num: 2 field_w: 8 field_h: 8 stride: 8 }',
      "1x2x1x2 1x4x1x2 1x6x1x2",
      { c: fieldLabels },
    ],
  ],
  DetectionLoss: [
    [
      'bottom: "a" bottom: "b" top: "y" detection_loss_param { cls_num: 2 field_w: 8 field_h: 8 downsample_rate: 8 sample_mode: "all" }',
      "1x6x1x2 1x6x1x2",
      { b: fieldLabels },
    ],
  ],
  FrcnnOutput: [
    [
      'bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y"',
      "2x2 2x8 2x5 1x2",
      { a: [0.2, 0.8, 0.6, 0.4], c: [0, 0, 0, 9, 9, 0, 2, 2, 9, 9], d: [10, 12] },
    ],
  ],
  Proposal: [
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" proposal_param { scale: 1 ratio: 1 min_size: 1 }',
      "2x2x1x2 2x4x1x2 2x3",
      { c: [40, 50, 1, 30, 50, 1] },
    ],
  ],
  ProposalTarget: [
    [
      `bottom: "a" bottom: "b" ${["t", "u", "v", "w", "x", "y", "z"].map((top) => `top: "${top}"`).join(" ")} proposal_target_param { cls_num: 2 batch_size: 2 }`,
      "2x5 1x8",
      { a: [0, 0, 0, 9, 9, 0, 2, 2, 9, 9], b: [0, 0, 0, 9, 8, 1, 0, 0] },
    ],
  ],
  Accuracy: [
    ['bottom: "a" bottom: "b" top: "y" top: "z"', "3x4 3", { b: [0, 3, 1] }],
    [
      'bottom: "a" bottom: "b" top: "y" accuracy_param { min_is_better: true }',
      "3x4 3",
      { b: [0, 3, 1] },
    ],
    [
      'bottom: "a" bottom: "b" top: "y" accuracy_param { top_k: 2 ignore_label: 1 }',
      "3x4 3",
      { b: [0, 3, 1] },
    ],
  ],
  ArgMax: one("argmax_param", "2x3x2", "", "axis: 1 top_k: 2", "out_max_val: true"),
  BoxAnnotatorOHEM: [
    [
      'bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" top: "z" box_annotator_ohem_param { roi_per_img: 1 }',
      "3x5 3 3 3x2",
      { a: [0, 1, 1, 2, 2, 0, 1, 1, 2, 2, 1, 1, 1, 2, 2] },
    ],
  ],
  CTCGreedyDecoder: [
    ['bottom: "a" top: "y"', "4x2x3"],
    ['bottom: "a" bottom: "b" top: "y"', "4x2x3 2x3", { b: [1, 2, 0, 2, -1, 0] }],
    ['bottom: "a" bottom: "b" top: "y" top: "z"', "4x2x3 4x2", { b: [0, 0, 1, 1, 1, 0, 1, 0] }],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" top: "x"',
      "4x2x3 4x2 3x2",
      { b: [0, 0, 1, 1, 1, 0, 1, 0], c: [0, 1, 1, -1, -1, 0] },
    ],
  ],
  ContinuationIndicator: [
    ['top: "y" continuation_indicator_param { time_step: 3 batch_size: 2 }', ""],
    ['bottom: "a" top: "y" continuation_indicator_param { time_step: 3 }', "2x3"],
  ],
  DetectionEvaluate: [
    [
      'bottom: "a" bottom: "b" top: "y" detection_evaluate_param { num_classes: 2 }',
      "1x1x1x7 1x1x1x8",
      { a: [0, 1, 0.5, 0, 0, 1, 1], b: [0, 1, 0, 0, 0, 1, 1, 0] },
    ],
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" detection_evaluate_param { num_classes: 2 }',
      "1x7 1x8 1x2",
      { a: [0, 1, 1, 9, 9, 1, 0.5], b: [0, 1, 1, 9, 8, 1, 0, 0], c: [20, 20] },
    ],
  ],
  CenterLoss: [
    [
      'bottom: "a" bottom: "b" top: "y" loss_weight: 1 center_loss_param { num_output: 2 }',
      "2x3 2",
      { b: [0, 1] },
    ],
  ],
  DetectionOutput: [
    [
      'bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param { num_classes: 2 }',
      "1x4 1x2 1x2x4",
    ],
  ],
  DummyData: [
    ['top: "y" dummy_data_param { shape { dim: 2 } data_filler { type: "gaussian" } }', ""],
  ],
  EvalDetection: two(
    "eval_detection_param",
    "1x7x1x1 1x1x1x8",
    "side: 1 num_class: 2 num_object: 1 nms: 0.5 biases: 1 biases: 1",
  ).map(([fields, shapes]): Row => [fields, shapes, { b: [0, 1, 0, 0, 0, 1, 1, 0] }]),
  GaussianYolov3: yoloLoss("yolov3_param", "1x10x1x1", "mask: 0"),
  Input: [['top: "y" input_param { shape { dim: 2 } }', ""]],
  LabelsequenceAccuracy: [
    ['bottom: "a" bottom: "b" top: "y"', "2x4x3 2x3", { b: [1, 2, 0, 2, -1, 0] }],
  ],
  MarginInnerProduct: ["SINGLE", "DOUBLE"].map(
    (type): Row => [
      `bottom: "a" bottom: "b" top: "y" top: "z" margin_inner_product_param { num_output: 2 type: ${type} ${fill} }`,
      "2x3 2",
      { b: [0, 1] },
    ],
  ),
  PriorBox: two("prior_box_param", "1x1x2x2 1x3x4x4", "min_size: 2"),
  PriorBoxClustered: two("prior_box_param", "1x1x2x2 1x3x4x4", "width: 2 height: 2"),
  RegionLoss: yoloLoss("region_loss_param", "1x6x1x1", ""),
  SegAccuracy: [['bottom: "a" bottom: "b" top: "y"', "1x2x1x2 1x1x1x2", { b: [0, 1] }]],
  SegmentationEvaluate: [['bottom: "a" bottom: "b" top: "y"', "2x2x2x3 2x2x2x3"]],
  Silence: [['bottom: "a"', "4"]],
  Threshold: one("threshold_param", "2x3", "", "threshold: 0.2"),
  YoloDetectionOutput: one(
    "yolo_detection_output_param",
    "1x6x1x1",
    "num_classes: 1 num_box: 1 biases: 1 biases: 1",
  ),
  YoloSeg: two("yolo_seg_param", "1x2x1x2 1x2x1x2", ""),
  Yolov3: yoloLoss("yolov3_param", "1x6x1x1", "mask: 0"),
  Yolov3DetectionOutput: one(
    "yolov3_detection_output_param",
    "1x6x1x1",
    "num_classes: 1 num_box: 1 mask_group_num: 1 mask: 0 anchors_scale: 1 biases: 1 biases: 1",
  ),
};

/** The shapes of a row's bottoms, and their values where they are not noise. */
export function bottomsOf([, shapes, inputs = {}]: Row): {
  readonly shapes: readonly (readonly number[])[];
  readonly inputs: readonly (readonly number[] | undefined)[];
} {
  const sizes = shapes.split(" ").filter((shape) => shape !== "");
  return {
    shapes: sizes.map((shape) => shape.split("x").map(Number)),
    inputs: sizes.map((_, i) => inputs[String.fromCharCode(97 + i)]),
  };
}
