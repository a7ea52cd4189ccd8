import { MatrixProduct } from "./matrix-product.ts";
import type { Scope } from "./scope.ts";
import { stridedMatrices as code } from "./shaders.ts";

/** Steps of a matrix in memory: from row to row, from column to column, and from group to group where there are several. */
export type Strides = readonly [row: number, column: number, group?: number];

/** Products of matrices in memory, A (M, K) · B (K, N) = C (M, N): as many as there are groups. */
interface StridedProduct {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly groups?: number;
  readonly a: Strides;
  readonly b: Strides;
  readonly c: Strides;
}

/**
 * The product of matrices whose axes may be exchanged by their strides. Whole fours along an axis are read as such. Its operands are A and B,
 * each twice: as elements and in fours.
 */
export function stridedProduct(scope: Scope, product: StridedProduct): MatrixProduct {
  const { name, m, n, k, groups = 1, a, b, c } = product;
  // Elements that follow each other along one axis, in lines that begin and end at whole fours.
  const isWide = (step: number, line: number, length: number, group = 0): number =>
    Number(
      [step - 1, line, length, group].every((one, i) => (i === 0 ? one === 0 : one % 4 === 0)),
    );
  return new MatrixProduct(
    scope,
    { m, n, k, groups },
    {
      name,
      code,
      operands: "rrrr",
      aAlongK: a[1] === 1,
      bAlongK: b[0] === 1,
      constants: {
        IS_WIDE_A: isWide(a[1], a[0], k, a[2]),
        IS_WIDE_B: isWide(b[0], b[1], k, b[2]),
        IS_WIDE_ACROSS_A: isWide(a[0], a[1], m, a[2]),
        IS_WIDE_ACROSS_B: isWide(b[1], b[0], n, b[2]),
      },
      params: [...withGroup(a), ...withGroup(b), ...withGroup(c)],
    },
    { channels: n, inner: 1 },
  );
}

function withGroup([row, column, group = 0]: Strides): readonly number[] {
  return [row, column, group];
}
