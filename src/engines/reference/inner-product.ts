import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";

/** Y = X · Wᵀ + b; element (o, k) of W lies at o·K + k, or at k·N + o where transposed. */
export function referenceInnerProduct(d: InnerProductDescriptor): LinearOp {
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [stepO, stepK] = d.transpose ? [1, n] : [k, 1];
  return {
    accepts: (posts) => posts.every(({ kind }) => kind === "unary"),
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const [x, w, b, y] = [xMem.cpu(), wMem.cpu(), bMem?.cpu(), yMem.overwriteCpu()];
      for (let i = 0; i < m; i++) {
        for (let o = 0; o < n; o++) {
          let sum = b ? b[o]! : 0;
          for (let j = 0; j < k; j++) sum += x[i * k + j]! * w[o * stepO + j * stepK]!;
          y[i * n + o] = sum;
        }
      }
      for (const post of posts) {
        if (post.kind === "unary") post.kernel.reference.forward(m * n, y, y, post.params);
      }
    },
    backwardData(dyMem, wMem, dxMem) {
      const [dy, w, dx] = [dyMem.cpu(), wMem.cpu(), dxMem.overwriteCpu()];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < k; j++) {
          let sum = 0;
          for (let o = 0; o < n; o++) sum += dy[i * n + o]! * w[o * stepO + j * stepK]!;
          dx[i * k + j] = sum;
        }
      }
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const [x, dy, dw] = [xMem.cpu(), dyMem.cpu(), dwMem?.mutableCpu()];
      for (let o = 0; o < n && dw; o++) {
        for (let j = 0; j < k; j++) {
          let sum = 0;
          for (let i = 0; i < m; i++) sum += dy[i * n + o]! * x[i * k + j]!;
          dw[o * stepO + j * stepK]! += sum;
        }
      }
      if (!dbMem) return;
      const db = dbMem.mutableCpu();
      for (let o = 0; o < n; o++) {
        let sum = 0;
        for (let i = 0; i < m; i++) sum += dy[i * n + o]!;
        db[o]! += sum;
      }
    },
  };
}
