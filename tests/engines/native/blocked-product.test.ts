import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative, filled, nativeWith, relu, same } from "./support.ts";

describeNative("an inner product whose weights lie as the library reads them", () => {
  const keyOf = (m: number): string => `inner product ${m}x1040 by 1003, weights in any layout`;

  test.each([1, 5, 64])("is the reference's, with %i samples, and its weights can be read", (m) => {
    const kept: Choices = { [keyOf(m)]: "blocked" };
    const tuner = new Tuner({ read: () => kept, write: () => expect.fail("tried again") });
    same(nativeWith(tuner), (engine) => {
      const d = { input: [m, 1040], outputs: 1003, hasBias: true, transpose: false };
      const op = engine.innerProduct({ ...d, isForwardOnly: true });
      const [w, y] = [filled(1003 * 1040, 2), new SyncedMem(m * 1003)];
      const posts = [{ kind: "unary", kernel: relu, params: { slope: 0.1 } }] as const;
      // The second pass finds the weights where the first has left them.
      for (const seed of [1, 4]) op.forward(filled(m * 1040, seed), w, filled(1003, 3), y, posts);
      if (engine.name === "native") expect([...(engine.work?.ran ?? [])]).toEqual(["blocked"]);
      return [y, w];
    });
  });

  test("is tried beside the others where there is no backward, and there alone", () => {
    const kept: Choices = {};
    const engine = nativeWith(new Tuner({ read: () => kept, write: () => {} }));
    for (const isForwardOnly of [true, false]) {
      const d = { input: [2, 1040], outputs: 1003, hasBias: false, transpose: false };
      const op = engine.innerProduct({ ...d, isForwardOnly });
      const y = new SyncedMem(2 * 1003);
      op.forward(filled(2 * 1040, 1), filled(1003 * 1040, 2), undefined, y);
    }
    expect(Object.keys(kept)).toEqual([keyOf(2), "inner product 2x1040 by 1003"]);
    expect(kept["inner product 2x1040 by 1003"]).toMatch(/^(sgemm|rows)$/);
  });
});
