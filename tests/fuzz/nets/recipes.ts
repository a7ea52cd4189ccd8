import type { LayerParameter } from "../../../src/io/proto/caffe.ts";
import type { Shape } from "../../../src/util/shape.ts";
import { bottomsOf, configurations } from "../../support/configurations.ts";
import type { Sketch, SketchedBlob } from "./sketch.ts";

/** One use of a layer: its bottoms, how many tops, and its other fields as text. */
export interface Drawn {
  readonly bottoms: readonly string[];
  readonly tops?: number;
  readonly fields?: string;
}

/** How layers of one type are drawn. */
export interface Recipe {
  /** Undefined where nothing fits what there is. */
  draw(sketch: Sketch): Drawn | undefined;
  /** It compares: a value beside a kink, or equal to another, decides what it does. */
  readonly selects?: boolean;
  /** It works with 1 − x inside: what is left of it near 1 is known to a rounding of 1. */
  readonly saturates?: true | "times x";
  /** It takes a mean away and divides by a deviation: its gradient is what is left of larger numbers. */
  readonly normalizes?: boolean;
  /** Its backward is not the derivative of its forward everywhere (docs/differences.md says why), or there is none. */
  readonly hasNoTrueGradient?: boolean | ((layer: LayerParameter) => boolean);
  /** Its backward reads its top, or its top is its bottom's memory. */
  readonly rereadsTop?: boolean;
  /** It learns: layers of one form can share. */
  readonly hasParameters?: boolean;
}

const axes =
  (low: number, high = 9) =>
  ({ length }: Shape): boolean =>
    length >= low && length <= high;

/** One bottom, one top. */
const one =
  (fields: (sketch: Sketch, shape: Shape) => string = () => "", fits = axes(0)) =>
  (sketch: Sketch): Drawn | undefined => {
    const bottom = sketch.blob(fits);
    return bottom && { bottoms: [bottom.name], fields: fields(sketch, bottom.shape) };
  };

/** A number that is often special. */
const number = (sketch: Sketch, ...special: readonly number[]): number =>
  sketch.chance(0.6) ? sketch.pick(...special) : Math.fround(sketch.random.uniform(-2, 2));

const filler = 'weight_filler { type: "uniform" min: -1 max: 1 }';
const LOSS_MODES = ["VALID", "FULL", "BATCH_SIZE", "NONE"] as const;
const lossParam = (sketch: Sketch): string =>
  sketch.maybe(
    `loss_param { ${sketch.pick(
      ...LOSS_MODES.map((mode) => `normalization: ${mode}`),
      "normalize: true",
      "normalize: false",
    )} ${sketch.maybe("ignore_label: 1")} }`,
  );

/** Labels for scores, one for each position around `axis`. */
const labels = (sketch: Sketch, shape: Shape, axis = 1): string =>
  sketch.input(shape.toSpliced(axis, 1), { name: "classes", below: Math.max(1, shape[axis] ?? 1) });

/** The fields of a window that moves over the image. */
function window(sketch: Sketch, shape: Shape, suffix = "size"): string {
  const spatial = shape.slice(2);
  const most = Math.max(1, Math.min(3, ...spatial));
  if (suffix === "size" && spatial.length === 2 && sketch.chance(0.2)) {
    const both = (name: string, low: number, high: number): string =>
      `${name}_h: ${sketch.int(low, high)} ${name}_w: ${sketch.int(low, high)}`;
    return `${both("kernel", 1, most)} ${sketch.maybe(both("stride", 1, 2))} ${sketch.maybe(both("pad", 0, 1))}`;
  }
  return `kernel_size: ${sketch.int(1, most)} ${sketch.maybe(`stride: ${sketch.int(1, 3)}`)} ${sketch.maybe(`pad: ${sketch.int(0, 2)}`)}`;
}

