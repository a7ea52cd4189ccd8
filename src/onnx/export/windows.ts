import { withDefaults } from "../../io/proto/messages.ts";
import { windowOf } from "../../layers/base/convolution-geometry.ts";
import type { Attributes } from "../graph/attributes.ts";
import { float } from "../graph/attributes.ts";
import type { Axis } from "../graph/axes.ts";
import { reduce } from "../graph/operators.ts";
import { pool } from "./pooling.ts";
import type { Site, Translation } from "./site.ts";

/** Each element of each window as a channel of its own: a convolution with ones in the right places. */
function columns(at: Site, channels: number, kernel: readonly number[], how: Attributes): string {
  const size = kernel.reduce((product, length) => product * length, 1);
  const ones = new Float32Array(channels * size * size);
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < size; k++) ones[(c * size + k) * size + k] = 1;
  }
  const weights = at.made("window", [channels * size, 1, ...kernel], () => ones);
  return at.graph.op("Conv", [at.x.value, weights], { ...how, group: channels });
}

const im2col: Translation = (at) => {
  const { x, param } = at;
  const axis = x.axis(param.convolution_param?.axis ?? 1);
  const window = windowOf(param.convolution_param, axis, x.rank, at.failing);
  const { padding } = window;
  if (axis !== 1 || padding === "same") {
    return at.fail(`axis is ${axis}. Expected 1, channels behind samples, for ONNX.`);
  }
  return columns(at, x.length(1), window.kernel, {
    kernel_shape: window.kernel,
    strides: window.stride,
    dilations: window.dilation,
    pads: [...padding.before, ...padding.behind],
  });
};

/** Σ q(i, j) · c(i) · c(j) + Σ s(i) · c(i) + b over the elements c of a window. */
const colinear: Translation = (at) => {
  const { graph: g, x, y, blobs, param } = at;
  const own = withDefaults("ColinearConvolutionParameter", param.colinear_convolution_param);
  const { kernel_size: size = 1, pad, stride, num_output: outputs = 1, symmetric } = own;
  const channels = x.length(1);
  const kernel = [size, size];
  const how = { kernel_shape: kernel, strides: [stride, stride], pads: [pad, pad, pad, pad] };
  const count = channels * size * size;
  const terms: string[] = [];
  if (own.linear_term) {
    terms.push(
      g.op("Conv", [x.value, at.weights(1, "linear", [outputs, channels, ...kernel])], how),
    );
  }
  if (own.quadratic_term) {
    const elements = columns(at, channels, kernel, how);
    const products = at.made("quadratic", [outputs * count, count, 1, 1], () =>
      symmetric ? mirrored(blobs[2]!.values(), count) : Float32Array.from(blobs[2]!.values()),
    );
    const sums = g.op("Conv", [elements, products], { kernel_shape: [1, 1] });
    const [n = 1, , ...places] = y.axes;
    const from: Axis[] = [n, outputs * count, ...places];
    const split = at.reshape(sums, from, [n, outputs, count, ...places]);
    const each = at.reshape(elements, [n, count, ...places], [n, 1, count, ...places]);
    terms.push(reduce(g, "ReduceSum", g.op("Mul", [split, each]), [2], false));
  }
  if (own.bias_term) terms.push(at.weights(0, "bias", [outputs, 1, 1]));
  const [first = ""] = terms;
  // A bias alone is no top of the right shape.
  const rest = terms.slice(1);
  if (own.linear_term || own.quadratic_term) {
    return rest.reduce((sum, term) => g.op("Add", [sum, term]), first);
  }
  return at.expand(own.bias_term ? first : g.floats([0], [1, 1, 1]), y.axes);
};

/** Matrices of which both orders of i and j take what stands at i ≤ j. */
function mirrored(values: ArrayLike<number>, count: number): Float32Array {
  return Float32Array.from(values, (value, index) => {
    const [m, i, j] = [
      Math.floor(index / (count * count)),
      Math.floor(index / count) % count,
      index % count,
    ];
    return i <= j ? value : values[(m * count + j) * count + i]!;
  });
}

/** Windows that divide planes of known size into 1, 4, 16, … bins. */
const spp: Translation = (at) => {
  const { graph: g, x, param } = at;
  const { pyramid_height: height = 1, pool: method } = withDefaults(
    "SPPParameter",
    param.spp_param,
  );
  const [h, w] = [x.length(2), x.length(3)];
  const bins = Array.from({ length: height }, (_, level) => {
    const sides = [h, w].map((length) => {
      const kernel = Math.ceil(length / 2 ** level);
      return { kernel, margin: Math.floor((kernel * 2 ** level - length + 1) / 2) };
    });
    const kernel = sides.map((side) => side.kernel);
    const margins = sides.map(({ margin }) => margin);
    if (method === "STOCHASTIC") at.fail("pool is STOCHASTIC. Expected MAX or AVE for ONNX.");
    const [pooled = ""] = pool(at, x.value, [h, w], {
      method: method === "MAX" ? "MAX" : "AVE",
      kernel,
      stride: kernel,
      padding: { before: margins, behind: margins },
      isCeiled: true,
      countsPadding: true,
    });
    return height === 1 ? pooled : g.op("Flatten", [pooled], { axis: 1 });
  });
  return height === 1 ? bins[0]! : g.op("Concat", bins, { axis: 1 });
};

