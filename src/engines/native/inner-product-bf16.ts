import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { InnerProductDescriptor, LinearOp } from "../engine.ts";
import type { Layout } from "./addon.ts";
import type { Buffer, StoreMemory } from "./buffer.ts";
import { FactoredGradient } from "./factored-gradient.ts";
import type { Layouts } from "./layouts.ts";
import { type Rectified, rectifiedOf } from "./post-ops.ts";
import { weightsIn } from "./weights.ts";

/** Three matrix products of bfloat16 by the library, with sums of floats; weights and their gradient are floats, row-major. */
export function bf16InnerProduct(layouts: Layouts, d: InnerProductDescriptor): LinearOp {
  const { addon, floats } = layouts;
  const m = d.input[0] ?? 1;
  const k = countOf(d.input, 1);
  const n = d.outputs;
  const [x, y] = [layouts.plain([m, k]), layouts.plain([m, n])];
  const bias = floats.plain([n]);
  const w = floats.plain(d.transpose ? [k, n] : [n, k]);
  const shape = { batch: m, rows: d.transpose ? k : n, columns: d.transpose ? n : k };
  const args = [m, k, n, d.hasBias, layouts.type, d.transpose] as const;
  let weights: ReturnType<typeof addon.innerProductBackwardWeights> | undefined;
  if (d.transpose) weights = addon.innerProductBackwardWeights(...args);
  const rounded = weightsIn(layouts, weights?.layouts.diffWeights);
  /** Memory with the same numbers as floats, for as long as `use` runs. */
  const inFloats = (layout: Layout, from: Buffer, use: (floats: StoreMemory) => void): void =>
    floats.lend(layout.stored, (memory) => {
      layouts.reorder(layout, floats.plain(layout.dims)).run(from, memory);
      use(memory);
    });
  let forward: ReturnType<typeof addon.innerProductForward> | undefined;
  let data: ReturnType<typeof addon.innerProductBackwardData> | undefined;
  return {
    accepts: (posts) => rectifiedOf(posts) !== undefined,
    forward(xMem, wMem, bMem, yMem, posts = []) {
      forward ??= addon.innerProductForward(...args);
      const out = layouts.write(yMem, y);
      const buffers: Buffer[] = [
        layouts.read(xMem, x),
        rounded.read(wMem, forward.layouts.weights),
        out,
      ];
      if (bMem) buffers.push(floats.read(bMem, bias));
      layouts.run(forward, buffers);
      layouts.ran.add(forward.implementation);
      if (posts.length === 0) return;
      const { slope, ratio, key } = rectifiedOf(posts) as Rectified;
      addon.dropout(1, m, n, 1, ratio, ...key, slope, out, out);
    },
    backwardData(dyMem, wMem, dxMem) {
      data ??= addon.innerProductBackwardData(...args);
      const primitive = data;
      const from = layouts.read(dyMem, y);
      const to = layouts.write(dxMem, x);
      rounded.borrow(wMem, primitive.layouts.weights, (buffer) =>
        layouts.run(primitive, [from, buffer, to]),
      );
      layouts.ran.add(`input ${primitive.implementation}`);
    },
    backwardWeights(xMem, dyMem, dwMem, dbMem) {
      const [input, gradient] = [layouts.read(xMem, x), layouts.read(dyMem, y)];
      if (dwMem?.isReadOnce && dwMem.isZero && FactoredGradient.pays(shape)) {
        inFloats(x, input, (values) => {
          inFloats(y, gradient, (slopes) => {
            const [a, b] = d.transpose ? [values, slopes] : [slopes, values];
            FactoredGradient.write(floats, dwMem, shape, a, b);
            if (dbMem) floats.addon.addRows(m, n, slopes, floats.update(dbMem, bias));
          });
        });
        return;
      }
      weights ??= addon.innerProductBackwardWeights(...args);
      const primitive = weights;
      /** Where that gradient is written: to the array while it is still zero, else beside it, and added. */
      const into = (
        mem: SyncedMem | undefined,
        layout: Layout,
        use: (to: Buffer) => void,
      ): void => {
        if (mem?.isZero) use(floats.write(mem, layout));
        else {
          floats.lend(layout.stored, (beside) => {
            use(beside);
            if (mem) floats.addon.axpby(layout.stored, 1, beside, 1, floats.update(mem, layout));
          });
        }
      };
      into(dwMem, w, (toW) => {
        const buffers = [input, gradient, toW];
        if (!d.hasBias) layouts.run(primitive, buffers);
        else into(dbMem, bias, (toB) => layouts.run(primitive, [...buffers, toB]));
      });
      layouts.ran.add(`weights ${primitive.implementation}`);
    },
  };
}