/** A convolution of either kind. */
const convolution =
  (isTransposed: boolean) =>
  (sketch: Sketch): Drawn | undefined => {
    const bottom = sketch.blob(axes(2, 6));
    if (!bottom) return undefined;
    const channels = bottom.shape[1] ?? 1;
    const group = sketch.chance(0.3) ? sketch.pick(1, 2, 3, channels) : 1;
    const outputs = group * sketch.int(1, 3);
    const axis = bottom.shape.length > 2 && sketch.chance(0.1) ? `axis: ${sketch.int(1, 2)}` : "";
    const fields = `convolution_param { num_output: ${outputs} ${window(sketch, bottom.shape)} group: ${group} ${axis} ${filler} bias_filler { type: "uniform" } ${sketch.maybe("bias_term: false", 0.2)} ${isTransposed ? "" : sketch.maybe("dilation: 2", 0.15)} ${sketch.maybe("force_nd_im2col: true", 0.1)} }`;
    const twice = sketch.chance(0.1);
    return {
      bottoms: [bottom.name, ...(twice ? [sketch.like(bottom)] : [])],
      tops: twice ? 2 : 1,
      fields,
    };
  };

/** Scale and Bias: by a parameter, or by a second bottom. */
const broadcast =
  (message: string, more: (sketch: Sketch) => string) =>
  (sketch: Sketch): Drawn | undefined => {
    const bottom = sketch.blob();
    if (!bottom) return undefined;
    const { shape } = bottom;
    const axis = shape.length > 0 ? sketch.axis(shape) : 0;
    const first = axis < 0 ? axis + shape.length : axis;
    const count = sketch.int(0, shape.length - first);
    if (sketch.chance(0.4)) {
      const factor = { name: "", shape: shape.slice(first, first + count) };
      return {
        bottoms: [bottom.name, sketch.like(factor)],
        fields: `${message} { axis: ${axis} ${more(sketch)} }`,
      };
    }
    const fields = sketch.chance(0.5)
      ? `axis: ${axis} num_axes: ${sketch.pick(-1, count)}`
      : sketch.maybe("num_axes: 0");
    return { bottoms: [bottom.name], fields: `${message} { ${fields} ${more(sketch)} }` };
  };

const recurrent =
  (states: number) =>
  (sketch: Sketch): Drawn | undefined => {
    const steps = sketch.int(1, 3);
    const streams = sketch.int(1, 2);
    const x = sketch.blob(
      ({ length, 0: t, 1: n }) => length >= 2 && t === steps && n === streams,
    ) ?? {
      name: sketch.input([steps, streams, 2]),
    };
    const cont = sketch.input([steps, streams], { name: "classes", below: 2 });
    const outputs = sketch.int(1, 3);
    const isExposed = sketch.chance(0.3);
    const hasStatic = sketch.chance(0.3);
    return {
      bottoms: [
        x.name,
        cont,
        ...(hasStatic ? [sketch.input([streams, 2])] : []),
        ...(isExposed
          ? Array.from({ length: states }, () => sketch.input([1, streams, outputs]))
          : []),
      ],
      tops: isExposed ? 1 + states : 1,
      fields: `recurrent_param { num_output: ${outputs} ${filler} bias_filler { type: "uniform" } expose_hidden: ${isExposed} }`,
    };
  };

/** Lstm of forks, with or without indicators of where sequences go on. */
const sequence = (sketch: Sketch): Drawn | undefined => {
  const x = sketch.blob(axes(3, 3));
  if (!x) return undefined;
  const hasIndicators = sketch.chance(0.4);
  const cont = hasIndicators
    ? [sketch.input(x.shape.slice(0, 2), { name: "classes", below: 2 })]
    : [];
  return {
    bottoms: [x.name, ...cont],
    fields: `lstm_param { num_output: ${sketch.int(1, 3)} ${filler} bias_filler { type: "uniform" } ${sketch.maybe("clipping_threshold: 90", 0.2)} }`,
  };
};

/** Two blobs of one shape and a scalar that compares them. */
const pair =
  (fields: (sketch: Sketch) => string = () => "") =>
  (sketch: Sketch): Drawn | undefined => {
    const bottom = sketch.blob(axes(1));
    return bottom && { bottoms: [bottom.name, sketch.like(bottom)], fields: fields(sketch) };
  };

/** Scores and labels. */
const classified =
  (fields: (sketch: Sketch, axis: number) => string, tops = 1, fits = axes(2)) =>
  (sketch: Sketch): Drawn | undefined => {
    const scores = sketch.blob(fits);
    if (!scores) return undefined;
    const axis = sketch.chance(0.8) ? 1 : sketch.int(0, scores.shape.length - 1);
    return {
      bottoms: [scores.name, labels(sketch, scores.shape, axis)],
      tops: sketch.int(1, tops),
      fields: fields(sketch, axis),
    };
  };

