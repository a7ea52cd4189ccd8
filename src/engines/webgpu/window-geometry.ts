import { countOf, type Shape } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import { windowOffsets } from "../window-offsets.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { Scope } from "./scope.ts";
import { listOf } from "./table.ts";

/** Spatial axes on which the kernels compute positions themselves. */
const MOST_AXES = 3;

/** A length, position or step on each of three axes. */
export type Three = readonly [number, number, number];

/** An offset in a plane, and the position on three axes that it belongs to. */
type Located = readonly [offset: number, ...at: Three];

/**
 * Where the windows of a convolution lie, on three axes: those that it lacks are of length 1. With more axes the offsets
 * are listed one by one, and the three axes are all elements in a row, 1 and 1.
 */
export interface WindowGeometry {
  readonly input: Three;
  readonly output: Three;
  readonly kernel: Three;
  readonly stride: Three;
  readonly pad: Three;
  readonly dilation: Three;
  /** Some window reaches into the padding. */
  readonly isPadded: boolean;
  /** There are more than three axes. */
  readonly isListed: boolean;
  /** Of each kernel element, seen from its window's corner; its number where offsets are listed. */
  readonly taps: readonly Located[];
  /** Of each output position: the corner of its window, which may lie outside; its number where offsets are listed. */
  readonly corners: readonly Located[];
  /** (kernel, output) the offset of the input element; -1 in the padding. Nothing where offsets are not listed. */
  readonly inputOffsets: () => GpuBuffer;
  /** (kernel, input) the offset of the output whose window has that input element there; -1 where there is none. */
  readonly outputOffsets: () => GpuBuffer;
}

/** The geometry of a convolution over any number of axes. */
export function windowGeometry(scope: Scope, d: ConvolutionDescriptor): WindowGeometry {
  if (d.input.length > MOST_AXES) return listed(scope, d);
  const fill = (list: Shape, value: number): Three =>
    [...new Array<number>(MOST_AXES - list.length).fill(value), ...list] as unknown as Three;
  const [input, output, kernel] = [fill(d.input, 1), fill(d.output, 1), fill(d.kernel, 1)];
  const [stride, pad, dilation] = [fill(d.stride, 1), fill(d.pad, 0), fill(d.dilation, 1)];
  const located = (at: Three): Located => [(at[0] * input[1] + at[1]) * input[2] + at[2], ...at];
  const nowhere = (): GpuBuffer => scope.gpu.nothing;
  return {
    input,
    output,
    kernel,
    stride,
    pad,
    dilation,
    isPadded: input.some(
      (length, i) =>
        pad[i]! > 0 || (output[i]! - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1 > length,
    ),
    isListed: false,
    taps: positionsIn(kernel).map((at) => located(combine(at, dilation, [0, 0, 0]))),
    corners: positionsIn(output).map((at) => located(combine(at, stride, pad))),
    inputOffsets: nowhere,
    outputOffsets: nowhere,
  };
}

/** BVLC's GPU kernels know up to ten axes; lists take kernel × output numbers, what one plane's columns would. */
function listed(scope: Scope, d: ConvolutionDescriptor): WindowGeometry {
  const row = (shape: Shape): Three => [countOf(shape), 1, 1];
  const [input, output, kernel] = [row(d.input), row(d.output), row(d.kernel)];
  const numbered = ([count]: Three): Located[] =>
    Array.from({ length: count }, (_, i): Located => [0, i, 0, 0]);
  return {
    input,
    output,
    kernel,
    stride: [1, 1, 1],
    pad: [0, 0, 0],
    dilation: [1, 1, 1],
    isPadded: true,
    isListed: true,
    taps: numbered(kernel),
    corners: numbered(output),
    inputOffsets: listOf(scope, () => windowOffsets(d)),
    outputOffsets: listOf(scope, () => turnedOver(windowOffsets(d), input[0], output[0])),
  };
}

/** (kernel, output) offsets of inputs as (kernel, input) offsets of outputs. */
function turnedOver(offsets: Int32Array, inSize: number, outSize: number): Int32Array {
  const outputs = new Int32Array((offsets.length / outSize) * inSize).fill(-1);
  offsets.forEach((offset, i) => {
    if (offset >= 0) outputs[Math.floor(i / outSize) * inSize + offset] = i % outSize;
  });
  return outputs;
}

/** Every position in a box, the last axis fastest. */
function positionsIn([a, b, c]: Three): Three[] {
  return Array.from(
    { length: a * b * c },
    (_, i): Three => [Math.floor(i / (b * c)), Math.floor(i / c) % b, i % c],
  );
}

/** at · step − back, axis by axis. */
function combine(at: Three, step: Three, back: Three): Three {
  return [at[0] * step[0] - back[0], at[1] * step[1] - back[1], at[2] * step[2] - back[2]];
}
