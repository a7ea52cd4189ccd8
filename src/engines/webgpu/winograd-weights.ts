import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import type { Scope } from "./scope.ts";
import { stridedProduct } from "./strided-product.ts";
import {
  inAll,
  type PlaneConvolution,
  type WinogradTile,
  WinogradTransforms,
} from "./winograd-transforms.ts";

/**
 * The gradient of a convolution's weights by Winograd's algorithm, of which it is the transpose: data and gradients of results are
 * transformed, multiplied point by point with sums over all tiles, and the sums transformed to 3 × 3.
 */
export class WinogradWeights {
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
      name: `products of F(${tile}x${tile}), gradient of weights`,
      m: results,
      n: channels,
      k: pitch,
      groups: points,
      a: [pitch, 1, results * pitch],
      b: [1, pitch, channels * pitch],
      c: [channels, 1, results * channels],
    });
  }

  /** @param dw is added to; where it is missing, as in a trial, what is found is left in the workspace */
  run(x: SyncedMem, dy: SyncedMem, dw: SyncedMem | undefined, told?: (ms: number) => void): void {
    const scope = this.#scope;
    const transforms = this.#transforms;
    const { channels, results } = this.#d;
    const { tiles, pitch } = transforms;
    if (tiles === 0) return;
    const report = told && inAll(4, told);
    const gradients = transforms.operands(results * pitch, 1);
    const data = transforms.operands(channels * pitch, 2);
    const sums = transforms.sums(results * channels);
    transforms.run("gradients", scope.read(dy), gradients, results * pitch, {}, report);
    transforms.run("data", scope.read(x), data, channels * pitch, {}, report);
    this.#product.run([gradients, gradients, data, data], sums, {}, report);
    const nowhere = { buffer: scope.workspace(9 * results * channels), adds: 0 } as const;
    const { buffer, adds } = dw ? scope.addTo(dw) : nowhere;
    transforms.run("taps", sums, buffer, results * channels, { adds }, report);
  }
}