const hasTops =
  (count: number) =>
  ({ top = [] }: LayerParameter): boolean =>
    top.length >= count;

const own: Readonly<Record<string, Recipe>> = {
  AbsVal: { draw: one(), selects: true },
  Accuracy: {
    draw: classified(
      (s, axis) =>
        `accuracy_param { axis: ${axis} top_k: ${s.pick(1, 1, 2)} ${s.maybe("ignore_label: 0", 0.2)} }`,
      2,
    ),
    selects: true,
    hasNoTrueGradient: true,
  },
  ArgMax: {
    draw: one(
      (s, shape) =>
        `argmax_param { ${s.maybe("out_max_val: true")} ${s.maybe("top_k: 2", 0.3)} ${s.maybe(`axis: ${s.axis(shape)}`)} }`,
      axes(1),
    ),
    selects: true,
    hasNoTrueGradient: true,
  },
  BNLL: { rereadsTop: true, draw: one() },
  BatchNorm: {
    normalizes: true,
    draw: one(
      (s) =>
        `batch_norm_param { ${s.maybe(`eps: ${s.pick(0.1, 0.001)}`)} ${s.maybe(`use_global_stats: ${s.chance(0.5)}`)} ${s.maybe("moving_average_fraction: 0.5")} }`,
      axes(1),
    ),
  },
  BatchReindex: {
    draw: (s) => {
      const bottom = s.blob(({ length, 0: rows = 0 }) => length > 0 && rows > 0);
      return (
        bottom && {
          bottoms: [
            bottom.name,
            s.input([s.int(1, 5)], { name: "classes", below: bottom.shape[0] ?? 1 }),
          ],
        }
      );
    },
  },
  Bias: {
    draw: broadcast("bias_param", () => 'filler { type: "uniform" }'),
    hasParameters: true,
  },
  Clip: {
    rereadsTop: true,
    draw: one((s) => `clip_param { min: ${s.pick(-1, -0.3, 0)} max: ${s.pick(0, 0.4, 2)} }`),
    selects: true,
  },
  Concat: {
    rereadsTop: true,
    draw: (s) => {
      const bottom = s.blob(axes(1));
      if (!bottom) return undefined;
      const axis = s.axis(bottom.shape);
      const others = Array.from({ length: s.int(0, 3) }, () =>
        s.chance(0.6) ? s.like(bottom) : s.input(bottom.shape.with(axis, s.pick(0, 1, 2, 3, 4))),
      );
      return { bottoms: [bottom.name, ...others], fields: `concat_param { axis: ${axis} }` };
    },
  },
  ContrastiveLoss: {
    draw: (s) => {
      const bottom = s.blob(
        ({ length, 2: h = 1, 3: w = 1 }) => length >= 2 && length < 5 && h * w === 1,
      );
      return (
        bottom && {
          bottoms: [
            bottom.name,
            s.like(bottom),
            s.input([bottom.shape[0] ?? 1], { name: "classes", below: 2 }),
          ],
          fields: `contrastive_loss_param { margin: ${s.pick(1, 3, 0.5)} legacy_version: ${s.chance(0.4)} }`,
        }
      );
    },
    selects: true,
    hasNoTrueGradient: true,
  },
  Convolution: { draw: convolution(false), hasParameters: true },
  Crop: {
    draw: (s) => {
      const bottom = s.blob(axes(1, 5));
      if (!bottom) return undefined;
      const axis = s.int(0, bottom.shape.length - 1);
      const size = bottom.shape.map((length, i) => (i < axis ? s.int(1, 3) : s.int(0, length)));
      const offsets = size
        .slice(axis)
        .map((length, i) => s.int(0, (bottom.shape[axis + i] ?? 0) - length));
      return {
        bottoms: [bottom.name, s.like({ name: "", shape: size })],
        fields: `crop_param { axis: ${axis} ${s.maybe(offsets.map((offset) => `offset: ${offset}`).join(" "), 0.8)} }`,
      };
    },
  },
  Deconvolution: { draw: convolution(true), hasParameters: true },
  Dropout: {
    rereadsTop: true,
    draw: one((s) => s.maybe(`dropout_param { dropout_ratio: ${s.pick(0, 0.2, 0.9)} }`)),
  },
  DummyData: {
    rereadsTop: true,
    draw: (s) => ({
      bottoms: [],
      fields: `dummy_data_param { ${s.pick("", 'data_filler { type: "constant" value: 0.5 }', 'data_filler { type: "constant" value: -3 }')} shape { ${s
        .shape()
        .map((dim) => `dim: ${dim}`)
        .join(" ")} } }`,
    }),
  },
  ELU: {
    rereadsTop: true,
    saturates: true,
    draw: one((s) => s.maybe(`elu_param { alpha: ${s.pick(0, 0.3, 2)} }`)),
    selects: true,
  },
  Eltwise: {
    draw: (s) => {
      const bottom = s.blob();
      if (!bottom) return undefined;
      const others = Array.from({ length: s.int(1, 3) }, () => s.like(bottom));
      const operation = s.pick("SUM", "PROD", "MAX");
      const coefficients = [bottom.name, ...others].map(() => `coeff: ${number(s, 1, -1, 0, 0.5)}`);
      return {
        bottoms: [bottom.name, ...others],
        fields: `eltwise_param { operation: ${operation} ${operation === "SUM" ? s.maybe(coefficients.join(" ")) : ""} ${operation === "PROD" ? s.maybe("stable_prod_grad: false") : ""} }`,
      };
    },
    selects: true,
  },
  Embed: {
    draw: (s) => {
      const rows = s.int(1, 4);
      const shape = s.shape();
      return {
        bottoms: [s.input(shape, { name: "classes", below: rows })],
        fields: `embed_param { num_output: ${s.int(1, 3)} input_dim: ${rows} ${filler} bias_filler { type: "uniform" } ${s.maybe("bias_term: false")} }`,
      };
    },
  },
  EuclideanLoss: { draw: pair() },
  Exp: {
    rereadsTop: true,
    draw: one(
      (s) =>
        `exp_param { base: ${s.pick(-1, 2, 0.5)} scale: ${number(s, 1, 0.1, -1)} shift: ${number(s, 0, 1)} }`,
    ),
  },
  Filter: {
    draw: (s) => {
      const bottom = s.blob(axes(1));
      if (!bottom) return undefined;
      const count = s.int(1, 2);
      const selector = s.input([bottom.shape[0] ?? 1], { name: "classes", below: 2 });
      return {
        bottoms: [bottom.name, ...(count > 1 ? [s.like(bottom)] : []), selector],
        tops: count,
      };
    },
    selects: true,
  },
  Flatten: {
    rereadsTop: true,
    draw: one((s, { length }) => {
      const from = s.int(0, length - 1);
      return s.maybe(
        `flatten_param { axis: ${from} end_axis: ${s.pick(-1, s.int(from, length - 1))} }`,
      );
    }, axes(1)),
  },
  HingeLoss: {
    draw: classified((s) => `hinge_loss_param { norm: ${s.pick("L1", "L2")} }`, 1, axes(2)),
    selects: true,
  },
  Im2col: {
    draw: one(
      (s, shape) => `convolution_param { ${window(s, shape)} ${s.maybe("dilation: 2", 0.2)} }`,
      axes(3, 5),
    ),
  },
  InfogainLoss: {
    saturates: true,
    draw: (s) => {
      const scores = s.blob(axes(2));
      if (!scores) return undefined;
      const classes = scores.shape[1] ?? 1;
      return {
        bottoms: [
          scores.name,
          labels(s, scores.shape),
          s.input([classes, classes], { name: "noise" }),
        ],
        tops: s.int(1, 2),
        fields: lossParam(s),
      };
    },
    hasNoTrueGradient: true,
  },
  InnerProduct: {
    draw: one(
      (s, shape) =>
        `inner_product_param { num_output: ${s.int(1, 4)} ${filler} bias_filler { type: "uniform" } ${s.maybe("bias_term: false", 0.2)} ${s.maybe("transpose: true", 0.3)} ${s.chance(0.3) ? `axis: ${s.axis(shape)}` : ""} }`,
      axes(1),
    ),
    hasParameters: true,
  },
  LRN: {
    saturates: true,
    draw: one(
      (s) =>
        `lrn_param { local_size: ${s.pick(1, 3, 5)} alpha: ${s.pick(1, 0.1, 2)} beta: ${s.pick(0.75, 0.5, 1)} ${s.maybe("k: 2")} ${s.maybe("norm_region: WITHIN_CHANNEL")} }`,
      axes(2, 4),
    ),
  },
  LSTM: { rereadsTop: true, saturates: true, draw: recurrent(2), hasNoTrueGradient: hasTops(2) },
  LSTMUnit: {
    rereadsTop: true,
    saturates: true,
    draw: (s) => {
      const [streams, units] = [s.int(1, 3), s.int(1, 3)];
      return {
        bottoms: [
          s.like({ name: "", shape: [1, streams, units] }),
          s.like({ name: "", shape: [1, streams, 4 * units] }),
          s.input([1, streams], { name: "classes", below: 2 }),
        ],
        tops: 2,
      };
    },
    hasNoTrueGradient: true,
  },
  Log: {
    rereadsTop: true,
    draw: one(
      (s) =>
        `log_param { base: ${s.pick(-1, 2, 10)} scale: ${number(s, 1, 0.1, -1)} shift: ${number(s, 0, 3, 3)} }`,
    ),
  },
  MVN: {
    rereadsTop: true,
    normalizes: true,
    draw: one(
      (s) =>
        `mvn_param { ${s.maybe("across_channels: true", 0.3)} ${s.maybe("normalize_variance: false", 0.3)} ${s.maybe("eps: 0.01")} }`,
      axes(1, 4),
    ),
    // ε is added to the deviation, and backward takes it for small.
    hasNoTrueGradient: true,
  },
  MultinomialLogisticLoss: {
    draw: classified(() => "", 1, axes(2, 4)),
    selects: true,
    hasNoTrueGradient: true,
  },
  PReLU: {
    rereadsTop: true,
    draw: one(
      (s) =>
        `prelu_param { channel_shared: ${s.chance(0.4)} filler { value: ${number(s, 0.25, -0.5, 0, 2)} } }`,
      axes(2),
    ),
    selects: true,
    hasParameters: true,
  },
  Parameter: {
    rereadsTop: true,
    draw: (s) => ({
      bottoms: [],
      fields: `parameter_param { shape { ${s
        .shape()
        .map((dim) => `dim: ${dim}`)
        .join(" ")} } }`,
    }),
    hasParameters: true,
  },
  Pooling: {
    draw: (s) => {
      const bottom = s.blob(axes(2, 4));
      if (!bottom) return undefined;
      const pool = s.pick("MAX", "MAX", "AVE", "AVE", "STOCHASTIC");
      const any = s.chance(0.15)
        ? "global_pooling: true"
        : window(s, [...bottom.shape, 1, 1].slice(0, 4));
      // A window that lies beyond the image draws nothing.
      const size = pool === "STOCHASTIC" ? `kernel_size: 2 stride: ${s.int(1, 2)}` : any;
      return {
        bottoms: [bottom.name],
        tops: pool === "MAX" && s.chance(0.15) ? 2 : 1,
        fields: `pooling_param { pool: ${pool} ${size} ${s.maybe("round_mode: FLOOR", 0.3)} }`,
      };
    },
    selects: true,
    // STOCHASTIC moves from one cell to another.
    hasNoTrueGradient: ({ pooling_param }) => pooling_param?.pool === "STOCHASTIC",
  },
  Power: {
    rereadsTop: true,
    draw: one(
      (s) =>
        `power_param { power: ${number(s, 1, 2, 0, -1, 3, 0.5)} scale: ${number(s, 1, 0, -1, 2)} shift: ${number(s, 0, 1, 3)} }`,
    ),
    hasNoTrueGradient: ({ bottom, top }) => bottom?.[0] === top?.[0],
  },
  RNN: { rereadsTop: true, saturates: true, draw: recurrent(1), hasNoTrueGradient: hasTops(2) },
  ReLU: {
    rereadsTop: true,
    draw: one((s) => s.maybe(`relu_param { negative_slope: ${s.pick(0, 0.1, 0.5)} }`)),
    selects: true,
  },
  Reduction: {
    draw: one(
      (s, shape) =>
        `reduction_param { operation: ${s.pick("SUM", "ASUM", "SUMSQ", "MEAN")} ${shape.length > 0 ? s.maybe(`axis: ${s.axis(shape)}`) : ""} ${s.maybe(`coeff: ${number(s, 2, -1, 0)}`)} }`,
    ),
    selects: true,
  },
  Reshape: {
    rereadsTop: true,
    draw: one((s, shape) => {
      const count = shape.reduce((product, length) => product * length, 1);
      return `reshape_param { ${s.pick(
        "shape { dim: 0 dim: -1 }",
        "shape { dim: -1 }",
        "shape { dim: 1 dim: 1 dim: -1 }",
        "axis: -1 shape { dim: -1 dim: 1 }",
        "axis: 1 num_axes: 1 shape { dim: 1 dim: -1 }",
        "num_axes: 0 shape { dim: 1 }",
        `shape { ${shape
          .toReversed()
          .map((dim) => `dim: ${dim}`)
          .join(" ")} }`,
        ...(count === 1 ? ["shape { }"] : []),
      )} }`;
    }),
  },
  SPP: {
    draw: one(
      (s) => `spp_param { pyramid_height: ${s.int(1, 3)} pool: ${s.pick("MAX", "AVE")} }`,
      axes(4, 4),
    ),
    selects: true,
  },
  Scale: {
    draw: broadcast(
      "scale_param",
      (s) =>
        `filler { type: "uniform" } ${s.maybe('bias_term: true bias_filler { type: "uniform" }', 0.4)}`,
    ),
    hasParameters: true,
  },
  Sigmoid: { rereadsTop: true, draw: one(), saturates: true },
  SigmoidCrossEntropyLoss: {
    saturates: true,
    draw: (s) => {
      const bottom = s.blob();
      return (
        bottom && {
          bottoms: [bottom.name, s.input([...bottom.shape], { name: "classes", below: 2 })],
          fields: lossParam(s),
        }
      );
    },
    selects: true,
  },
  Silence: {
    draw: (s) => {
      const bottom = s.blob();
      return bottom && { bottoms: [bottom.name], tops: 0 };
    },
  },
  Slice: {
    rereadsTop: true,
    draw: (s) => {
      const bottom = s.blob(axes(1));
      if (!bottom) return undefined;
      const axis = s.axis(bottom.shape);
      const length = bottom.shape.at(axis) ?? 0;
      const tops = s.int(1, 3);
      const points = Array.from({ length: tops - 1 }, () => s.int(0, length)).sort((a, b) => a - b);
      const fields =
        length % tops === 0 && s.chance(0.5) ? [] : points.map((at) => `slice_point: ${at}`);
      return {
        bottoms: [bottom.name],
        tops,
        fields: `slice_param { axis: ${axis} ${fields.join(" ")} }`,
      };
    },
  },
  Softmax: {
    rereadsTop: true,
    draw: one((s, shape) => s.maybe(`softmax_param { axis: ${s.axis(shape)} }`), axes(1)),
  },
  SoftmaxWithLoss: {
    saturates: true,
    draw: classified((s, axis) => `softmax_param { axis: ${axis} } ${lossParam(s)}`, 2),
    hasNoTrueGradient: hasTops(2),
  },
  Split: {
    rereadsTop: true,
    draw: (s) => {
      const bottom = s.blob();
      return bottom && { bottoms: [bottom.name], tops: s.int(1, 3) };
    },
  },
  Swish: {
    rereadsTop: true,
    saturates: "times x",
    draw: one((s) => s.maybe(`swish_param { beta: ${number(s, 1, -0.5, 3)} }`)),
  },
  TanH: { rereadsTop: true, draw: one() },
  Threshold: {
    rereadsTop: true,
    draw: one((s) => s.maybe(`threshold_param { threshold: ${s.pick(0.1, -1)} }`)),
    selects: true,
    hasNoTrueGradient: true,
  },
  Tile: {
    draw: one((s, shape) => `tile_param { tiles: ${s.int(1, 3)} axis: ${s.axis(shape)} }`, axes(1)),
  },
  CTCGreedyDecoder: { draw: one(() => "", axes(3, 3)), selects: true, hasNoTrueGradient: true },
  HardSwish: { draw: one(), selects: true },
  Insanity: {
    rereadsTop: true,
    draw: one((s) => s.maybe(`insanity_param { lb: ${s.pick(1, 3)} ub: ${s.pick(4, 8)} }`)),
    selects: true,
  },
  Lstm: { saturates: true, draw: sequence, hasParameters: true },
  SeLU: {
    rereadsTop: true,
    saturates: true,
    draw: one((s) => s.maybe(`selu_param { lambda: ${s.pick(0.5, 2)} }`)),
    selects: true,
  },
};

