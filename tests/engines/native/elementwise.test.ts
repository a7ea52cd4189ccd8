// Elementwise functions, vectors and rows of the native engine, beside the reference: unary.ts,
// vectors.ts, rows.ts and others.
import fc from "fast-check";
import { test } from "vitest";
import type { Engine } from "../../../src/engines/engine.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { check, describeNative, filled, relu, same } from "./support.ts";

const sizes = fc.record({
  shape: fc.tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
  ),
  seed: fc.integer({ min: 1, max: 1000 }),
});
const countOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describeNative("elementwise functions and vectors", (native) => {
  test.each([0, 0.25, -0.5])("rectifies with slope %d, apart and in place", (slope) => {
    check(sizes, ({ shape, seed }) => {
      same(native, (engine) => {
        const n = countOf(shape);
        const op = engine.unary(relu, { slope }, shape);
        const [x, y, dy, dx] = [filled(n, seed), new SyncedMem(n), filled(n, 2), new SyncedMem(n)];
        op.forward(x, y);
        op.backward(x, y, dy, dx);
        if (slope < 0) return [y, dx];
        const both = filled(n, seed + 1);
        const gradient = filled(n, 3);
        op.forward(both, both);
        op.backward(both, both, gradient, gradient);
        return [y, dx, both, gradient];
      });
    });
  });

  test("softmax and its loss, with a label to ignore", () => {
    const shapes = fc.record({
      outer: fc.integer({ min: 1, max: 5 }),
      channels: fc.integer({ min: 2, max: 12 }),
      inner: fc.integer({ min: 1, max: 6 }),
      ignores: fc.boolean(),
    });
    check(shapes, ({ outer, channels, inner, ignores }) => {
      same(native, (engine) => {
        const shape = [outer, channels, inner];
        const n = countOf(shape);
        const label = new SyncedMem(outer * inner);
        label.overwriteCpu().forEach((_, i, all) => {
          all[i] = (i * 7) % channels;
        });
        const ignoreLabel = ignores ? 0 : undefined;
        const loss = engine.softmaxLoss({ shape, axis: 1, ignoreLabel });
        const [x, prob, dx] = [filled(n, 1), new SyncedMem(n), new SyncedMem(n)];
        const result = new SyncedMem(1);
        loss.forward(x, label, prob, 0.5, result);
        loss.backward(prob, label, 0.3, dx);
        const softmax = engine.softmax({ shape, axis: 1 });
        const [y, back] = [new SyncedMem(n), new SyncedMem(n)];
        softmax.forward(x, y);
        softmax.backward(y, filled(n, 2), back);
        return [prob, result, dx, y, back];
      });
    });
  });

  test("inner products, transposed or not, added to what is there", () => {
    const products = fc.record({
      input: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 40 })),
      outputs: fc.integer({ min: 1, max: 33 }),
      hasBias: fc.boolean(),
      transpose: fc.boolean(),
    });
    check(products, (d) => {
      same(native, (engine) => {
        const [m, k] = d.input;
        const op = engine.innerProduct(d);
        const [x, w, dy] = [filled(m * k, 1), filled(k * d.outputs, 2), filled(m * d.outputs, 3)];
        const b = d.hasBias ? filled(d.outputs, 4) : undefined;
        const [y, dx] = [new SyncedMem(dy.count), new SyncedMem(x.count)];
        const [dw, db] = [new SyncedMem(w.count), new SyncedMem(d.outputs)];
        op.forward(x, w, b, y);
        op.backwardData(dy, w, dx);
        for (let pass = 0; pass < 2; pass++) {
          op.backwardWeights(x, dy, dw, d.hasBias ? db : undefined);
        }
        return [y, dx, dw, db];
      });
    });
  });

  test("response normalisation and weighted sums", () => {
    check(sizes, ({ shape, seed }) => {
      same(native, (engine) => {
        const n = countOf(shape);
        // Windows of one channel up to more than there are.
        const localSize = 1 + 2 * (seed % 6);
        const rest = { localSize, alpha: 0.3, beta: seed % 2 ? 0.75 : 0.6, k: 1.5 };
        const lrn = engine.lrn({ shape, ...rest, region: "ACROSS_CHANNELS" });
        const [x, y, dy, dx] = [filled(n, seed), new SyncedMem(n), filled(n, 2), new SyncedMem(n)];
        lrn.forward(x, y);
        lrn.backward(x, y, dy, dx);
        const coeffs = [0.5, -2, 1];
        const sum = engine.eltwise({ shape, operation: "SUM", coeffs, stableProdGrad: true });
        const [total, da, dc] = [new SyncedMem(n), new SyncedMem(n), new SyncedMem(n)];
        const xs = [x, dy, filled(n, 9)];
        sum.forward(xs, total);
        sum.backward(xs, total, dy, [da, undefined, dc]);
        return [y, dx, total, da, dc];
      });
    });
  });

  test("vector arithmetic agrees with plain loops", () => {
    same(native, (engine: Engine) => {
      const n = 70_001;
      const [a, z] = [filled(n, 1), filled(n, 3)];
      engine.axpby(n, 0.5, a, 2, z);
      const plain = new SyncedMem(n);
      engine.axpby(n, -1, a, 0, plain);
      const copied = new SyncedMem(n);
      engine.copy(n, z, copied);
      const norms = new SyncedMem(3);
      const zero = new SyncedMem(n);
      norms
        .overwriteCpu()
        .set([engine.asum(n, a) / n, engine.sumOfSquares(n, a) / n, engine.asum(n, zero)]);
      return [z, plain, copied, norms];
    });
  });
});
