import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, InnerProductOp } from "../engine.ts";
import { ChannelSums } from "./channel-sums.ts";
import { MatrixProduct, type Product, type ProductKernel } from "./matrix-product.ts";
import { ChannelFinish, type Posts, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { innerProduct as code } from "./shaders.ts";

/** A matrix in memory: the steps from row to row and from column to column. */
type Strides = readonly [row: number, column: number];

/** Three products of row-major matrices, whose axes may be exchanged by their strides. */
export function webgpuInnerProduct(scope: Scope, d: InnerProductDescriptor): InnerProductOp {
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [stepO, stepK] = d.transpose ? [1, n] : [k, 1];
  const forward = new MatrixProduct(
    scope,
    { m, n, k, groups: 1 },
    strided("inner product", [k, 1], [stepK, stepO], [n, 1]),
    { channels: n, inner: 1 },
  );
  const data = new MatrixProduct(
    scope,
    { m, n: k, k: n, groups: 1 },
    strided("inner product, gradient of data", [n, 1], [stepO, stepK], [k, 1]),
  );
  const weightsOf: Product = { m: n, n: k, k: m, groups: 1 };
  const weights = new MatrixProduct(
    scope,
    d.transpose ? { ...weightsOf, m: k, n } : weightsOf,
    d.transpose
      ? strided("inner product, gradient of weights", [1, k], [n, 1], [n, 1])
      : strided("inner product, gradient of weights", [1, n], [k, 1], [k, 1]),
  );
  const bias = new ChannelSums(scope, { outer: m, length: n, inner: 1 });
  const finish = new ChannelFinish(scope, n);
  return {
    accepts: (posts) => postsOf(posts) !== undefined,
    forward(x, w, b, y, posts = []) {
      const operands = [scope.read(x), scope.read(w)];
      const { lines, post } = postsOf(posts) as Posts;
      forward.run(operands, scope.write(y), { finish: finish.of(b, lines), post });
    },
    backwardData(dy, w, dx) {
      const operands = [scope.read(dy), scope.read(w)];
      data.run(operands, scope.write(dx));
    },
    backwardWeights(x, dy, dw, db) {
      if (dw) {
        const [left, right] = d.transpose ? [x, dy] : [dy, x];
        const operands = [scope.read(left), scope.read(right)];
        const { buffer, adds } = scope.addTo(dw);
        weights.run(operands, buffer, { adds });
      }
      if (db) bias.add(dy, db);
    },
  };
}

/** A product of matrices with those strides. */
function strided(name: string, a: Strides, b: Strides, c: Strides): ProductKernel {
  return {
    name,
    code,
    operands: "rr",
    aAlongK: a[1] === 1,
    bAlongK: b[0] === 1,
    params: [...a, ...b, ...c],
  };
}
