import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
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

/** One group's arrays: of inputs, windows and outputs, and the bias or 0. */
interface GroupArrays {
  readonly x: Address;
  readonly w: Address;
  readonly y: Address;
  readonly bias: Address;
}

/** How tiles lie over planes: the length of a tile of results, rows of tiles, and groups of four of them in each. */
interface Tiling {
  readonly tile: number;
  readonly rows: number;
  readonly groups: number;
}

/** Of six numbers, a window of 3 leaves 4 results, one of 5 leaves 2. */
function tilingOf(side: number, [height = 1, width = 1]: readonly number[]): Tiling {
  const tile = 7 - side;
  return { tile, rows: Math.ceil(height / tile), groups: Math.ceil(width / (4 * tile)) };
}

/** Whether windows are 3×3 or 5×5, move by one, and take less work by Winograd's algorithm, both ways. */
export function isWorthWinograd(d: ConvolutionDescriptor): boolean {
  const [side = 0] = d.kernel;
  const fits =
    d.kernel.length === 2 &&
    (side === 3 || side === 5) &&
    d.kernel.every((length) => length === side) &&
    d.stride.every((step) => step === 1) &&
    d.dilation.every((step) => step === 1);
  if (!fits) return false;
  const [channels, outputs] = [d.inputChannels / d.groups, d.outputChannels / d.groups];
  const transforms = 1 + TRANSFORMS / channels + TRANSFORMS / outputs;
  const positions = d.output[0]! * d.output[1]!;
  return (side === 3 ? [d.input, d.output] : [d.output]).every((shape) => {
    const { rows, groups } = tilingOf(side, shape);
    return POINTS * 4 * rows * groups * transforms < side * side * positions;
  });
}

/**
 * A convolution of 3×3 or 5×5 that moves by one, and its gradients, by Winograd's F(4×4, 3×3) or F(2×2, 5×5): a quarter or 0.36 of
 * the multiplications. Rounding errors are five to ten times those of the direct sum.
 *
 * A tile is a sum over all of its inputs: where one is not finite, none of the tile's results is a number.
 * @param sums the gradient of the bias
 * @see Lavin & Gray, CVPR 2016
 */
