import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { ConvolutionShapes } from "./addon.ts";

/** Multiplications that one thread does sooner than another wakes up: some 10 µs. */
const SMALL = 1e6;
/** How many of those a multiplication by a window of the channel's own is worth: reading and writing bounds it. */
const ALONE = 3;

/** The shapes as oneDNN takes them; padding on the right is what the output size makes it. */
export function convolutionShapesOf(d: ConvolutionDescriptor): ConvolutionShapes {
  const { batch, groups, inputChannels: ic, outputChannels: oc } = d;
  const padRight = d.input.map((length, i) => {
    const extent = (d.kernel[i]! - 1) * d.dilation[i]! + 1;
    return (d.output[i]! - 1) * d.stride[i]! + extent - length - d.pad[i]!;
  });
  const multiplications = batch * oc * (ic / groups) * countOf(d.output) * countOf(d.kernel);
  return {
    src: [batch, ic, ...d.input],
    weights: groups > 1 ? [groups, oc / groups, ic / groups, ...d.kernel] : [oc, ic, ...d.kernel],
    dst: [batch, oc, ...d.output],
    stride: d.stride,
    padLeft: d.pad,
    padRight,
    dilation: d.dilation,
    hasBias: d.hasBias,
    algorithm: "direct",
    isSmall: multiplications * (groups === ic ? ALONE : 1) < SMALL,
  };
}
