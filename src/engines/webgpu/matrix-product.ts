import type { GpuBuffer } from "./buffer-pool.ts";
import type { Kernel } from "./kernels.ts";
import type { FunctionPost } from "./post-ops.ts";
import { MOST_GROUPS, type Scope, uniforms } from "./scope.ts";
import {
  finish as finishCode,
  matrixProduct,
  matrixProductDirect,
  matrixProductQuads,
  matrixProductTiled,
  stagedF16,
  stagedF32,
} from "./shaders.ts";
import { addUp, type Sliced, type WayOut } from "./slices.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** C (M, N) = A (M, K) · B (K, N), `groups` times. */
interface Product {
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

/** Elements of K that a tile takes at a time: operands may be read by so many beyond K. */
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
  readonly #sliced: Sliced;
  readonly #kernels: Map<FunctionPost["kernel"] | undefined, Kernel> = new Map();

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
    this.#sliced = { count: m * n * groups, slices: this.#slices, ...channels };
  }

  run(operands: readonly GpuBuffer[], c: GpuBuffer, out: WayOut = {}): void {
    const { nothing } = this.#scope.gpu;
    const { groups } = this.#product;
    const x = Math.min(this.#tiles, MOST_GROUPS);
    const y = Math.ceil(this.#tiles / Math.max(1, x));
    if (groups * this.#slices > MOST_GROUPS) {
      this.#scope.fail(
        `${groups} products at once. Expected ${MOST_GROUPS} or fewer, the workgroups that a GPU takes along an axis.`,
      );
    }
    if (this.#slices === 1) {
      const { finish, adds = 0, post } = out;
      new Float32Array(this.#params.buffer).set(numbersOf(post?.params));
      this.#params[FINISH] = finish?.kind ?? 0;
      this.#params[ADDS] = adds;
      const buffers = [...operands, finish?.buffer ?? nothing, c];
      this.#made(post).run(buffers, this.#params, x, y, groups);
      return;
    }
    const parts = this.#scope.workspace(this.#slices * this.#sliced.count);
    const product = this.#made(undefined);
    product.run([...operands, nothing, parts], this.#params, x, y, groups * this.#slices);
    addUp(this.#scope, this.#sliced, parts, c, out);
  }

  #made(post: FunctionPost | undefined): Kernel {
    const known = this.#kernels.get(post?.kernel);
    if (known) return known;
    const f = post ? unaryFunctions(this.#scope, post.kernel, post.params) : IDENTITY;
    const { name, code, operands, aAlongK, bAlongK, constants } = this.#kernel;
    const { isTiled, isHalf, features } = this.#scope.gpu;
    const direct = features.has("subgroups") ? matrixProductQuads : matrixProductDirect;
    const tiled = (isHalf ? stagedF16 : stagedF32) + matrixProductTiled;
    const core = (isTiled ? tiled : direct) + matrixProduct;
    const along = { A_ALONG_K: Number(aAlongK), B_ALONG_K: Number(bAlongK) };
    const made = this.#scope.kernel({
      name,
      code: core + code + finishCode + f,
      entry: "main",
      arrays: `${operands}rw`,
      constants: { ...this.#threads, ...(isTiled && along), ...constants },
    });
    this.#kernels.set(post?.kernel, made);
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
