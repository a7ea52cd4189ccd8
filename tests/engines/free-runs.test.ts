import fc from "fast-check";
import { expect, test } from "vitest";
import { FreeRuns, type Run } from "../../src/engines/free-runs.ts";

test("runs that are taken never overlap, and all that is given back is one run again", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ length: fc.integer({ min: 1, max: 50 }), gives: fc.nat(9) })),
      (steps) => {
        const free = new FreeRuns();
        free.give({ begin: 64, length: 1000 });
        const taken: Run[] = [];
        for (const { length, gives } of steps) {
          const run = free.take(length);
          if (run) {
            expect(run.length).toBe(length);
            for (const other of taken) {
              const isApart =
                run.begin + run.length <= other.begin || other.begin + other.length <= run.begin;
              expect(isApart).toBe(true);
            }
            taken.push(run);
          }
          if (gives < taken.length) for (const old of taken.splice(gives, 1)) free.give(old);
        }
        for (const run of taken) free.give(run);
        expect(free.take(1000)).toEqual({ begin: 64, length: 1000 });
      },
    ),
    { numRuns: 100, seed: 1701 },
  );
});
