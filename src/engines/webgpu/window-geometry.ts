import type { Shape } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { Scope } from "./scope.ts";

/** Spatial axes that the kernels know. */
const MOST_AXES = 3;

/** A length, place or step on each of three axes. */
export type Three = readonly [number, number, number];

/** An offset in a plane, and the place on three axes that it belongs to. */
type Place = readonly [offset: number, ...at: Three];

/** Where the windows of a convolution lie, on three axes: those that it lacks are of length 1. */
export interface WindowGeometry {
  readonly input: Three;
  readonly output: Three;
  readonly kernel: Three;
  readonly stride: Three;
  readonly pad: Three;
  /** Some window reaches into the padding. */
  readonly isPadded: boolean;
  /** Of each kernel element, seen from its window's corner. */
  readonly taps: readonly Place[];
  /** Of each output position: the corner of its window, which may lie outside. */
  readonly corners: readonly Place[];
}

/** @throws DeviceError where there are more than three axes */
export function windowGeometry(scope: Scope, d: ConvolutionDescriptor): WindowGeometry {
  if (d.input.length > MOST_AXES) {
    scope.fail(
      `a convolution over ${d.input.length} axes. Expected at most ${MOST_AXES} on a GPU; run this net with --engine native.`,
    );
  }
  const fill = (list: Shape, value: number): Three =>
    [...new Array<number>(MOST_AXES - list.length).fill(value), ...list] as unknown as Three;
  const [input, output, kernel] = [fill(d.input, 1), fill(d.output, 1), fill(d.kernel, 1)];
  const [stride, pad, dilation] = [fill(d.stride, 1), fill(d.pad, 0), fill(d.dilation, 1)];
  const place = (at: Three): Place => [(at[0] * input[1] + at[1]) * input[2] + at[2], ...at];
  return {
    input,
    output,
    kernel,
    stride,
    pad,
    isPadded: input.some(
      (length, i) =>
        pad[i]! > 0 || (output[i]! - 1) * stride[i]! + (kernel[i]! - 1) * dilation[i]! + 1 > length,
    ),
    taps: placesOf(kernel).map((at) => place(combine(at, dilation, [0, 0, 0]))),
    corners: placesOf(output).map((at) => place(combine(at, stride, pad))),
  };
}

/** Every place in a box, the last axis fastest. */
function placesOf([a, b, c]: Three): Three[] {
  return Array.from(
    { length: a * b * c },
    (_, i): Three => [Math.floor(i / (b * c)), Math.floor(i / c) % b, i % c],
  );
}

/** at · step − back, axis by axis. */
function combine(at: Three, step: Three, back: Three): Three {
  return [at[0] * step[0] - back[0], at[1] * step[1] - back[1], at[2] * step[2] - back[2]];
}
