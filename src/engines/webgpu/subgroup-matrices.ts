/** What a subgroup multiplies in one instruction: (m, k) · (k, n) of halves, added to (m, n) of floats. */
export interface SubgroupMatrices {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Invocations of the largest subgroup. */
  readonly subgroup: number;
}

/** The feature, as Dawn calls it while it is no standard; WebGPU's types do not know it. */
export const SUBGROUP_MATRICES = "chromium-experimental-subgroup-matrix";

/** A kind of blocks that an adapter can multiply. */
interface Config {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What of an adapter's description is of interest here; older ones lack it. */
interface MatrixInfo {
  readonly subgroupMaxSize?: number;
  readonly subgroupMatrixConfigs?: Iterable<Config>;
}

/** Sides of a tile and of a stage along K, of which blocks have to be a part. */
const SIDE = 64;
const DEPTH = 16;
/** Invocations of a workgroup that every adapter has, and strips of a tile at most. */
const INVOCATIONS = 256;
const MOST_WORKERS = 4;

/** The blocks of halves with sums in float32 that fit a tile; undefined where the adapter has none. */
export function subgroupMatricesOf(info: MatrixInfo): SubgroupMatrices | undefined {
  const { subgroupMaxSize: subgroup = 0, subgroupMatrixConfigs = [] } = info;
  if (subgroup < 1 || subgroup > INVOCATIONS) return undefined;
  const found = [...subgroupMatrixConfigs].find(
    ({ componentType, resultComponentType, M, N, K }) =>
      componentType === "f16" &&
      resultComponentType === "f32" &&
      SIDE % M === 0 &&
      SIDE % N === 0 &&
      DEPTH % K === 0,
  );
  return found && { m: found.M, n: found.N, k: found.K, subgroup };
}

/** What comes in front of matrix-product-subgroup-matrix.wgsl, and the workgroup's invocations. */
export function subgroupMatrixHead({ m, n, k, subgroup }: SubgroupMatrices): {
  readonly code: string;
  readonly invocations: number;
} {
  const workers = Math.min(MOST_WORKERS, SIDE / m, Math.max(1, Math.floor(INVOCATIONS / subgroup)));
  const code = `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
const BLOCK_M = ${m}u;
const BLOCK_N = ${n}u;
const BLOCK_K = ${k}u;
const WORKERS = ${workers}u;
alias Left = subgroup_matrix_left<f16, ${k}, ${m}>;
alias Right = subgroup_matrix_right<f16, ${n}, ${k}>;
alias Sums = subgroup_matrix_result<f32, ${n}, ${m}>;
`;
  return { code, invocations: workers * subgroup };
}

/** The tile of that kernel: 64 × 64. */
export const MATRIX_TILE = { rows: 16, columns: 16, blocksM: 1, blocksN: 1, depth: DEPTH } as const;