/** What holds of types that are drawn by their configurations. */
const traits: Readonly<Record<string, Partial<Recipe>>> = {
  BN: { normalizes: true },
  DenseBlock: { normalizes: true, hasParameters: true },
  Normalize: { normalizes: true },
};

/** A type without a recipe of its own is drawn as the tests of its gradients use it. */
const configured = Object.entries(configurations).flatMap(([type, rows]) => {
  if (own[type]) return [];
  const draw = (sketch: Sketch): Drawn => {
    const row = sketch.pick(...rows);
    const { shapes, inputs } = bottomsOf(row);
    const bottoms = shapes.map((shape, i): string =>
      inputs[i]
        ? sketch.input(shape, { name: "given", values: inputs[i] })
        : sketch.like({ name: "", shape } satisfies SketchedBlob),
    );
    const tops = [...row[0].matchAll(/\btop: /g)].length;
    return { bottoms, tops, fields: row[0].replace(/\b(bottom|top): "\w+"/g, "") };
  };
  return [[type, { draw, hasNoTrueGradient: true, ...traits[type] } satisfies Recipe] as const];
});

/** Every layer type that can be drawn. A new one joins by its configurations, or with a recipe in `own`. */
export const recipes: Readonly<Record<string, Recipe>> = {
  ...Object.fromEntries(configured),
  ...own,
};

