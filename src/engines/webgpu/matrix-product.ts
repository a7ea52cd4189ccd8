import type { GpuBuffer } from "./buffer-pool.ts";
import type { Kernel } from "./kernels.ts";
import type { Finish, FunctionPost } from "./post-ops.ts";
import { groupsFor, type Scope, uniforms } from "./scope.ts";
import {
  finish as finishCode,
  matrixProduct,
  matrixProductDirect,
  matrixProductTiled,
  sumSlices,
} from "./shaders.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** C (M, N) = A (M, K) · B (K, N), `groups` times. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly groups: number;
}

/** The kernel of one kind of product: what A, B and C are. */
export interface ProductKernel {
  readonly name: string;
  /** WGSL that follows matrix-product.wgsl. Its arrays: the operands, the bias, C. */
  readonly code: string;
  /** One letter for each operand. */
  readonly operands: string;
  readonly aAlongK: boolean;
  readonly bAlongK: boolean;
  readonly constants?: Readonly<Record<string, number>>;
  /** Its whole-number parameters after those that all products have. */
  readonly params: readonly number[];
}

/** How C's elements are channels, for its bias: (…, channels, inner). */
interface Channels {
  readonly channels: number;
  readonly inner: number;
}

/** Elements of K that a tile takes at a time: operands may be asked for so many beyond K. */
export const STEP_K = 16;
/** Workgroups that a large GPU wants before it is busy. */
const BUSY = 256;
/** The least of K that a workgroup of its own is worth. */
const LEAST_SLICE = 256;
/** Words of the parameters that are set before a run. */
const FINISH = 11;
const ADDS = 12;

/**
 * Runs one product over and over. Where C has too few tiles to keep a GPU busy, K is cut into slices, each summed by
 * itself; a second kernel adds the slices up, always in the same order.
 */
export class MatrixProduct {
  readonly #scope: Scope;
  readonly #kernel: ProductKernel;
  readonly #product: Product;
  readonly #tiles: number;
  readonly #slices: number;
  readonly #threads: { readonly ROWS: number; readonly COLUMNS: number };
  readonly #params: Uint32Array;
  readonly #sumParams: Uint32Array;
  readonly #made: Map<FunctionPost["kernel"] | undefined, readonly [Kernel, Kernel]> = new Map();

  constructor(
    scope: Scope,
    product: Product,
    kernel: ProductKernel,
    channels: Channels = { channels: 1, inner: 1 },
  ) {
    const { m, n, k, groups } = product;
    this.#scope = scope;
    this.#kernel = kernel;
    this.#product = product;
    const [rows, columns] = threads(m, n, scope.gpu.isTiled);
    const tilesM = Math.ceil(m / (4 * rows));
    this.#tiles = tilesM * Math.ceil(n / (4 * columns));
    const wanted = Math.ceil(BUSY / Math.max(1, this.#tiles * groups));
    const length = Math.max(LEAST_SLICE, Math.ceil(k / wanted));
    const sliceK = Math.ceil(length / STEP_K) * STEP_K;
    this.#slices = Math.max(1, Math.ceil(k / sliceK));
    this.#threads = { ROWS: rows, COLUMNS: columns };
    const common = [m, n, k, tilesM, this.#tiles, sliceK, groups, 0, 0];
    this.#params = uniforms([0, 0, 0, 0], [...common, ...kernel.params]);
    const count = m * n * groups;
    this.#sumParams = uniforms(
      [0, 0, 0, 0],
      [count, this.#slices, channels.channels, channels.inner, 0, 0],
    );
  }

  /**
   * @param finish what each channel of C gets; not where C is added to
   * @param adds C is added to
   * @param post applied to each element of C
   */
  run(
    operands: readonly GpuBuffer[],
    c: GpuBuffer,
    {
      finish,
      adds = 0,
      post,
    }: { finish?: Finish | undefined; adds?: 0 | 1; post?: FunctionPost | undefined } = {},
  ): void {
    const { gpu } = this.#scope;
    const { m, n, groups } = this.#product;
    const [product, sum] = this.#kernels(post);
    const numbers = numbersOf(post?.params);
    const last = this.#slices === 1 ? this.#params : this.#sumParams;
    new Float32Array(last.buffer).set(numbers);
    const x = Math.min(this.#tiles, 65535);
    const y = Math.ceil(this.#tiles / x);
    if (this.#slices === 1) {
      this.#params[FINISH] = finish?.kind ?? 0;
      this.#params[ADDS] = adds;
      product.run([...operands, finish?.buffer ?? gpu.nothing, c], this.#params, x, y, groups);
      return;
    }
    const parts = this.#scope.workspace(this.#slices * m * n * groups);
    product.run([...operands, gpu.nothing, parts], this.#params, x, y, groups * this.#slices);
    this.#sumParams[8] = finish?.kind ?? 0;
    this.#sumParams[9] = adds;
    sum.run([parts, finish?.buffer ?? gpu.nothing, c], this.#sumParams, groupsFor(m * n * groups));
  }

  #kernels(post: FunctionPost | undefined): readonly [Kernel, Kernel] {
    const known = this.#made.get(post?.kernel);
    if (known) return known;
    const f = post ? unaryFunctions(this.#scope, post.kernel, post.params) : IDENTITY;
    const { name, code, operands, aAlongK, bAlongK, constants } = this.#kernel;
    const { isTiled } = this.#scope.gpu;
    const core = matrixProduct + (isTiled ? matrixProductTiled : matrixProductDirect);
    const along = { A_ALONG_K: Number(aAlongK), B_ALONG_K: Number(bAlongK) };
    const made = [
      this.#scope.kernel({
        name,
        code: core + code + finishCode + (this.#slices === 1 ? f : IDENTITY),
        entry: "main",
        arrays: `${operands}rw`,
        constants: { ...this.#threads, ...(isTiled && along), ...constants },
      }),
      this.#scope.kernel({
        name: "sum of slices",
        code: sumSlices + finishCode + f,
        entry: "main",
        arrays: "rrw",
      }),
    ] as const;
    this.#made.set(post?.kernel, made);
    return made;
  }
}

/**
 * Invocations along the two sides of a tile, each of which takes four elements of either side. Tiles that are staged
 * need multiples of four. Few sizes are enough: each is a shader of its own to compile.
 */
function threads(m: number, n: number, isTiled: boolean): readonly [rows: number, columns: number] {
  const [rows, columns] = isTiled
    ? [
        [4, 8, 16],
        [4, 8, 16],
      ]
    : [
        [1, 4],
        [4, 16],
      ];
  const enough = (sizes: readonly number[], length: number): number =>
    sizes.find((size) => 4 * size >= length) ?? sizes.at(-1) ?? 16;
  return [enough(rows, m), enough(columns, n)];
}
