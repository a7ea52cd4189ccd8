import type { GpuBuffer } from "./buffer-pool.ts";
import { MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Kernel } from "./kernels.ts";
import type { FunctionPost } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import {
  finish as finishCode,
  matrixProduct,
  matrixProductDirect,
  matrixProductQuads,
  matrixProductSubgroupMatrix,
  matrixProductTiled,
  stagedF16,
  stagedF32,
} from "./shaders.ts";
import { addUp, type WayOut } from "./slices.ts";
import { MATRIX_TILE, subgroupMatrixHead } from "./subgroup-matrices.ts";
import { BUSY, directTile, likelyTiles, nameOf, sidesOf, stagedTiles, type Tile } from "./tiles.ts";
import type { Way } from "./trials.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** C (M, N) = A (M, K) · B (K, N), `groups` times. */
interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly groups: number;
  /** Products of which N and K are the greatest, whose Cs are parts of one; 1 by default. */
  readonly phases?: number;
  /** Elements of all Cs together; groups · m · n by default. */
  readonly count?: number;
}

/** The kernel of one kind of product: what A, B and C are. */
interface ProductKernel {
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

/** Slices of K are whole multiples of this, so that stages and fours do not cross their ends. */
const STEP_K = 16;
/** The least of K that a workgroup of its own is worth. */
const LEAST_SLICE = 256;
/** Words of the parameters that depend on the tile and on the run. */
const TILES_M = 7;
const TILES = 8;
const FINISH = 14;
const ADDS = 15;

/**
 * Runs one product over and over. Where C has too few tiles to keep a GPU busy, K is cut into slices, each summed by
 * itself; a second kernel adds the slices up, always in the same order. How long slices are depends on shapes alone, so that
 * the sum is the same to the bit with every tile.
 */
export class MatrixProduct {
  readonly #scope: Scope;
  readonly #kernel: ProductKernel;
  readonly #m: number;
  readonly #n: number;
  readonly #parts: number;
  readonly #slices: number;
  readonly #count: number;
  readonly #channels: Channels;
  /** By their names, the likeliest first. */
  readonly #tiles: ReadonlyMap<string, Tile>;
  readonly #likeliest: Tile;
  /** What the next run takes: by trial, where there are several tiles and the GPU tells times. */
  readonly #next: (() => Way) | undefined;
  readonly #params: Uint32Array;
  readonly #kernels: Map<Tile, Map<FunctionPost["kernel"] | undefined, Kernel>> = new Map();

