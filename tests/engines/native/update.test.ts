import { expect, test } from "vitest";
import type { Engine, UpdateKernel } from "../../../src/engines/engine.ts";
import * as rules from "../../../src/solvers/rules/index.ts";
import type { UpdateRule } from "../../../src/solvers/rules/update-rule.ts";
import { SummedParts } from "../../../src/syncedmem/summed-parts.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative, filled, reference, same } from "./support.ts";

const all = Object.values(rules) as readonly UpdateRule[];
const numbers = { momentum: 0.9, momentum2: 0.999, rms_decay: 0.98, delta: 1e-4 };

describeNative("updates", (native) => {
  const threeSteps = (rule: UpdateRule, kind: "L1" | "L2", n: number) => (engine: Engine) => {
    const w = filled(n, 4);
    const history = rule.kernel.history.map(() => new SyncedMem(n));
    const steps = [0, 1, 2].map((iter) => {
      const g = filled(n, 5 + iter);
      const step = { rate: 0.1, gradientScale: 0.5, decay: 0.01, regularization: kind };
      engine.update(rule.kernel, n, step, rule.params(numbers, iter), w, g, history);
      return g;
    });
    return [w, ...history, ...steps];
  };

  test.each(
    all.flatMap((rule) =>
      (["L1", "L2"] as const).map((kind) => [rule.kernel.name, kind, rule] as const),
    ),
  )("%s with %s, small and in threads", (_name, kind, rule) => {
    for (const n of [1, 7, 70_001]) same(native, threeSteps(rule, kind, n));
  });

  test("a gradient that is a sum of parts is added up on the way", () => {
    const n = 70_001;
    same(native, (engine) => {
      const w = filled(n, 1);
      const parts = [2, 3, 4].map((seed) => filled(n, seed).cpu() as Float32Array);
      const g = new SyncedMem(n);
      SummedParts.write(g, parts);
      const step = { rate: 0.1, gradientScale: 0.5, decay: 0.01, regularization: "L2" } as const;
      engine.update(rules.sgd.kernel, n, step, { momentum: 0 }, w, g, [new SyncedMem(n)]);
      return [w];
    });
  });

  test.each(["reference", "native"])(
    "the %s update tells of a weight that is no finite number",
    (name) => {
      const engine = name === "native" ? native : reference;
      const step = { rate: 1, gradientScale: 1, decay: 0, regularization: "L2" } as const;
      for (const n of [1, 70_001]) {
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -3e38]) {
          const update = (gradient: number): boolean => {
            const [w, g] = [filled(n, 1), filled(n, 2)];
            w.mutableCpu()[n - 1] = 3e38;
            g.mutableCpu()[n - 1] = gradient;
            return engine.update(rules.sgd.kernel, n, step, { momentum: 0 }, w, g, [
              new SyncedMem(n),
            ]);
          };
          expect(update(bad)).toBe(false);
          expect(update(3e38)).toBe(true);
        }
      }
    },
  );

  test("a rule that native code does not know runs on the reference loops", () => {
    const kernel: UpdateKernel<{ readonly momentum: number }> = {
      ...rules.sgd.kernel,
      name: "new",
      reference(n, rate, g) {
        for (let i = 0; i < n; i++) g[i] = rate * Math.sign(g[i]!);
      },
    };
    const [w, g] = [filled(3, 1), filled(3, 2)];
    const wanted = Array.from(w.cpu(), (value, i) => value - 0.5 * Math.sign(g.cpu()[i]!));
    const step = { rate: 0.5, gradientScale: 1, decay: 0, regularization: "L2" } as const;
    native.update(kernel, 3, step, { momentum: 0 }, w, g, [new SyncedMem(3)]);
    expect(w.cpu()).toBeAllClose(wanted);
  });
});
