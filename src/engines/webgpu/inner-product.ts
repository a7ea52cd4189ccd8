import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { ChannelSums } from "./channel-sums.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import { ChannelFinish, type Posts, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { type Strides, stridedProduct } from "./strided-product.ts";

/** Three products of row-major matrices, whose axes may be exchanged by their strides. */
export function webgpuInnerProduct(scope: Scope, d: InnerProductDescriptor): LinearOp {
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [stepO, stepK] = d.transpose ? [1, n] : [k, 1];
  const product = (
    name: string,
    [rows, columns, along]: readonly [number, number, number],
    [a, b, c]: readonly [a: Strides, b: Strides, c: Strides],
  ): MatrixProduct => stridedProduct(scope, { name, m: rows, n: columns, k: along, a, b, c });
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
      forward.run(operands, scope.pass(y), { finish: finish.of(b, lines), post });
    },
    backwardData(dy, w, dx) {
      const operands = both(scope.read(dy), scope.read(w));
      data.run(operands, scope.pass(dx));
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

/** A and B, each as elements and in fours. */
function both(a: GpuBuffer, b: GpuBuffer): GpuBuffer[] {
  return [a, a, b, b];
}