export function winogradConvolution(
  arrays: Arrays,
  d: ConvolutionDescriptor,
  sums: (dyMem: SyncedMem, dbMem: SyncedMem) => void,
): Pick<LinearOp, "forward" | "backwardData" | "backwardWeights"> {
  const { kernels } = arrays;
  const [side = 0] = d.kernel;
  const planesOf = (channels: number, [height = 1, width = 1]: readonly number[]): Planes => ({
    channels: channels / d.groups,
    height,
    width,
    image: channels * height * width,
  });
  const input = planesOf(d.inputChannels, d.input);
  const output = planesOf(d.outputChannels, d.output);
  const windows = input.channels * output.channels;
  const [padH = 0, padW = 0] = d.pad;
  const pads = [padH, padW] as const;
  const area = ({ height, width }: Planes): number => height * width;

  /** The arrays of each group of channels. */
  const forEachGroup = (
    { x, w, y, bias }: GroupArrays,
    use: (group: GroupArrays) => void,
  ): void => {
    for (let g = 0; g < d.groups; g++) {
      use({
        x: x + 4 * g * input.channels * area(input),
        w: w + 4 * g * windows * side * side,
        y: y + 4 * g * output.channels * area(output),
        bias: bias && bias + 4 * g * output.channels,
      });
    }
  };

  /** Calls `use` for each block of tiles, with the arguments by which loops know it. */
  const inBlocks = (
    { rows, groups }: Tiling,
    use: (block: readonly [first: number, count: number, rows: number, groups: number]) => void,
  ): void => {
    const all = d.batch * rows * groups;
    for (let first = 0; first < all; first += BLOCK) {
      use([first, Math.min(BLOCK, all - first), rows, groups]);
    }
  };

  /** Transforms the weights, then block after block of tiles `there`, multiplied, and `back`. */
  const multiplyTiles = (
    tiling: Tiling,
    [from, to]: readonly [Planes, Planes],
    weights: readonly [row: number, along: number, isTurned: boolean, w: Address],
    tiles: readonly [isGradient: boolean, padH: number, padW: number, x: Address],
    back: (block: readonly [number, number, number, number], m: Address, point: number) => void,
  ): void => {
    const { tile, rows, groups } = tiling;
    const most = Math.min(BLOCK, d.batch * rows * groups);
    const [row, along, isTurned, w] = weights;
    const [isGradient, top, left, x] = tiles;
    const sizes = {
      u: 4 * Math.ceil(to.channels / 4) * from.channels + APART,
      v: 8 * Math.ceil(most / 2) * from.channels + APART,
      m: 4 * most * to.channels + APART,
    };
    arrays.lend(POINTS * (sizes.u + sizes.v + sizes.m), (u) => {
      const v = u + 4 * POINTS * sizes.u;
      const m = v + 4 * POINTS * sizes.v;
      kernels.winogradWeights(
        side,
        to.channels,
        from.channels,
        row,
        along,
        isTurned,
        w,
        u,
        sizes.u,
      );
      inBlocks(tiling, (block) => {
        const { channels, height, width, image } = from;
        const planes = [channels, height, width, top, left, x, image] as const;
        // Panels of eight tiles.
        const lies = [sizes.v, 8, 8 * channels] as const;
        kernels.winogradData(tile, isGradient, ...block, ...planes, v, ...lies);
        const wide = 4 * block[1];
        for (let p = 0; p < POINTS; p++) {
          const factors = [u + 4 * p * sizes.u, v + 4 * p * sizes.v, m + 4 * p * sizes.m] as const;
          kernels.multiplyPanels(to.channels, wide, channels, ...factors, wide, false);
        }
        back(block, m, sizes.m);
      });
    });
  };

  /** Results of tiles that lie beside each other: outputs, or inputs' gradients by windows that are turned round. */
  const toOutputs = (
    isGradient: boolean,
    [x, w, bias, y]: readonly [Address, Address, Address, Address],
  ): void => {
    const [from, to] = isGradient ? [output, input] : [input, output];
    const [row, along] = isGradient ? [1, to.channels] : [from.channels, 1];
    const [top, left] = isGradient ? [2 - padH, 2 - padW] : pads;
    const tiling = tilingOf(side, [to.height, to.width]);
    multiplyTiles(
      tiling,
      [from, to],
      [row, along, isGradient, w],
      [false, top, left, x],
      (block, m, point) => {
        const planes = [to.channels, to.height, to.width] as const;
        kernels.winogradOutputs(tiling.tile, ...block, ...planes, m, point, bias, y, to.image);
      },
    );
  };

  /** Inputs' gradients by the way back through each step, where tiles of inputs are much larger than those of outputs. */
  const toInputs = ({ x, w, y }: GroupArrays): void => {
    multiplyTiles(
      tilingOf(side, [output.height, output.width]),
      [output, input],
      [1, input.channels, false, w],
      [true, 0, 0, y],
      (block, m, point) => {
        const planes = [input.channels, input.height, input.width, ...pads] as const;
        kernels.winogradInputs(...block, ...planes, m, point, x, input.image);
      },
    );
  };

  const toWindows = ({ x, w, y }: GroupArrays, adds: boolean): void => {
    const tiling = tilingOf(side, [output.height, output.width]);
    const { tile, rows, groups } = tiling;
    const most = 4 * Math.min(BLOCK, d.batch * rows * groups);
    const sizes = {
      x: most * input.channels + APART,
      y: most * output.channels + APART,
      sums: windows + APART,
    };
    arrays.lend(POINTS * (sizes.x + sizes.y + sizes.sums), (v) => {
      const e = v + 4 * POINTS * sizes.x;
      const m = e + 4 * POINTS * sizes.y;
      inBlocks(tiling, (block) => {
        const [first, count] = block;
        const wide = 4 * count;
        const inputs = [
          input.channels,
          input.height,
          input.width,
          ...pads,
          x,
          input.image,
        ] as const;
        const outputs = [
          output.channels,
          output.height,
          output.width,
          0,
          0,
          y,
          output.image,
        ] as const;
        // Rows of tiles.
        kernels.winogradData(tile, false, ...block, ...inputs, v, sizes.x, wide, 8);
        kernels.winogradData(tile, true, ...block, ...outputs, e, sizes.y, wide, 8);
        for (let p = 0; p < POINTS; p++) {
          kernels.rowProducts(
            ...[output.channels, input.channels, wide],
            ...[e + 4 * p * sizes.y, wide, v + 4 * p * sizes.x, wide],
            ...[m + 4 * p * sizes.sums, input.channels, first > 0],
          );
        }
      });
      kernels.winogradWindows(side, windows, m, sizes.sums, adds, w);
    });
  };

  return {
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const [x, w, b] = [arrays.read(xMem), arrays.read(wMem), bMem && arrays.read(bMem)];
      const y = arrays.write(yMem);
      forEachGroup({ x, w, y, bias: b ?? 0 }, (group) =>
        toOutputs(false, [group.x, group.w, group.bias, group.y]),
      );
      const slope = slopeOf(posts);
      if (slope !== undefined) kernels.rectify(d.batch * output.image, slope, y, y);
    },
    backwardData(dyMem, wMem, dxMem) {
      const [y, w, x] = [arrays.read(dyMem), arrays.read(wMem), arrays.write(dxMem)];
      if (side === 5) arrays.heap.floats.fill(0, x / 4, x / 4 + d.batch * input.image);
      forEachGroup({ x, w, y, bias: 0 }, (group) =>
        side === 5 ? toInputs(group) : toOutputs(true, [group.y, group.w, 0, group.x]),
      );
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      if (dwMem) {
        const [x, y] = [arrays.read(xMem), arrays.read(dyMem)];
        // A gradient that is still zero is written; one that holds something is added to.
        const isSum = !dwMem.isZero;
        const w = isSum ? arrays.update(dwMem) : arrays.write(dwMem);
        forEachGroup({ x, w, y, bias: 0 }, (group) => toWindows(group, isSum));
      }
      if (dbMem) sums(dyMem, dbMem);
    },
  };
}
