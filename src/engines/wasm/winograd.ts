import type { ConvolutionDescriptor, LinearOp } from "../engine.ts";
import { slopeOf } from "../ops/rectifier-slope.ts";
import type { Arrays } from "./arrays.ts";
import type { Address } from "./kernels.ts";

/** Points at which a tile's polynomials are multiplied. */
const POINTS = 36;
/** Groups of four tiles that are multiplied at a time. */
const BLOCK = 16;
/** Keeps the points' parts apart that would else lie on the same lines of the first cache. */
const APART = 16;
/** Rows of a product that take as long as the transforms of what they are made of. */
const TRANSFORMS = 16;

/** Planes of one group of channels, and the floats of an image of all groups. */
interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly image: number;
}

/** Rows of tiles, and groups of four of them in each. */
function tilesOf(height: number, width: number): { rows: number; groups: number } {
  return { rows: Math.ceil(height / 4), groups: Math.ceil(width / 16) };
}

/** Whether windows are 3×3, move by one, and take less work by Winograd's algorithm, both ways. */
export function isWorthWinograd(d: ConvolutionDescriptor): boolean {
  const fits =
    d.kernel.length === 2 &&
    d.kernel.every((length) => length === 3) &&
    d.stride.every((step) => step === 1) &&
    d.dilation.every((step) => step === 1);
  if (!fits) return false;
  const [channels, outputs] = [d.inputChannels / d.groups, d.outputChannels / d.groups];
  const transforms = 1 + TRANSFORMS / channels + TRANSFORMS / outputs;
  const positions = d.output[0]! * d.output[1]!;
  return [d.input, d.output].every(([height = 1, width = 1]) => {
    const { rows, groups } = tilesOf(height, width);
    return POINTS * 4 * rows * groups * transforms < 9 * positions;
  });
}

/**
 * A convolution of 3×3 that moves by one, and the gradient of its data, by Winograd's F(4×4, 3×3): a quarter of the
 * multiplications. Rounding errors are five to ten times those of the direct sum.
 *
 * A tile is a sum over all of its inputs: where one is not finite, none of the tile's 16 results is a number.
 * @see Lavin & Gray, CVPR 2016
 */
export function winogradConvolution(
  arrays: Arrays,
  d: ConvolutionDescriptor,
): Pick<LinearOp, "forward" | "backwardData"> {
  const { kernels } = arrays;
  const planesOf = (channels: number, [height = 1, width = 1]: readonly number[]): Planes => ({
    channels: channels / d.groups,
    height,
    width,
    image: channels * height * width,
  });
  const input = planesOf(d.inputChannels, d.input);
  const output = planesOf(d.outputChannels, d.output);
  const [padH = 0, padW = 0] = d.pad;

  /** One group of channels: transforms the weights, then block after block of tiles there, multiplied, and back. */
  const runGroup = (
    isGradient: boolean,
    [x, w, bias, y]: readonly [Address, Address, Address, Address],
  ): void => {
    const [from, to] = isGradient ? [output, input] : [input, output];
    const [top, left] = isGradient ? [2 - padH, 2 - padW] : [padH, padW];
    const { rows, groups } = tilesOf(to.height, to.width);
    const all = d.batch * rows * groups;
    const most = Math.min(BLOCK, all);
    const weights = 4 * Math.ceil(to.channels / 4) * from.channels + APART;
    const data = 8 * Math.ceil(most / 2) * from.channels + APART;
    const sums = 4 * most * to.channels + APART;
    const [row, along] = isGradient ? [1, to.channels] : [from.channels, 1];
    arrays.lend(POINTS * (weights + data + sums), (u) => {
      const v = u + 4 * POINTS * weights;
      const m = v + 4 * POINTS * data;
      const turned = isGradient;
      kernels.winogradWeights(to.channels, from.channels, row, along, turned, w, u, weights);
      for (let first = 0; first < all; first += BLOCK) {
        const count = Math.min(BLOCK, all - first);
        const block = [first, count, rows, groups] as const;
        const { channels, height, width, image } = from;
        kernels.winogradData(...block, channels, height, width, top, left, x, image, v, data);
        for (let p = 0; p < POINTS; p++) {
          const factors = [u + 4 * p * weights, v + 4 * p * data, m + 4 * p * sums] as const;
          const wide = 4 * count;
          kernels.multiplyPanels(to.channels, wide, from.channels, ...factors, wide, false);
        }
        const planes = [to.channels, to.height, to.width] as const;
        kernels.winogradOutputs(...block, ...planes, m, sums, bias, y, to.image);
      }
    });
  };

  const windows = 9 * input.channels * output.channels;
  const run = (isGradient: boolean, x: Address, w: Address, bias: Address, y: Address): void => {
    const [from, to] = isGradient ? [output, input] : [input, output];
    for (let g = 0; g < d.groups; g++) {
      const part = (array: Address, size: number): Address => array + 4 * g * size;
      runGroup(isGradient, [
        part(x, from.channels * from.height * from.width),
        part(w, windows),
        bias && part(bias, to.channels),
        part(y, to.channels * to.height * to.width),
      ]);
    }
  };

  return {
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const [x, w, b] = [arrays.read(xMem), arrays.read(wMem), bMem && arrays.read(bMem)];
      const y = arrays.write(yMem);
      run(false, x, w, b ?? 0, y);
      const slope = slopeOf(posts);
      if (slope !== undefined) kernels.rectify(d.batch * output.image, slope, y, y);
    },
    backwardData(dyMem, wMem, dxMem) {
      const [dy, w] = [arrays.read(dyMem), arrays.read(wMem)];
      run(true, dy, w, 0, arrays.write(dxMem));
    },
  };
}
