import { expect, test } from "vitest";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { Trials } from "../../../src/engines/webgpu/trials.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { isLong } from "../../support/long.ts";
import { noise } from "../../support/nets.ts";
import { describeGpu, withGpu } from "./support.ts";

/** A store in memory. */
function remembered(choices: Record<string, string> = {}) {
  return {
    choices,
    read: () => ({ ...choices }),
    write: (all: Record<string, string>) => void Object.assign(choices, all),
  };
}

const PACE: Record<string, number> = { likely: 1, slow: 3, fast: 0.5, same: 0.97 };

/** What so many runs took, each of which is told before the next. */
function runs(next: ReturnType<Trials["of"]>, count: number): string[] {
  return Array.from({ length: count }, () => {
    const { name, told } = next();
    told?.(PACE[name] ?? 0);
    return name;
  });
}

test("runs take every way in turn, then the fastest, which is remembered", () => {
  const store = remembered();
  const names = ["likely", "slow", "fast"];
  const next = new Trials(store).of("k", names);
  expect(runs(next, 9)).toEqual([...names, ...names, ...names]);
  expect(runs(next, 2)).toEqual(["fast", "fast"]);
  expect(store.choices).toEqual({ k: "fast" });
  expect(runs(new Trials(store).of("k", names), 2)).toEqual(["fast", "fast"]);
  expect(runs(new Trials(store).of("other", names), 2)).toEqual(["likely", "slow"]);
});

test("the first run of each does not count, nor what is only a little faster", () => {
  const next = new Trials(remembered()).of("k", ["likely", "same"]);
  const [first, second] = [next(), next()];
  first.told?.(100);
  second.told?.(0.01);
  runs(next, 4);
  expect(next()).toEqual({ name: "likely" });
});

test("a choice that is no candidate any more is made anew; times that come late change nothing", () => {
  const store = remembered({ k: "gone" });
  const next = new Trials(store).of("k", ["likely", "fast"]);
  const late = next();
  expect(runs(next, 7)).toEqual(["fast", "likely", "fast", "likely", "fast", "likely", "fast"]);
  expect(store.choices).toEqual({ k: "fast" });
  late.told?.(0);
  expect(next()).toEqual({ name: "fast" });
});

describeGpu("trials on a GPU", () => {
  test("an adapter without timestamps tries nothing", async () => {
    await withGpu({ without: ["timestamp-query"] }, async (gpu) => {
      gpu.tune(remembered());
      expect(gpu.trials).toBeUndefined();
    });
  });

  test.runIf(isLong)(
    "every tile gives the same bits, and one is chosen by the GPU's clock",
    async () => {
      await withGpu({ isTiled: true }, async (gpu) => {
        const store = remembered();
        gpu.tune(store);
        const [m, n, k] = [70, 90, 40];
        const arrays = [m * k, n * k, m * n].map((count) => new SyncedMem(count));
        const [x, w, y] = arrays as [SyncedMem, SyncedMem, SyncedMem];
        for (const mem of [x, w]) mem.overwriteCpu().set(noise(mem.count, mem.count));
        const d = { input: [m, k], outputs: n, hasBias: false, transpose: false };
        const op = webgpuEngine(gpu).innerProduct?.(d);
        const results: Float32Array[] = [];
        for (let i = 0; i < 16 && Object.keys(store.choices).length === 0; i++) {
          op?.forward(x, w, undefined, y);
          await y.toHost();
          results.push(Float32Array.from(y.cpu()));
        }
        expect(Object.values(store.choices)).toEqual([expect.stringMatching(/^\d+x\d+x\d+$/)]);
        for (const one of results) expect(one).toEqual(results[0]);
      });
    },
  );
});
