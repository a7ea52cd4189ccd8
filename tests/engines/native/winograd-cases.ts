import type { ConvolutionDescriptor } from "../../../src/engines/engine.ts";
import type { ConvolutionShapes, ElementType } from "../../../src/engines/native/addon.ts";

/** A convolution by windows that move by one. */
export interface Case {
  /** Of the window: 3 by default. */
  readonly side?: number;
  readonly batch?: number;
  readonly groups?: number;
  readonly ic?: number;
  readonly oc?: number;
  readonly input: readonly [number, number];
  readonly pad?: number;
  readonly hasBias?: boolean;
}

/** What engines are told of it. */
export function descriptor({
  side = 3,
  batch = 1,
  groups = 1,
  ic = 16,
  oc = 16,
  input,
  pad = (side - 1) / 2,
  hasBias = true,
}: Case): ConvolutionDescriptor {
  return {
    batch,
    groups,
    inputChannels: ic,
    outputChannels: oc,
    input,
    output: input.map((length) => length + 2 * pad - side + 1),
    kernel: [side, side],
    stride: [1, 1],
    pad: [pad, pad],
    dilation: [1, 1],
    hasBias,
  };
}

/** What the addon is told of it, with arrays of that type. */
export function shapesOf(d: ConvolutionDescriptor, type: ElementType = "f32"): ConvolutionShapes {
  const { groups } = d;
  const window = [d.outputChannels / groups, d.inputChannels / groups, ...d.kernel];
  return {
    src: [d.batch, d.inputChannels, ...d.input],
    weights: groups > 1 ? [groups, ...window] : window,
    dst: [d.batch, d.outputChannels, ...d.output],
    stride: d.stride,
    padLeft: d.pad,
    padRight: d.pad,
    dilation: d.dilation,
    hasBias: d.hasBias,
    algorithm: "direct",
    isSmall: false,
    type,
  };
}
