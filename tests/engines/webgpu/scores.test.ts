import { expect, test } from "vitest";
import type { Engine } from "../../../src/engines/engine.ts";
import { ReferenceEngine } from "../../../src/engines/reference/index.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { noise, write } from "../../support/nets.ts";
import { describeGpu, theGpu } from "./support.ts";

const memOf = (values: readonly number[]): SyncedMem => {
  const mem = new SyncedMem(values.length);
  mem.overwriteCpu().set(values);
  return mem;
};

/** Few different values, so that some are equal. */
const stepped = (count: number): SyncedMem =>
  memOf(noise(count, 3).map((value) => Math.round(4 * value) / 4));

/** Noise between 0 and 1, some of it 0. */
const chances = (count: number): SyncedMem =>
  memOf(noise(count, 6).map((value, i) => (i % 9 === 0 ? 0 : Math.abs(value))));

const labels = (count: number, classes: number): SyncedMem =>
  memOf(Array.from({ length: count }, (_, i) => (7 * i) % classes));

/** Runs the same on both engines and compares all that it gives back. */
async function same(run: (engine: Engine) => readonly SyncedMem[]): Promise<void> {
  const wanted = run(new ReferenceEngine());
  const got = run(webgpuEngine(theGpu()) as Engine);
  for (const [i, mem] of got.entries()) {
    await mem.toHost();
    expect([...mem.cpu()]).toBeAllClose([...(wanted[i] as SyncedMem).cpu()], {
      rtol: 1e-4,
      atol: 1e-5,
    });
  }
}

/** Rows shorter and longer than a workgroup, along a middle and a last axis; more rows than one workgroup adds up. */
const SHAPES = [
  [4, 3, 1],
  [9000, 3, 1],
  [300, 5, 1],
  [2, 40, 7],
  [3, 400, 1],
] as const;

describeGpu("scores and losses of labels on the GPU", () => {
  test.each(SHAPES)("accuracy, of all and of each class: %i × %i × %i", async (...shape) => {
    const [outer, classes, inner] = shape;
    for (const [topK, ignoreLabel] of [[1, undefined] as const, [3, 0] as const]) {
      await same((engine) => {
        const [accuracy, each] = [new SyncedMem(1), new SyncedMem(classes)];
        const x = stepped(outer * classes * inner);
        const op = engine.accuracy({ shape, axis: 1, topK, ignoreLabel });
        op.forward(x, labels(outer * inner, classes), accuracy, each);
        return [accuracy, each];
      });
    }
  });

  test("of labels that are all ignored the accuracy is 0", async () => {
    await same((engine) => {
      const accuracy = new SyncedMem(1);
      const op = engine.accuracy({ shape: [2, 3], axis: 1, topK: 1, ignoreLabel: 1 });
      op.forward(stepped(6), memOf([1, 1]), accuracy, undefined);
      return [accuracy];
    });
  });

  test.each(["indices", "values", "both"] as const)("the greatest values: %s", async (wants) => {
    for (const [outer, length, given] of SHAPES) {
      const inner = wants === "both" ? 1 : given;
      await same((engine) => {
        const y = new SyncedMem(outer * 3 * inner * (wants === "both" ? 2 : 1));
        const op = engine.argMax({ outer, length, inner, topK: 3, wants });
        op.forward(stepped(outer * length * inner), y);
        return [y];
      });
    }
  });

  test.each(SHAPES)("the log loss of given probabilities: %i × %i × %i", async (...shape) => {
    const [outer, classes, inner] = shape;
    const count = outer * classes * inner;
    await same((engine) => {
      const p = chances(count);
      const [loss, worth, dx, dp] = [1, 1, count, count].map((n) => new SyncedMem(n)) as [
        SyncedMem,
        SyncedMem,
        SyncedMem,
        SyncedMem,
      ];
      const [h, label] = [memOf(noise(classes ** 2, 7)), labels(outer * inner, classes)];
      const infogain = engine.infogainLoss({ shape, axis: 1, ignoreLabel: 1 });
      infogain.forward(p, label, h, 0.5 / count, worth);
      infogain.backward(p, label, h, 0.3, dx);
      const rows = engine.multinomialLoss({ batch: outer, classes: classes * inner });
      rows.forward(p, label, 0.5 / outer, loss);
      rows.backward(p, label, 1e-20, dp);
      return [loss, worth, dx, dp];
    });
  });

  test.each([false, true])("pairs, similar or not; legacy: %s", async (isLegacy) => {
    for (const [pairs, channels] of [
      [3, 2] as const,
      [300, 5] as const,
      [4, 300] as const,
      [9000, 1] as const,
    ]) {
      await same((engine) => {
        const count = pairs * channels;
        const op = engine.contrastiveLoss({ pairs, channels, margin: 3, isLegacy });
        const [a, b, similar] = [memOf(noise(count, 1)), memOf(noise(count, 2)), labels(pairs, 2)];
        const [loss, da] = [new SyncedMem(1), new SyncedMem(count)];
        op.forward(a, b, similar, 0.5 / pairs, loss);
        op.backward(a, b, similar, 0.3, da);
        return [loss, da];
      });
    }
  });

  test("a test pass with Accuracy leaves the device for the loss alone", async () => {
    const net = `layer { name: "in" type: "Input" top: "x" top: "label" input_param { shape { dim: 4 dim: 6 } shape { dim: 4 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "y" bottom: "label" top: "loss" }
      layer { name: "accuracy" type: "Accuracy" bottom: "y" bottom: "label" top: "accuracy" include { phase: TEST } }`;
    const measure = async (engines: typeof referenceEngines): Promise<number[]> => {
      const solver = Solver.parse(
        `base_lr: 0.1 lr_policy: "fixed" random_seed: 7 max_iter: 1 test_iter: 1 test_interval: 1 net_param { ${net} }`,
        { engines },
      );
      const [tested] = solver.testNets;
      if (!tested) throw new Error("there is no test net");
      write(tested.blob("x"), noise(24));
      write(tested.blob("label"), [0, 1, 2, 0]);
      await tested.forward();
      await tested.forward();
      const { device } = tested;
      const before = { ...device?.traffic };
      await tested.forward();
      if (device) {
        // The loss, which forward gives back: a number.
        expect(device.traffic.downloaded - (before.downloaded ?? 0)).toBe(4);
        expect(device.traffic.uploaded).toBe(before.uploaded);
        expect(tested.layers.every((layer, i) => layer.engine.device || i === 0)).toBe(true);
      }
      const outputs = await tested.outputValues();
      solver.close();
      return outputs.flatMap(({ values }) => Array.from(values));
    };
    const engines = availableEngines.get("webgpu") ?? referenceEngines;
    expect(await measure(engines)).toBeAllClose(await measure(referenceEngines), {
      rtol: 1e-4,
      atol: 1e-5,
    });
  });
});