/** Types that read files or wait for their program, and those whose bottoms are boxes, are not drawn. */
export const notDrawn: readonly string[] = [
  "AnnotatedData",
  "BboxAccuracy",
  "BoxAnnotatorOHEM",
  "BoxData",
  "BoxGroupOutput",
  "BoxOutput",
  "CenterLoss",
  "ContinuationIndicator",
  "Data",
  "DecodeBBox",
  "DenseImageData",
  "DetectionAccuracy",
  "DetectionData",
  "DetectionEvaluate",
  "DetectionGroupAccuracy",
  "DetectionGroupLoss",
  "DetectionLoss",
  "DetectionOutput",
  "EvalData",
  "EvalDetection",
  "FrcnnOutput",
  "GaussianYolov3",
  "HDF5Data",
  "HDF5Output",
  "ImageData",
  "ImageGtData",
  "ImageSegData",
  "Input",
  "LabelsequenceAccuracy",
  "MTCNNData",
  "MarginInnerProduct",
  "MemoryData",
  "PriorBox",
  "PriorBoxClustered",
  "Proposal",
  "ProposalTarget",
  "Python",
  "RegionLoss",
  "SegAccuracy",
  "SegmentationEvaluate",
  "VideoData",
  "WindowData",
  "YoloDetectionOutput",
  "YoloSeg",
  "Yolov3",
  "Yolov3DetectionOutput",
];

/** Layers that engines run as one, each in place on the one before. */
export const phrases: readonly (readonly string[])[] = [
  ["Convolution", "ReLU"],
  ["Convolution", "ReLU", "Pooling"],
  ["Convolution", "BatchNorm", "Scale", "ReLU"],
  ["Convolution", "Scale", "ReLU"],
  ["BatchNorm", "Scale", "ReLU"],
  ["BatchNorm", "Scale"],
  ["BatchNorm", "ReLU"],
  ["InnerProduct", "ReLU", "Dropout"],
  ["InnerProduct", "ReLU"],
  ["Eltwise", "ReLU"],
  ["ReLU", "Pooling"],
];
