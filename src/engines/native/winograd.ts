import type { ConvolutionDescriptor } from "../engine.ts";
import type { ConvolutionShapes } from "./addon.ts";

/**
 * An algorithm of a convolution: one of oneDNN's, Winograd's as we have it, with tiles of so many outputs, direct loops of ours, or, of
 * bfloat16, oneDNN's direct one for floats.
 */
export type Algorithm = ConvolutionShapes["algorithm"] | `F(${Tile}x${Tile})` | "loops" | "floats";

/** Outputs along each side of a tile. */
export type Tile = 2 | 4;

/** Windows, along each side, that Winograd's algorithm of ours is for. */
const WINDOWS: readonly number[] = [3, 5];

/**
 * What is worth a trial, the most exact first: Winograd's algorithm for windows of 3×3 and 5×5 that move by one, oneDNN's (until 3.1,
 * of 3×3) and ours; in groups ours alone, and where they fill blocks. F(4×4, 3×3) takes a quarter of the multiplications, F(2×2, 3×3)
 * four ninths, F(4×4, 5×5) 4 of 25 and F(2×2, 5×5) 9 of 25; rounding errors are five to ten times those of the direct sum for F(4×4, 3×3)
 * and F(2×2, 5×5), a few millionths of a typical element, and four times that for F(4×4, 5×5).
 *
 * A tile is a sum over all of its inputs: where one of them is not finite, none of the tile's 16 or 4 results is a
 * number, also of those whose window does not have it.
 * @param lanes floats of a vector, and so channels of a block
 * @see Lavin & Gray, CVPR 2016
 */
export function algorithmsFor(d: ConvolutionDescriptor, lanes: number): readonly Algorithm[] {
  const [side = 0] = d.kernel;
  const fits =
    d.kernel.length === 2 &&
    WINDOWS.includes(side) &&
    d.kernel.every((length) => length === side) &&
    d.stride.every((step) => step === 1) &&
    d.dilation.every((step) => step === 1);
  if (!fits) return ["direct"];
  const library: readonly Algorithm[] = side === 3 && d.groups === 1 ? ["winograd"] : [];
  // Groups begin with a block. Fewer channels than one has would be padded, and read in a layout that nothing else wants.
  const suits = (n: number): boolean => (d.groups > 1 ? n % (d.groups * lanes) === 0 : n >= lanes);
  const isOurs = suits(d.inputChannels) && suits(d.outputChannels);
  return ["direct", ...(isOurs ? (["F(2x2)", "F(4x4)"] as const) : []), ...library];
}

/** The tile of an algorithm of ours; undefined for oneDNN's. */
export function tileOf(algorithm: Algorithm): Tile | undefined {
  if (algorithm === "F(4x4)") return 4;
  return algorithm === "F(2x2)" ? 2 : undefined;
}
