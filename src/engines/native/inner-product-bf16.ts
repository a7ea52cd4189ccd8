import { countOf, type Shape } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import type { Buffer, StoreMemory } from "./buffer.ts";
import { FactoredGradient } from "./factored-gradient.ts";
import type { Layouts } from "./layouts.ts";
import { type Rectified, rectifiedOf } from "./post-ops.ts";

/** Three matrix products of bfloat16, with sums of floats; weights and their gradient are floats, row-major, and rounded as they are read. */
export function bf16InnerProduct(layouts: Layouts, d: InnerProductDescriptor): LinearOp {
  const { addon, floats } = layouts;
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [x, y] = [layouts.plain([m, k]), layouts.plain([m, n])];
  const bias = floats.plain([n]);
  const [rows, columns] = d.transpose ? ([k, n] as const) : ([n, k] as const);
  const w = floats.plain([rows, columns]);
  const shape = { batch: m, rows, columns, type: "bf16" as const };
  /** Memory with the same numbers as floats, for as long as `use` runs. */
  const inFloats = (dims: Shape, from: Buffer, use: (floats: StoreMemory) => void): void => {
    const [layout, plain] = [layouts.plain(dims), floats.plain(dims)];
    floats.lend(plain.stored, (memory) => {
      layouts.reorder(layout, plain).run(from, memory);
      use(memory);
    });
  };
  return {
    accepts: (posts) => rectifiedOf(posts) !== undefined,
    forward(xMem, wMem, bMem, yMem, posts = []) {
      const out = layouts.write(yMem, y);
      const [from, weights] = [layouts.read(xMem, x), floats.read(wMem, w)];
      const shifts = bMem && floats.read(bMem, bias);
      if (d.transpose) addon.productOfColumns(m, k, n, from, weights, shifts, out);
      else addon.productOfRows(m, n, k, from, weights, shifts, out);
      layouts.ran.add("bf16");
      if (posts.length === 0) return;
      const { slope, ratio, key } = rectifiedOf(posts) as Rectified;
      addon.dropout(1, m, n, 1, ratio, ...key, slope, out, out);
    },
    backwardData(dyMem, wMem, dxMem) {
      const [from, weights] = [layouts.read(dyMem, y), floats.read(wMem, w)];
      const to = layouts.write(dxMem, x);
      if (d.transpose) addon.productOfRows(m, k, n, from, weights, undefined, to);
      else addon.productOfColumns(m, n, k, from, weights, undefined, to);
      layouts.ran.add("input bf16");
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const dy = layouts.read(dyMem, y);
      if (dwMem) {
        const input = layouts.read(xMem, x);
        const [a, b] = d.transpose ? [input, dy] : [dy, input];
        if (dwMem.isReadOnce && dwMem.isZero && FactoredGradient.pays(shape)) {
          inFloats([m, rows], a, (left) => {
            inFloats([m, columns], b, (right) => {
              FactoredGradient.write(floats, dwMem, shape, left, right);
            });
          });
        } else {
          const adds = !dwMem.isZero;
          const dw = adds ? floats.update(dwMem, w) : floats.write(dwMem, w);
          layouts.lend(Math.ceil(m / 2) * columns, (pairs) => {
            addon.pairRows(m, columns, b, pairs);
            addon.productOfPairs(m, rows, 0, rows, columns, a, pairs, adds, dw);
          });
        }
      }
      if (dbMem) addon.addRows(m, n, dy, floats.update(dbMem, bias));
      layouts.ran.add("weights bf16");
    },
  };
}