/** Windows of a learned pooling: what lies beyond the image does not count. */
function learnedWindow(at: Site): {
  readonly sum: (index: number, what: string) => string;
  readonly pooled: (method: "MAX" | "AVE") => string;
} {
  const { graph: g, x, y, param } = at;
  const { kernel, stride } = windowOf(param.convolution_param, 1, 4, at.failing);
  const [n = 1, c = 1, ...places] = x.axes;
  const [, , ...made] = y.axes;
  const none = [0, 0];
  const behind = kernel.map((length, i) =>
    Math.max(0, (y.length(2 + i) - 1) * stride[i]! + length - x.length(2 + i)),
  );
  // All channels have one mask: each is an image of one channel.
  const planes = at.reshape(x.value, x.axes, [-1 as Axis, 1, ...places]);
  const sum = (index: number, what: string): string => {
    const weighed = g.op("Conv", [planes, at.weights(index, what)], {
      kernel_shape: kernel,
      strides: stride,
      pads: [...none, ...behind],
    });
    return at.reshape(weighed, [-1 as Axis, 1, ...made], [n, c, ...made]);
  };
  const pooled = (method: "MAX" | "AVE"): string =>
    pool(at, x.value, places, {
      method,
      kernel,
      stride,
      padding: { before: none, behind: none },
      isCeiled: true,
      countsPadding: false,
    })[0]!;
  return { sum, pooled };
}

/** p · a + (1 − p) · b, p = σ(logit). */
function mixed(at: Site, logit: string, a: string, b: string): string {
  const g = at.graph;
  const share = g.op("Sigmoid", [logit]);
  return g.op("Add", [b, g.op("Mul", [share, g.op("Sub", [a, b])])]);
}

const treepoolMaxAve: Translation = (at) => {
  const { sum, pooled } = learnedWindow(at);
  return mixed(at, sum(0, "share"), pooled("MAX"), pooled("AVE"));
};

const treepoolKernels: Translation = (at) => {
  const { sum } = learnedWindow(at);
  return mixed(at, sum(2, "share"), sum(0, "first"), sum(1, "second"));
};

/** A DenseNet's block, transition by transition. */
const denseBlock: Translation = (at) => {
  const { graph: g, x, blobs, param } = at;
  const { numTransition: count, use_BC } = withDefaults(
    "DenseBlockParameter",
    param.denseblock_param,
  );
  const sums = blobs.at(-1)!;
  const mean = (index: number) => (): Float64Array => {
    const n = sums.values()[0] ?? 0;
    return Float64Array.from(blobs[index]!.values(), (value) => (n === 0 ? value : value / n));
  };
  const step = (value: string, filter: number, line: number): string => {
    const channels = [blobs[line]!.count()];
    const normalized = g.op(
      "BatchNormalization",
      [
        value,
        at.weights(line, `scale${line}`, channels),
        at.weights(line + count, `bias${line}`, channels),
        at.made(`mean${line}`, channels, mean(line + 2 * count)),
        at.made(`variance${line}`, channels, mean(line + 3 * count)),
      ],
      { epsilon: float(1e-5) },
    );
    const { shape } = blobs[filter]!;
    const margin = (shape[2]! - 1) / 2;
    const size = shape[2]! * shape[3]!;
    const turned = at.made(`weight${filter}`, shape, () =>
      blobs[filter]!.values().map((_, i, all) => all[i - (i % size) + size - 1 - (i % size)]!),
    );
    return g.op("Conv", [g.op("Relu", [normalized]), turned], {
      kernel_shape: shape.slice(2),
      pads: [margin, margin, margin, margin],
    });
  };
  let value = x.value;
  for (let t = 0; t < count; t++) {
    const inner = use_BC ? step(value, 5 * count + t, count + t) : value;
    const added = step(inner, t, (use_BC ? 6 : 1) * count + t);
    value = g.op("Concat", [value, added], { axis: 1 });
  }
  return value;
};

/** Layers made of windows, other than plain sums and poolings. */
export const windows: Readonly<Record<string, Translation>> = {
  ColinearConvolution: colinear,
  DenseBlock: denseBlock,
  Im2col: im2col,
  SPP: spp,
  TreepoolKernel1L: treepoolKernels,
  TreepoolMaxAve: treepoolMaxAve,
};
