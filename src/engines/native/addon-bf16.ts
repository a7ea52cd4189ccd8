import type { Buffer } from "./buffer.ts";

/** Rows of a by a matrix w, r×c; the bias is added where there is one. */
type ByWeights = (
  m: number,
  r: number,
  c: number,
  a: Buffer,
  w: Buffer,
  bias: Buffer | undefined,
  y: Buffer,
) => void;

/**
 * Products of bfloat16 with sums of floats, where the processor has instructions for them: weights, bias and gradients of weights are floats, row-major,
 * and rounded as they are read.
 */
export interface Bf16Products {
  /** y = a·wᵀ + bias; a is m×c and y m×r, of bfloat16, w is r×c. */
  readonly productOfRows: ByWeights;
  /** y = a·w + bias; a is m×r and y m×c, of bfloat16, w is r×c. */
  readonly productOfColumns: ByWeights;
  /** The n rows of b, each of c, rounded, two by two side by side: as many floats of memory as half of them, rounded up, have elements. */
  pairRows(n: number, c: number, b: Buffer, pairs: Buffer): void;
  /** Rows begin to end of y = aᵀ·b, or added to it; a is n×rows, and `pairs` what `pairRows` makes of b. */
  productOfPairs(
    n: number,
    rows: number,
    begin: number,
    end: number,
    columns: number,
    a: Buffer,
    pairs: Buffer,
    adds: boolean,
    y: Buffer,
  ): void;
}
