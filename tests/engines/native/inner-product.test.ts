import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative, filled, nativeWith, same } from "./support.ts";

describeNative("inner product", () => {
  test("products of rows add up in any shape", () => {
    const addon = loadAddon();
    for (const [m, n, k] of [
      [1, 1, 1],
      [3, 7, 13],
      [6, 50, 16],
      [70, 97, 33],
      [5, 49, 1040],
    ] as const) {
      const [a, w] = [filled(m * k, 1).cpu(), filled(n * k, 2).cpu()];
      for (const adds of [false, true]) {
        const before = filled(m * n, 3).cpu();
        const y = before.slice() as Float32Array;
        addon.rowProducts(m, n, k, a as Float32Array, w as Float32Array, adds, y);
        for (let at = 0; at < m * n; at++) {
          const [i, j] = [Math.floor(at / n), at % n];
          let sum = adds ? before[at]! : 0;
          for (let p = 0; p < k; p++) sum += a[i * k + p]! * w[j * k + p]!;
          expect(Math.abs(y[at]! - sum), `${m}x${k} by ${n}, element ${at}`).toBeLessThan(2e-5);
        }
      }
    }
  });

  test("few samples take the way that a trial chose, with the bias added", () => {
    const kept: Choices = { "inner product 5x1040 by 1003": "rows" };
    const tuner = new Tuner({ read: () => kept, write: () => expect.fail("tried again") });
    same(nativeWith(tuner), (engine) => {
      const op = engine.innerProduct({
        input: [5, 1040],
        outputs: 1003,
        hasBias: true,
        transpose: false,
      });
      const y = new SyncedMem(5 * 1003);
      op.forward(filled(5 * 1040, 1), filled(1003 * 1040, 2), filled(1003, 3), y);
      if (engine.name === "native") expect([...(engine.work?.ran ?? [])]).toEqual(["rows"]);
      return [y];
    });
  });
});
