import type { ConvolutionDescriptor } from "../engine.ts";
import type { ConvolutionShapes } from "./addon.ts";

/** An algorithm of a convolution: one of oneDNN's, Winograd's as we have it, with tiles of so many outputs, or direct loops of ours. */
export type Algorithm = ConvolutionShapes["algorithm"] | `F(${Tile}x${Tile})` | "loops";

/** Outputs along each side of a tile. */
export type Tile = 2 | 4;

/**
 * What is worth a trial, the most exact first: Winograd's algorithm for windows of 3×3 that move by one, oneDNN's (until
 * 3.1) and ours; in groups ours alone, and where they fill blocks. F(4×4) takes a quarter of the multiplications, F(2×2) four ninths; rounding errors are five to ten
 * times those of the direct sum for the former, a few millionths of a typical element.
 *
 * A tile is a sum over all of its inputs: where one of them is not finite, none of the tile's 16 or 4 results is a
 * number, also of those whose window does not have it.
 * @param lanes floats of a vector, and so channels of a block
 * @see Lavin & Gray, CVPR 2016
 */
export function algorithmsFor(d: ConvolutionDescriptor, lanes: number): readonly Algorithm[] {
  const isPlane = d.kernel.length === 2;
  const fits =
    isPlane &&
    d.kernel.every((length) => length === 3) &&
    d.stride.every((step) => step === 1) &&
    d.dilation.every((step) => step === 1);
  if (!fits) return ["direct"];
  if (d.groups > 1) {
    const fill = [d.inputChannels, d.outputChannels].every((n) => n % (d.groups * lanes) === 0);
    return fill ? ["direct", "F(2x2)", "F(4x4)"] : ["direct"];
  }
  // Fewer channels than a block has would be padded, and read in a layout that nothing else wants.
  const fillsBlocks = d.inputChannels >= lanes && d.outputChannels >= lanes;
  return fillsBlocks ? ["direct", "F(2x2)", "F(4x4)", "winograd"] : ["direct", "winograd"];
}

/** The tile of an algorithm of ours; undefined for oneDNN's. */
export function tileOf(algorithm: Algorithm): Tile | undefined {
  if (algorithm === "F(4x4)") return 4;
  return algorithm === "F(2x2)" ? 2 : undefined;
}
