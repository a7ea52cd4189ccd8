import type { ConvolutionDescriptor } from "../../engines/engine.ts";
import type { ConvolutionParameter } from "../../io/proto/caffe.ts";
import { type SpatialField, spatialLengths } from "../../io/proto/spatial-fields.ts";
import { type Shape, shapeText } from "../../util/shape.ts";

/** A convolution's kernel and how it moves, each with one entry per spatial axis, before any input is known. */
export interface Window {
  /** The axis of the channels; the spatial ones are behind it. */
  readonly axis: number;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly pad: Shape;
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
  return {
    axis,
    kernel: read("kernel"),
    stride: read("stride"),
    pad: read("pad"),
    dilation: read("dilation"),
  };
}

/** From the first element of a kernel to its last: d(k − 1) + 1, along one spatial axis. */
function extentOf({ kernel, dilation }: Window, i: number): number {
  return dilation[i]! * (kernel[i]! - 1) + 1;
}

/** What a convolution makes of a bottom's spatial axes: ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1. */
export function convolvedLengths(
  window: Window,
  bottom: Shape,
  fail: (message: string) => never,
): Shape {
  const { axis, stride, pad } = window;
  return bottom.slice(axis + 1).map((length, i) => {
    const extent = extentOf(window, i);
    const size = Math.floor((length + 2 * pad[i]! - extent) / stride[i]!) + 1;
    if (size < 1) {
      fail(
        `a kernel of ${extent} does not fit bottom shape ${shapeText(bottom)} with pad ${pad[i]} on axis ${axis + 1 + i}. Expected a smaller kernel or a larger image.`,
      );
    }
    return size;
  });
}

/** What a transposed convolution makes of a bottom's spatial axes: s(i − 1) + d(k − 1) + 1 − 2p. */
export function deconvolvedLengths(
  window: Window,
  bottom: Shape,
  fail: (message: string) => never,
): Shape {
  const { axis, stride, pad } = window;
  return bottom.slice(axis + 1).map((length, i) => {
    const size = stride[i]! * (length - 1) + extentOf(window, i) - 2 * pad[i]!;
    if (size < 0) {
      fail(
        `bottom shape ${shapeText(bottom)} becomes ${size} long on axis ${axis + 1 + i} with pad ${pad[i]}. Expected a smaller pad.`,
      );
    }
    return size;
  });
}

/** The whole descriptor of a convolution. */
export function describeConvolution(window: Window, sides: Sides): ConvolutionDescriptor {
  const { kernel, stride, pad, dilation } = window;
  return {
    ...sides,
    kernel,
    stride: stepsTaken(stride, sides.input, pad),
    pad,
    dilation: dilation.map((step, i) => (kernel[i] === 1 ? 1 : step)),
  };
}

/** Steps that are never taken count as the longest that could be, however far they would go. */
export function stepsTaken(stride: Shape, input: Shape, pad: Shape): Shape {
  return stride.map((step, i) => Math.min(step, input[i]! + 2 * pad[i]! + 1));
}