  constructor(
    scope: Scope,
    { m, n, k, groups, phases = 1, count = groups * m * n }: Product,
    kernel: ProductKernel,
    channels: Channels = { channels: 1, inner: 1 },
  ) {
    const { gpu } = scope;
    this.#scope = scope;
    this.#kernel = kernel;
    this.#m = m;
    this.#n = n;
    this.#count = count;
    this.#channels = channels;
    const sliceK = sliceOf(k, scope.products.isTiled ? [64, 64] : sidesOf(directTile(m, n)), {
      m,
      n,
      products: groups * phases,
    });
    this.#slices = Math.max(1, Math.ceil(k / sliceK));
    this.#parts = groups * phases * this.#slices;
    const tiles = tilesFor(scope, m, n, this.#parts);
    const [likeliest] = tiles;
    if (!likeliest) throw new RangeError("no tile fits this GPU");
    this.#likeliest = likeliest;
    this.#tiles = new Map(tiles.map((tile) => [nameOf(tile), tile]));
    const key = [kernel.name, scope.products.isHalf ? "halves" : "floats", m, n, k, groups, phases];
    const names = [...this.#tiles.keys()];
    const what = `${JSON.stringify([...key, kernel.constants])} by ${names.join(" ")}`;
    this.#next = names.length > 1 ? gpu.trials?.of(what, names) : undefined;
    const ofTile = [0, 0];
    const ofRun = [0, 0];
    const sizes = [m, n, k, ...ofTile, sliceK, groups, this.#slices, count, channels.channels];
    this.#params = uniforms([0, 0, 0, 0], [...sizes, ...ofRun, ...kernel.params]);
  }

  /** @param told hears how many milliseconds the product took, apart from the sum of slices, where that can be measured */
  run(
    operands: readonly GpuBuffer[],
    c: GpuBuffer,
    out: WayOut = {},
    told?: (ms: number) => void,
  ): void {
    if (this.#parts > MOST_GROUPS) {
      this.#scope.fail(
        `${this.#parts} products at once. Expected ${MOST_GROUPS} or fewer, the workgroups that a GPU takes along an axis.`,
      );
    }
    const { nothing } = this.#scope.gpu;
    if (this.#slices === 1) {
      const { finish, adds = 0, post } = out;
      new Float32Array(this.#params.buffer).set(numbersOf(post?.params));
      this.#params[FINISH] = finish?.kind ?? 0;
      this.#params[ADDS] = adds;
      this.#dispatch(post, [...operands, finish?.buffer ?? nothing, c], told);
      return;
    }
    const parts = this.#scope.workspace(this.#slices * this.#count);
    this.#dispatch(undefined, [...operands, nothing, parts], told);
    const sliced = { count: this.#count, slices: this.#slices, ...this.#channels };
    addUp(this.#scope, sliced, parts, c, out);
  }

  #dispatch(
    post: FunctionPost | undefined,
    buffers: readonly GpuBuffer[],
    told: ((ms: number) => void) | undefined,
  ): void {
    const way = this.#next?.();
    const both = (ms: number): void => {
      told?.(ms);
      way?.told?.(ms);
    };
    const listener = told || way?.told ? both : undefined;
    const tile = (way && this.#tiles.get(way.name)) ?? this.#likeliest;
    const [tileM, tileN] = sidesOf(tile);
    const tilesM = Math.ceil(this.#m / tileM);
    const tiles = tilesM * Math.ceil(this.#n / tileN);
    this.#params[TILES_M] = tilesM;
    this.#params[TILES] = tiles;
    const x = Math.min(tiles, MOST_GROUPS);
    const y = Math.ceil(tiles / Math.max(1, x));
    this.#made(tile, post).run(buffers, this.#params, x, y, this.#parts, listener);
  }

  #made(tile: Tile, post: FunctionPost | undefined): Kernel {
    const ofTile = this.#kernels.get(tile) ?? new Map<FunctionPost["kernel"] | undefined, Kernel>();
    this.#kernels.set(tile, ofTile);
    const known = ofTile.get(post?.kernel);
    if (known) return known;
    const f = post ? unaryFunctions(this.#scope, post.kernel, post.params) : IDENTITY;
    const { name, code, operands, constants } = this.#kernel;
    const made = this.#scope.kernel({
      name,
      code: this.#core() + matrixProduct + code + finishCode + f,
      entry: "main",
      arrays: `${operands}rw`,
      constants: { ...this.#sides(tile), ...constants },
    });
    ofTile.set(post?.kernel, made);
    return made;
  }

  #core(): string {
    const { isTiled, isHalf, matrices } = this.#scope.products;
    if (isHalf && matrices) return subgroupMatrixHead(matrices).code + matrixProductSubgroupMatrix;
    if (isTiled) return (isHalf ? stagedF16 : stagedF32) + matrixProductTiled;
    return this.#scope.gpu.features.has("subgroups") ? matrixProductQuads : matrixProductDirect;
  }

  #sides({ rows, columns, blocksM, blocksN, depth }: Tile): Record<string, number> {
    const sides = { ROWS: rows, COLUMNS: columns };
    const { isTiled, isHalf, matrices } = this.#scope.products;
    if (!isTiled) return sides;
    const { aAlongK, bAlongK } = this.#kernel;
    const along = { A_ALONG_K: Number(aAlongK), B_ALONG_K: Number(bAlongK) };
    if (isHalf && matrices) {
      return { INVOCATIONS: subgroupMatrixHead(matrices).invocations, ...along };
    }
    return { ...sides, BLOCKS_M: blocksM, BLOCKS_N: blocksN, DEPTH: depth, ...along };
  }
}

/** The tiles that a product may have, the likeliest first. */
function tilesFor(
  { products: { isTiled, isHalf, matrices }, gpu: { limits } }: Scope,
  m: number,
  n: number,
  parts: number,
): readonly Tile[] {
  if (!isTiled) return [directTile(m, n)];
  if (isHalf && matrices) return [MATRIX_TILE];
  return likelyTiles(stagedTiles(limits, isHalf ? 2 : 4), m, n, parts);
}

/** How much of K is summed by itself, so that as many workgroups are busy as a large GPU wants, with tiles of those sides. */
function sliceOf(
  k: number,
  [tileM, tileN]: readonly [number, number],
  { m, n, products }: { readonly m: number; readonly n: number; readonly products: number },
): number {
  const tiles = Math.ceil(m / tileM) * Math.ceil(n / tileN) * products;
  const wanted = Math.ceil(BUSY / Math.max(1, tiles));
  const length = Math.max(LEAST_SLICE, Math.ceil(k / wanted));
  return Math.ceil(length / STEP_K) * STEP_K;
}
