import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import type { Scope } from "./scope.ts";
import { finish as finishCode, winograd, winograd2, winograd4 } from "./shaders.ts";
import type { WayOut } from "./slices.ts";
import { stridedProduct } from "./strided-product.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** Results along each side of a tile. */
type WinogradTile = 2 | 4;

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

/**
 * A convolution by Winograd's algorithm: data and weights are transformed, multiplied point by point (a product of matrices for each), and
 * the result transformed back. F(4 × 4) takes a quarter of the multiplications, F(2 × 2) four ninths; both read and write more.
 */
export class Winograd {
  readonly #scope: Scope;
  readonly #d: PlaneConvolution;
  readonly #tile: WinogradTile;
  readonly #points: number;
  readonly #tiles: number;
  readonly #pitch: number;
  readonly #product: MatrixProduct;
  readonly #params: Uint32Array;

  constructor(scope: Scope, d: PlaneConvolution, tile: WinogradTile) {
    const { batch, channels, results, input, output, pad, isTurned } = d;
    this.#scope = scope;
    this.#d = d;
    this.#tile = tile;
    this.#points = (tile + 2) ** 2;
    const sides = [Math.ceil(output[0] / tile), Math.ceil(output[1] / tile)] as const;
    this.#tiles = batch * sides[0] * sides[1];
    this.#pitch = Math.ceil(this.#tiles / 4) * 4;
    this.#product = stridedProduct(scope, {
      name: `products of F(${tile}x${tile})`,
      m: results,
      n: this.#pitch,
      k: channels,
      groups: this.#points,
      a: [channels, 1, results * channels],
      b: [this.#pitch, 1, channels * this.#pitch],
      c: [this.#pitch, 1, results * this.#pitch],
    });
    const sizes = [results, channels, this.#tiles, this.#pitch, ...sides, ...input, ...output];
    this.#params = uniforms([0, 0, 0, 0], [...sizes, ...pad, Number(isTurned), 0]);
  }

  run(x: SyncedMem, w: SyncedMem, y: SyncedMem, out: WayOut, told?: (ms: number) => void): void {
    const scope = this.#scope;
    const { channels, results } = this.#d;
    if (this.#tiles === 0) return;
    const report = told && inAll(4, told);
    const room = (elements: number, place: 1 | 2 | 3): GpuBuffer =>
      scope.gpu.workspace(4 * this.#points * elements, scope.layer, place);
    const weights = room(results * channels, 1);
    const data = room(channels * this.#pitch, 2);
    const products = room(results * this.#pitch, 3);
    this.#transform("weights", scope.read(w), weights, results * channels, {}, report);
    this.#transform("data", scope.read(x), data, channels * this.#pitch, {}, report);
    this.#product.run([weights, weights, data, data], products, {}, report);
    this.#transform("result", products, scope.pass(y), results * this.#tiles, out, report);
  }

  #transform(
    entry: "weights" | "data" | "result",
    from: GpuBuffer,
    to: GpuBuffer,
    count: number,
    { finish, post }: WayOut,
    told: ((ms: number) => void) | undefined,
  ): void {
    const scope = this.#scope;
    const f = post ? unaryFunctions(scope, post.kernel, post.params) : IDENTITY;
    const kernel = scope.kernel({
      name: `F(${this.#tile}x${this.#tile}), ${entry}`,
      code: (this.#tile === 2 ? winograd2 : winograd4) + winograd + finishCode + f,
      entry,
      arrays: entry === "result" ? "rrw" : "r.w",
    });
    new Float32Array(this.#params.buffer).set(numbersOf(post?.params));
    this.#params[FINISH] = finish?.kind ?? 0;
    const bias = entry === "result" ? [finish?.buffer ?? scope.gpu.nothing] : [];
    kernel.run([from, ...bias, to], this.#params, groupsFor(4 * count), 1, 1, told);
  }
}

/** The word of the parameters that says how results are finished. */
const FINISH = 17;

/** Tells the sum once so many have been told. */
function inAll(count: number, told: (ms: number) => void): (ms: number) => void {
  let [heard, sum] = [0, 0];
  return (ms) => {
    sum += ms;
    if (++heard === count) told(sum);
  };
}
