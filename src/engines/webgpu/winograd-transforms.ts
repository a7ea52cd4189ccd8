import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { finish as finishCode, winograd, winograd2, winograd4 } from "./shaders.ts";
import type { WayOut } from "./slices.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** Results along each side of a tile. */
export type WinogradTile = 2 | 4;

/** A convolution by windows of 3 × 3 that move by one. */
export interface PlaneConvolution {
  readonly batch: number;
  readonly channels: number;
  readonly results: number;
  readonly input: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  readonly pad: readonly [y: number, x: number];
  /** Weights are those of the gradient of its data: turned over, and (channels, results). */
  readonly isTurned: boolean;
}

/** The arrays of each entry of winograd.wgsl. */
const ARRAYS = {
  weights: "r.w",
  data: "r.w",
  gradients: "r.w",
  taps: "r.w",
  result: "rrw",
} as const;

/** Words of the parameters that a run sets: how results are finished, and whether they are added. */
const FINISH = 17;
const ADDS = 18;

/** The transforms around the products of Winograd's algorithm, and room for what lies between. */
export class WinogradTransforms {
  /** Products side by side, tiles of all images, and these up to whole fours. */
  readonly points: number;
  readonly tiles: number;
  readonly pitch: number;
  readonly #scope: Scope;
  readonly #tile: WinogradTile;
  readonly #params: Uint32Array;

  constructor(scope: Scope, d: PlaneConvolution, tile: WinogradTile) {
    const { batch, channels, results, input, output, pad, isTurned } = d;
    this.#scope = scope;
    this.#tile = tile;
    this.points = (tile + 2) ** 2;
    const sides = [Math.ceil(output[0] / tile), Math.ceil(output[1] / tile)] as const;
    this.tiles = batch * sides[0] * sides[1];
    this.pitch = Math.ceil(this.tiles / 4) * 4;
    const sizes = [results, channels, this.tiles, this.pitch, ...sides, ...input, ...output];
    this.#params = uniforms([0, 0, 0, 0], [...sizes, ...pad, Number(isTurned), 0, 0]);
  }

  /** Room for operands of the products, as many for each point; where they are of halves they lie so. */
  operands(elements: number, place: 1 | 2): GpuBuffer {
    const { gpu, layer, products } = this.#scope;
    const bytes = products.isHalf ? 2 : 4;
    return gpu.workspace(bytes * this.points * elements, layer, place, products.isHalf);
  }

  /** Room for what the products give. */
  sums(elements: number): GpuBuffer {
    return this.#scope.gpu.workspace(4 * this.points * elements, this.#scope.layer, 3);
  }

  /** Runs a transform of so many tiles. */
  run(
    entry: keyof typeof ARRAYS,
    from: GpuBuffer,
    to: GpuBuffer,
    count: number,
    { finish, adds = 0, post }: WayOut,
    told: ((ms: number) => void) | undefined,
  ): void {
    const scope = this.#scope;
    const f = post ? unaryFunctions(scope, post.kernel, post.params) : IDENTITY;
    const kernel = scope.kernel({
      name: `F(${this.#tile}x${this.#tile}), ${entry}`,
      code: (this.#tile === 2 ? winograd2 : winograd4) + winograd + finishCode + f,
      entry,
      arrays: ARRAYS[entry],
    });
    new Float32Array(this.#params.buffer).set(numbersOf(post?.params));
    this.#params[FINISH] = finish?.kind ?? 0;
    this.#params[ADDS] = adds;
    const bias = entry === "result" ? [finish?.buffer ?? scope.gpu.nothing] : [];
    kernel.run([from, ...bias, to], this.#params, groupsFor(4 * count), 1, 1, told);
  }
}

/** Tells the sum once so many have been told. */
export function inAll(count: number, told: (ms: number) => void): (ms: number) => void {
  let [heard, sum] = [0, 0];
  return (ms) => {
    sum += ms;
    if (++heard === count) told(sum);
  };
}
