import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
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
  readonly #products: PointProducts;

  constructor(scope: Scope, d: PlaneConvolution, tile: WinogradTile) {
    this.#scope = scope;
    this.#d = d;
    this.#transforms = new WinogradTransforms(scope, d, tile);
    this.#products = new PointProducts(scope, this.#transforms, {
      name: `products of F(${tile}x${tile})`,
      m: d.results,
      n: this.#transforms.pitch,
      k: d.channels,
      isTurnedB: false,
    });
  }

  run(x: SyncedMem, w: SyncedMem, y: SyncedMem, out: WayOut, told?: (ms: number) => void): void {
    const scope = this.#scope;
    const { tiles } = this.#transforms;
    if (tiles === 0) return;
    const report = told && inAll(4, told);
    const weights = { entry: "weights", from: scope.read(w) } as const;
    const data = { entry: "data", from: scope.read(x) } as const;
    const sums = this.#products.run(weights, data, report);
    this.#transforms.run("result", sums, scope.pass(y), this.#d.results * tiles, out, report);
  }
}

/**
 * The gradient of a convolution's weights by Winograd's algorithm, of which it is the transpose: data and gradients of results are
 * transformed, multiplied point by point with sums over all tiles, and the sums transformed to 3 × 3.
 */
export class WinogradWeights {
  readonly #scope: Scope;
  readonly #pairs: number;
  readonly #transforms: WinogradTransforms;
  readonly #products: PointProducts;

  constructor(scope: Scope, d: PlaneConvolution, tile: WinogradTile) {
    this.#scope = scope;
    this.#pairs = d.results * d.channels;
    this.#transforms = new WinogradTransforms(scope, d, tile);
    this.#products = new PointProducts(scope, this.#transforms, {
      name: `products of F(${tile}x${tile}), gradient of weights`,
      m: d.results,
      n: d.channels,
      k: this.#transforms.pitch,
      isTurnedB: true,
    });
  }

  /** @param dw is added to; where it is missing, as in a trial, what is found is left in the workspace */
  run(x: SyncedMem, dy: SyncedMem, dw: SyncedMem | undefined, told?: (ms: number) => void): void {
    const scope = this.#scope;
    if (this.#transforms.tiles === 0) return;
    const report = told && inAll(4, told);
    const gradients = { entry: "gradients", from: scope.read(dy) } as const;
    const data = { entry: "data", from: scope.read(x) } as const;
    const sums = this.#products.run(gradients, data, report);
    const nowhere = { buffer: scope.workspace(9 * this.#pairs), adds: 0 } as const;
    const { buffer, adds } = dw ? scope.addTo(dw) : nowhere;
    this.#transforms.run("taps", sums, buffer, this.#pairs, { adds }, report);
  }
}

interface Operand {
  /** How it is transformed. */
  readonly entry: "weights" | "gradients" | "data";
  readonly from: GpuBuffer;
}

/** What both have between their ends: two operands are transformed, and multiplied as matrices at each point. */
class PointProducts {
  readonly #transforms: WinogradTransforms;
  readonly #product: MatrixProduct;
  readonly #counts: { readonly a: number; readonly b: number; readonly c: number };

  /** @param shape of the products, A (m, k) by B (k, n); of B turned over columns lie one behind the other */
  constructor(
    scope: Scope,
    transforms: WinogradTransforms,
    shape: {
      readonly name: string;
      readonly m: number;
      readonly n: number;
      readonly k: number;
      readonly isTurnedB: boolean;
    },
  ) {
    const { name, m, n, k, isTurnedB } = shape;
    const counts = { a: m * k, b: k * n, c: m * n };
    this.#transforms = transforms;
    this.#counts = counts;
    this.#product = stridedProduct(scope, {
      ...{ name, m, n, k, groups: transforms.points },
      a: [k, 1, counts.a],
      b: isTurnedB ? [1, k, counts.b] : [n, 1, counts.b],
      c: [n, 1, counts.c],
    });
  }

  /** @returns the products, in the workspace */
  run(a: Operand, b: Operand, told: ((ms: number) => void) | undefined): GpuBuffer {
    const transforms = this.#transforms;
    const counts = this.#counts;
    const [left, right] = [transforms.operands(counts.a, 1), transforms.operands(counts.b, 2)];
    const sums = transforms.sums(counts.c);
    transforms.run(a.entry, a.from, left, counts.a, {}, told);
    transforms.run(b.entry, b.from, right, counts.b, {}, told);
    this.#product.run([left, left, right, right], sums, {}, told);
    return sums;
  }
}
