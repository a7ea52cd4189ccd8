import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import type { Scope } from "./scope.ts";
import type { WayOut } from "./slices.ts";
import { stridedProduct } from "./strided-product.ts";
import {
  inAll,
  type PlaneConvolution,
  type WinogradTile,
  WinogradTransforms,
} from "./winograd-transforms.ts";

/**
 * A convolution by Winograd's algorithm: data and weights are transformed, multiplied point by point (a product of matrices for each), and
 * the result transformed back. F(4 × 4) takes a quarter of the multiplications, F(2 × 2) four ninths; both read and write more.
 */
export class Winograd {
  readonly #scope: Scope;
  readonly #d: PlaneConvolution;
  readonly #transforms: WinogradTransforms;
  readonly #product: MatrixProduct;

  constructor(scope: Scope, d: PlaneConvolution, tile: WinogradTile) {
    const { channels, results } = d;
    this.#scope = scope;
    this.#d = d;
    this.#transforms = new WinogradTransforms(scope, d, tile);
    const { points, pitch } = this.#transforms;
    this.#product = stridedProduct(scope, {
      name: `products of F(${tile}x${tile})`,
      m: results,
      n: pitch,
      k: channels,
      groups: points,
      a: [channels, 1, results * channels],
      b: [pitch, 1, channels * pitch],
      c: [pitch, 1, results * pitch],
    });
  }

  run(x: SyncedMem, w: SyncedMem, y: SyncedMem, out: WayOut, told?: (ms: number) => void): void {
    const scope = this.#scope;
    const transforms = this.#transforms;
    const { channels, results } = this.#d;
    const { tiles, pitch } = transforms;
    if (tiles === 0) return;
    const report = told && inAll(4, told);
    const weights = transforms.operands(results * channels, 1);
    const data = transforms.operands(channels * pitch, 2);
    const products = transforms.sums(results * pitch);
    transforms.run("weights", scope.read(w), weights, results * channels, {}, report);
    transforms.run("data", scope.read(x), data, channels * pitch, {}, report);
    this.#product.run([weights, weights, data, data], products, {}, report);
    transforms.run("result", products, scope.pass(y), results * tiles, out, report);
  }
}
