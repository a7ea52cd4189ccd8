import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Padding } from "../../io/proto/spatial-fields.ts";
import { samePadding, type Window, windowOf } from "../../layers/base/convolution-geometry.ts";
import type { Attributes } from "../graph/attributes.ts";
import { type Axis, fixed, fixedCount, type Operand } from "../graph/axes.ts";
import { asInteger } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** A convolution, or the gradient of one, of each of its bottoms. */
const convolution =
  (isTransposed: boolean): Translation =>
  (at) => {
    const { param, blobs } = at;
    const axis = at.x.axis(param.convolution_param?.axis ?? 1);
    const window = windowOf(param.convolution_param, axis, at.x.rank, at.failing);
    // ONNX has at least one axis of places.
    const isFlat = window.kernel.length === 0;
    const kernel = isFlat ? [1] : window.kernel;
    const [outer = 1, inner = 1] = blobs[0]?.shape ?? [];
    const channels = at.x.length(axis);
    const group = isTransposed ? groupsOf(at, inner) : channels / inner;
    const weights = at.weights(0, "weight", isFlat ? [outer, inner, 1] : undefined);
    const bias = blobs[1] ? [at.weights(1, "bias")] : [];
    const attributes: Attributes = {
      kernel_shape: kernel,
      strides: isFlat ? [1] : window.stride,
      dilations: isFlat ? [1] : window.dilation,
      group,
      ...(isFlat ? {} : paddingOf(at, window)),
    };
    const type = isTransposed ? "ConvTranspose" : "Conv";
    return at.bottoms.map((x, i) => {
      const top = at.tops[i] as Operand;
      const inside = planar(x.axes, axis, isFlat);
      const data = at.reshape(x.value, x.axes, inside);
      const y = at.graph.op(type, [data, weights, ...bias], attributes);
      return at.reshape(y, planar(top.axes, axis, isFlat), top.axes);
    });
  };

/** The groups of a deconvolution whose weights are C × outputs / groups × …. */
function groupsOf(at: Site, outputsOfGroup: number): number {
  return at.y.length(at.x.axis(at.param.convolution_param?.axis ?? 1)) / outputsOfGroup;
}

/** The axes with what is before the channels as one, and at least one behind them. */
function planar(axes: readonly Axis[], axis: number, isFlat: boolean): readonly Axis[] {
  const behind = isFlat ? [...axes.slice(axis), 1] : axes.slice(axis);
  if (axis === 1) return [axes[0] as Axis, ...behind];
  return [fixedCount(axes.slice(0, axis)), ...behind];
}

function paddingOf(at: Site, { axis, padding, kernel, stride }: Window): Attributes {
  if (padding !== "same") return pads(padding);
  const places = at.x.axes.slice(axis + 1);
  if (places.some((length) => typeof length !== "number")) return { auto_pad: "SAME_UPPER" };
  return pads(samePadding(places.map(fixed), kernel, stride));
}

function pads({ before, behind }: Padding): Attributes {
  return { pads: [...before, ...behind] };
}

/** Rows of features times weights. */
const innerProduct: Translation = (at) => {
  const { graph: g, x, y, blobs, param } = at;
  const {
    axis: index,
    transpose,
    num_output = 1,
  } = withDefaults("InnerProductParameter", param.inner_product_param);
  const axis = x.axis(index);
  const isFlat = x.rank === 2 && axis === 1;
  const rows = isFlat ? x.value : g.op("Flatten", [x.value], { axis });
  const bias = blobs[1] ? [at.weights(1, "bias")] : [];
  const product = g.op("Gemm", [rows, at.weights(0, "weight"), ...bias], {
    transB: transpose ? 0 : 1,
  });
  if (axis === 1) return product;
  return at.reshape(product, [Number.NaN, num_output], y.axes);
};

/** Products with weights of length 1; the margin, which a sample's label has to win by, is of training alone. */
const marginInnerProduct: Translation = (at) => {
  const { graph: g, x, y, blobs, param } = at;
  const axis = x.axis(param.margin_inner_product_param?.axis ?? 1);
  const weights = blobs[0] as Blob;
  const rows = g.op("Flatten", [x.value], { axis });
  const unit = at.made("weight", weights.shape, () => unitRows(weights));
  const product = g.op("Gemm", [rows, unit], { transB: 1 });
  return axis === 1 ? product : at.reshape(product, [], y.axes);
};

/** The rows of weights, each divided by its length. */
function unitRows(weights: Blob): Float32Array {
  const each = weights.count(1);
  const rows = Float32Array.from(weights.values());
  for (let start = 0; start < rows.length; start += each) {
    const row = rows.subarray(start, start + each);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    row.forEach((value, i) => {
      row[i] = value / length;
    });
  }
  return rows;
}

/** Learned rows by their numbers. */
const embed: Translation = (at) => {
  const { graph: g, x, blobs } = at;
  const rows = g.op("Gather", [at.weights(0, "weight"), asInteger(g, x.value)], { axis: 0 });
  return blobs[1] ? g.op("Add", [rows, at.weights(1, "bias")]) : rows;
};

/** Sums that are weighted by what a layer has learned. */
export const products: Readonly<Record<string, Translation>> = {
  Convolution: convolution(false),
  ConvolutionDepthwise: convolution(false),
  Deconvolution: convolution(true),
  DepthwiseConvolution: convolution(false),
  Embed: embed,
  InnerProduct: innerProduct,
  MarginInnerProduct: marginInnerProduct,
};
