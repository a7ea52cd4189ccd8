import fc from "fast-check";
import { test } from "vitest";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { check, describeNative, filled, same } from "./support.ts";

/** Runs longer than the 64 neighbours that native loops take at a time are among them. */
const shapes = fc.record({
  outer: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 2, max: 40 }),
  inner: fc.constantFrom(1, 2, 7, 64, 70),
  topK: fc.integer({ min: 1, max: 4 }),
  ignores: fc.boolean(),
});

/** Few different values, so that some are equal. */
function stepped(count: number, seed: number): SyncedMem {
  const mem = filled(count, seed);
  mem.mutableCpu().forEach((value, i, all) => {
    all[i] = Math.round(value * 4) / 4;
  });
  return mem;
}

function labels(count: number, classes: number): SyncedMem {
  const mem = new SyncedMem(count);
  mem.overwriteCpu().forEach((_, i, all) => {
    all[i] = (i * 7) % classes;
  });
  return mem;
}

/** Noise between 0 and 1, some of it 0. */
function chances(count: number, seed: number): SyncedMem {
  const mem = filled(count, seed);
  mem.mutableCpu().forEach((value, i, all) => {
    all[i] = i % 9 === 0 ? 0 : Math.abs(value);
  });
  return mem;
}

describeNative("scores and losses of labels", (native) => {
  test("accuracy, of all and of each class, counts as the reference does", () => {
    check(shapes, ({ outer, channels, inner, topK, ignores }) => {
      same(native, (engine) => {
        const [k, shape] = [Math.min(topK, channels), [outer, channels, inner]];
        const ignoreLabel = ignores ? 0 : undefined;
        const op = engine.accuracy({ shape, axis: 1, topK: k, ignoreLabel });
        const [accuracy, each] = [new SyncedMem(1), new SyncedMem(channels)];
        const x = stepped(outer * channels * inner, 3);
        op.forward(x, labels(outer * inner, channels), accuracy, each);
        return [accuracy, each];
      });
    });
  });

  test.each(["indices", "values", "both"] as const)("the greatest values: %s", (wants) => {
    check(shapes, ({ outer, channels, inner: given, topK }) => {
      same(native, (engine) => {
        const [k, inner] = [Math.min(topK, channels), wants === "both" ? 1 : given];
        const y = new SyncedMem(outer * k * inner * (wants === "both" ? 2 : 1));
        const op = engine.argMax({ outer, length: channels, inner, topK: k, wants });
        op.forward(stepped(outer * channels * inner, 4), y);
        return [y];
      });
    });
  });

  test("the log loss of given probabilities, alone and by a matrix", () => {
    check(shapes, ({ outer, channels, inner, ignores }) => {
      same(native, (engine) => {
        const shape = [outer, channels, inner];
        const [n, ignoreLabel] = [outer * channels * inner, ignores ? 1 : undefined];
        const [loss, worth, dx] = [new SyncedMem(1), new SyncedMem(1), new SyncedMem(n)];
        const [p, label] = [chances(n, 6), labels(outer * inner, channels)];
        const h = filled(channels * channels, 7);
        const infogain = engine.infogainLoss({ shape, axis: 1, ignoreLabel });
        infogain.forward(p, label, h, 0.5 / n, worth);
        infogain.backward(p, label, h, 0.3, dx);
        const rows = engine.multinomialLoss({ batch: outer, classes: channels * inner });
        const dp = new SyncedMem(n);
        rows.forward(p, label, 0.5, loss);
        rows.backward(p, label, 1e-20, dp);
        return [loss, worth, dx, dp];
      });
    });
  });

  test("pairs, similar or not, by either rule", () => {
    check(shapes, ({ outer: pairs, channels, ignores: isLegacy }) => {
      same(native, (engine) => {
        const count = pairs * channels;
        const op = engine.contrastiveLoss({ pairs, channels, margin: 3, isLegacy });
        const [a, b, similar] = [filled(count, 1), filled(count, 2), labels(pairs, 2)];
        const [loss, da] = [new SyncedMem(1), new SyncedMem(count)];
        op.forward(a, b, similar, 0.5, loss);
        op.backward(a, b, similar, 0.3, da);
        return [loss, da];
      });
    });
  });
});
