import { countOf, type Shape } from "../../../util/shape.ts";
import { type Constant, Constant as ConstantArray } from "../constant.ts";
import { transposed } from "../fold/arrays.ts";
import { learnedOf } from "./convolutions.ts";
import type { Learned, Spot, Translation } from "./spot.ts";

/** Rows of features times W (N×K), plus b. */
function innerProduct(
  at: Spot,
  bottom: string,
  axis: number,
  weights: Constant,
  bias: Learned | undefined,
): string {
  return at.layer(
    {
      type: "InnerProduct",
      bottom: [bottom],
      inner_product_param: {
        num_output: weights.dims[0] as number,
        ...(!bias && { bias_term: false }),
        ...(axis !== 1 && { axis }),
      },
    },
    { learned: [learnedOf(weights), ...(bias ? [bias] : [])] },
  );
}

/** Elements times a factor. */
function times(x: Constant, factor: number): Constant {
  if (factor === 1) return x;
  return new ConstantArray(x.kind, x.dims, () => x.values.map((value) => value * factor));
}

const gemm: Translation = (at) => {
  const [alpha, beta] = [at.number("alpha", 1), at.number("beta", 1)];
  if (at.number("transA", 0) === 1) at.fail("transA is 1. Expected 0: rows are samples.");
  const given = at.known(1, "the matrix");
  const matrix = at.number("transB", 0) === 1 ? given : transposed(given, [1, 0]);
  const outputs = matrix.dims[0] as number;
  const bias = at.input(2) === undefined ? undefined : at.known(2, "the summand");
  if (bias && bias.count !== outputs && bias.count !== 1) {
    at.fail(
      `its summand is ${bias.dims.join("×")}. Expected one number for each of ${outputs} columns.`,
    );
  }
  const learned: Learned | undefined = bias && {
    shape: [outputs],
    values: () =>
      Float32Array.from(
        { length: outputs },
        (_, i) => beta * (bias.values[bias.count === 1 ? 0 : i] as number),
      ),
  };
  return innerProduct(at, at.blob(0), 1, times(matrix, alpha), learned);
};

/** A product with a constant matrix; what is added behind becomes the bias, by `biasInProducts`. */
const matMul: Translation = (at) => {
  const matrix = at.constant(1);
  if (!matrix) {
    return at.fail(
      "both of its inputs are computed as the graph runs. Expected a constant as the second.",
    );
  }
  if (matrix.dims.length !== 2) {
    at.fail(`its second input is ${matrix.dims.join("×")}. Expected a matrix.`);
  }
  const shape: Shape = at.shape(0);
  const bias = at.input(2) === undefined ? undefined : at.known(2, "the summand");
  const count = countOf(shape, shape.length - 1);
  if (shape.length === 1 || count !== matrix.dims[0]) {
    at.fail(
      `its inputs are ${shape.join("×")} and ${matrix.dims.join("×")}. Expected rows that fit.`,
    );
  }
  const learned = bias && learnedOf(bias, [bias.count]);
  return innerProduct(at, at.blob(0), shape.length - 1, transposed(matrix, [1, 0]), learned);
};

/** Operators that are products with matrices. */
export const products: Readonly<Record<string, Translation>> = {
  Gemm: gemm,
  MatMul: matMul,
};
