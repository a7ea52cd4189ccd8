import type { ConvolutionDescriptor } from "../../engines/engine.ts";
import type { ConvolutionParameter } from "../../io/proto/caffe.ts";
import {
  type Padding,
  type SpatialField,
  spatialLengths,
  spatialPadding,
} from "../../io/proto/spatial-fields.ts";
import { type Shape, shapeText } from "../../util/shape.ts";

/** A convolution's kernel and how it moves, each with one entry per spatial axis, before any input is known. */
export interface Window {
  /** The axis of the channels; the spatial ones are behind it. */
  readonly axis: number;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly padding: Padding | "same";
  readonly dilation: Shape;
}

/** What of a convolution its window does not tell. */
interface Sides
  extends Pick<
    ConvolutionDescriptor,
    "batch" | "groups" | "inputChannels" | "outputChannels" | "input" | "output" | "hasBias"
  > {}

/**
 * Reads kernel, stride, pad and dilation.
 *
 * @param axis that of the channels, of `rank` axes
 * @param fail ends with a LayerError
 */
export function windowOf(
  param: ConvolutionParameter = {},
  axis: number,
  rank: number,
  fail: (message: string) => never,
): Window {
  const axes = { name: "convolution_param", count: rank - axis - 1, fail };
  const read = (field: SpatialField): Shape => spatialLengths(field, param, axes);
  const window = {
    axis,
    kernel: read("kernel"),
    stride: read("stride"),
    padding: spatialPadding(param, axes),
    dilation: read("dilation"),
  };
  if (window.padding === "same" && window.dilation.some((step) => step > 1)) {
    fail(
      "convolution_param: dilation and pad_type are both given. Expected pad_t, pad_l, pad_b and pad_r.",
    );
  }
  return window;
}

/** The padding of a bottom of these spatial lengths. */
function paddingOf({ padding, kernel, stride }: Window, lengths: Shape): Padding {
  return padding === "same" ? samePadding(lengths, kernel, stride) : padding;
}

/** From the first element of a kernel to its last: d(k − 1) + 1, along one spatial axis. */
function extentOf({ kernel, dilation }: Window, i: number): number {
  return dilation[i]! * (kernel[i]! - 1) + 1;
}

/** What a convolution makes of a bottom's spatial axes: ⌊(i + p − d(k − 1) − 1) / s⌋ + 1, p at both ends together. */
export function convolvedLengths(
  window: Window,
  bottom: Shape,
  fail: (message: string) => never,
): Shape {
  const { axis, stride } = window;
  const { before, behind } = paddingOf(window, bottom.slice(axis + 1));
  return bottom.slice(axis + 1).map((length, i) => {
    const extent = extentOf(window, i);
    const size = Math.floor((length + before[i]! + behind[i]! - extent) / stride[i]!) + 1;
    if (size < 1) {
      fail(
        `a kernel of ${extent} does not fit bottom shape ${shapeText(bottom)} with pad ${before[i]} on axis ${axis + 1 + i}. Expected a smaller kernel or a larger image.`,
      );
    }
    return size;
  });
}

/** What a transposed convolution makes of a bottom's spatial axes: s(i − 1) + d(k − 1) + 1 − p, p at both ends together. */
export function deconvolvedLengths(
  window: Window,
  bottom: Shape,
  fail: (message: string) => never,
): Shape {
  const { axis, stride, padding } = window;
  if (padding === "same") {
    fail(
      "convolution_param.pad_type is for convolutions. Expected pad, or pad_t, pad_l, pad_b and pad_r.",
    );
  }
  const { before, behind } = padding;
  return bottom.slice(axis + 1).map((length, i) => {
    const size = stride[i]! * (length - 1) + extentOf(window, i) - before[i]! - behind[i]!;
    if (size < 0) {
      fail(
        `bottom shape ${shapeText(bottom)} becomes ${size} long on axis ${axis + 1 + i} with pad ${before[i]}. Expected a smaller pad.`,
      );
    }
    return size;
  });
}

/** The whole descriptor of a convolution. */
export function describeConvolution(window: Window, sides: Sides): ConvolutionDescriptor {
  const { kernel, stride, dilation } = window;
  const padding = paddingOf(window, sides.input);
  return {
    ...sides,
    kernel,
    stride: stepsTaken(stride, sides.input, padding),
    pad: padding.before,
    dilation: dilation.map((step, i) => (kernel[i] === 1 ? 1 : step)),
  };
}

/** Steps that are never taken count as the longest that could be, however far they would go. */
export function stepsTaken(stride: Shape, input: Shape, { before, behind }: Padding): Shape {
  return stride.map((step, i) => Math.min(step, input[i]! + before[i]! + behind[i]! + 1));
}

/**
 * What SAME adds: as much as ⌈length / stride⌉ windows need to lie within, half of it in front and the rest behind.
 *
 *     (⌈length / stride⌉ − 1) · stride + kernel − length, 0 or more
 */
export function samePadding(
  lengths: readonly number[],
  kernel: readonly number[],
  stride: readonly number[],
): Padding {
  const all = lengths.map((length, i) => {
    const last = (Math.ceil(length / stride[i]!) - 1) * stride[i]!;
    return Math.max(last + kernel[i]! - length, 0);
  });
  const before = all.map((sum) => Math.floor(sum / 2));
  return { before, behind: all.map((sum, i) => sum - before[i]!) };
}
