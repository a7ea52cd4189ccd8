import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { ChannelSums } from "./channel-sums.ts";
import { MatrixProduct, type ProductKernel } from "./matrix-product.ts";
import { ChannelFinish, type Posts, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { innerProduct as code } from "./shaders.ts";

/** A matrix in memory: the steps from row to row and from column to column. */
type Strides = readonly [row: number, column: number];

/** Three products of row-major matrices, whose axes may be exchanged by their strides. */
export function webgpuInnerProduct(scope: Scope, d: InnerProductDescriptor): LinearOp {
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [stepO, stepK] = d.transpose ? [1, n] : [k, 1];
  const product = (
    name: string,
    [rows, columns, along]: readonly [number, number, number],
    strides: readonly [a: Strides, b: Strides, c: Strides],
  ): MatrixProduct =>
    new MatrixProduct(
      scope,
      { m: rows, n: columns, k: along, groups: 1 },
      strided(name, [rows, columns, along], ...strides),
      { channels: columns, inner: 1 },
    );
  const forward = product(
    "inner product",
    [m, n, k],
    [
      [k, 1],
      [stepK, stepO],
      [n, 1],
    ],
  );
  const data = product(
    "inner product, gradient of data",
    [m, k, n],
    [
      [n, 1],
      [stepO, stepK],
      [k, 1],
    ],
  );
  // dW (outputs, features), or the other way round.
  const [rows, columns] = d.transpose ? [k, n] : [n, k];
  const weights = product(
    "inner product, gradient of weights",
    [rows, columns, m],
    [
      [1, rows],
      [columns, 1],
      [columns, 1],
    ],
  );
  const bias = new ChannelSums(scope, { outer: m, length: n, inner: 1 });
  const finish = new ChannelFinish(scope, n);
  return {
    accepts: (posts) => postsOf(posts) !== undefined,
    forward(x, w, b, y, posts = []) {
      const operands = both(scope.read(x), scope.read(w));
      const { lines, post } = postsOf(posts) as Posts;
      forward.run(operands, scope.write(y), { finish: finish.of(b, lines), post });
    },
    backwardData(dy, w, dx) {
      const operands = both(scope.read(dy), scope.read(w));
      data.run(operands, scope.write(dx));
    },
    backwardWeights(x, dy, dw, db) {
      if (dw) {
        const [left, right] = d.transpose ? [x, dy] : [dy, x];
        const operands = both(scope.read(left), scope.read(right));
        const { buffer, adds } = scope.addTo(dw);
        weights.run(operands, buffer, { adds });
      }
      if (db) bias.add(dy, db);
    },
  };
}

/** A product of matrices with those strides. Whole fours along an axis are read as such. */
function strided(
  name: string,
  [m, n, k]: readonly [number, number, number],
  a: Strides,
  b: Strides,
  c: Strides,
): ProductKernel {
  // Elements that follow each other along one axis, in lines that begin and end at whole fours.
  const isWide = (step: number, line: number, length: number): number =>
    Number(step === 1 && line % 4 === 0 && length % 4 === 0);
  return {
    name,
    code,
    operands: "rrrr",
    aAlongK: a[1] === 1,
    bAlongK: b[0] === 1,
    constants: {
      IS_WIDE_A: isWide(a[1], a[0], k),
      IS_WIDE_B: isWide(b[0], b[1], k),
      IS_WIDE_ACROSS_A: isWide(a[0], a[1], m),
      IS_WIDE_ACROSS_B: isWide(b[1], b[0], n),
    },
    params: [...a, ...b, ...c],
  };
}

/** A and B, each as elements and in fours. */
function both(a: GpuBuffer, b: GpuBuffer): GpuBuffer[] {
  return [a, a, b, b];
}
