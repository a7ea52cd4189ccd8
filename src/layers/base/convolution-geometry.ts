import type { ConvolutionDescriptor } from "../../engines/engine.ts";
import type { ConvolutionParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, shapeText } from "../../util/shape.ts";

/** A convolution's parameters per spatial axis, before any input is known. */
export interface Window {
  readonly axis: number;
  readonly outputs: number;
  readonly groups: number;
  readonly hasBias: boolean;
  readonly kernel: Shape;
  readonly stride: Shape;
  readonly pad: Shape;
  readonly dilation: Shape;
}

/**
 * Reads kernel, stride, pad and dilation: once for all axes, once per axis, or as `_h` and `_w` for two axes.
 *
 * @param rank number of axes of the bottom
 * @param fail ends with a LayerError
 */
export function windowOf(
  given: ConvolutionParameter | undefined,
  rank: number,
  fail: (message: string) => never,
): Window {
  const param = withDefaults("ConvolutionParameter", given);
  const axis = param.axis < 0 ? param.axis + rank : param.axis;
  if (axis < 0 || axis >= rank) {
    fail(
      `convolution_param.axis is ${param.axis}. Expected an axis of a bottom with ${rank} axes.`,
    );
  }
  const spatial = rank - axis - 1;

  const perAxis = (
    name: string,
    list: readonly number[],
    [h, w]: readonly [number | undefined, number | undefined],
    byDefault: number | undefined,
    least: number,
  ): number[] => {
    let values: number[];
    if (h !== undefined || w !== undefined) {
      const field = name.replace("_size", "");
      if (spatial !== 2)
        fail(
          `${field}_h and ${field}_w are for two spatial axes; there are ${spatial}. Expected ${name} for each.`,
        );
      if (list.length > 0)
        fail(`${name} and ${field}_h, ${field}_w are both given. Expected one form.`);
      values = [h ?? byDefault ?? 0, w ?? byDefault ?? 0];
    } else if (list.length > 1 && list.length !== spatial) {
      return fail(
        `${name} is given ${list.length} times. Expected once, or once for each of ${spatial} spatial axes.`,
      );
    } else {
      if (list.length === 0 && byDefault === undefined && spatial > 0) {
        fail(`convolution_param has no ${name}. Expected 1 or more.`);
      }
      values = Array.from(
        { length: spatial },
        (_, i) => list[list.length > 1 ? i : 0] ?? byDefault ?? 0,
      );
    }
    for (const value of values) {
      if (value < least) fail(`convolution_param.${name} is ${value}. Expected ${least} or more.`);
    }
    return values;
  };

  const outputs = param.num_output ?? 0;
  if (outputs < 1) fail(`convolution_param.num_output is ${outputs}. Expected 1 or more.`);
  if (param.group < 1) fail(`convolution_param.group is ${param.group}. Expected 1 or more.`);
  if (outputs % param.group !== 0) {
    fail(
      `convolution_param.num_output is ${outputs}. Expected a multiple of group ${param.group}.`,
    );
  }
  return {
    axis,
    outputs,
    groups: param.group,
    hasBias: param.bias_term,
    kernel: perAxis(
      "kernel_size",
      param.kernel_size,
      [param.kernel_h, param.kernel_w],
      undefined,
      1,
    ),
    stride: perAxis("stride", param.stride, [param.stride_h, param.stride_w], 1, 1),
    pad: perAxis("pad", param.pad, [given?.pad_h, given?.pad_w], 0, 0),
    dilation: perAxis("dilation", param.dilation, [undefined, undefined], 1, 1),
  };
}

/** Looks that a bottom is like the one for which the weights were made: as many axes, as many channels. */
export function checkBottom(
  { axis, kernel }: Window,
  channels: number,
  shape: Shape,
  fail: (message: string) => never,
): void {
  const rank = axis + 1 + kernel.length;
  if (shape.length !== rank) {
    fail(
      `bottom has ${shape.length} axes, shape ${shapeText(shape)}. Expected ${rank}, as when the weights were set up.`,
    );
  }
  if (shape[axis] !== channels) {
    fail(
      `bottom has ${shape[axis]} channels, shape ${shapeText(shape)}. Expected ${channels}, as when the weights were set up.`,
    );
  }
}

/** The whole descriptor of a convolution of a bottom of that shape. Output: ⌊(i + 2p − d(k−1) − 1) / s⌋ + 1. */
export function describeConvolution(
  window: Window,
  shape: Shape,
  fail: (message: string) => never,
): ConvolutionDescriptor {
  const { axis, kernel, stride, pad, dilation } = window;
  const input = shape.slice(axis + 1);
  const output = input.map((length, i) => {
    const extent = (dilation[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;
    const size = Math.floor((length + 2 * (pad[i] ?? 0) - extent) / (stride[i] ?? 1)) + 1;
    if (size < 1) {
      fail(
        `a kernel of ${extent} does not fit bottom shape ${shapeText(shape)} with pad ${pad[i]} on axis ${axis + 1 + i}. Expected a smaller kernel or a larger image.`,
      );
    }
    return size;
  });
  return {
    batch: countOf(shape, 0, axis),
    groups: window.groups,
    inputChannels: shape[axis] ?? 1,
    outputChannels: window.outputs,
    input,
    output,
    kernel,
    // Steps that are never taken count as the longest that could be, however far they would go.
    stride: stride.map((step, i) => Math.min(step, (input[i] ?? 0) + 2 * (pad[i] ?? 0) + 1)),
    pad,
    dilation: dilation.map((step, i) => (kernel[i] === 1 ? 1 : step)),
    hasBias: window.hasBias,
  };
}
