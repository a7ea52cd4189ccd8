// Numbers that a kernel takes for places in arrays, and that were written over since the layer looked at them.
import { expect, test } from "vitest";
import type { Engine } from "../../../src/engines/engine.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { Net } from "../../../src/net/net.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";
import { describeGpu, theGpu } from "./support.ts";

const WRONG = [-1, 3, 1e9, -1e9, Number.NaN, Infinity];

const memOf = (values: readonly number[]): SyncedMem => {
  const mem = new SyncedMem(values.length);
  mem.overwriteCpu().set(values);
  return mem;
};

const engine = (): Engine => webgpuEngine(theGpu()) as Engine;

async function valuesOf(mem: SyncedMem): Promise<number[]> {
  await mem.toHost();
  return [...mem.cpu()];
}

describeGpu("places that are none", () => {
  test.each(WRONG)("a row of number %d is NaN, and the others are themselves", async (wrong) => {
    const y = new SyncedMem(6);
    const op = engine().gather({ rows: 3, size: 2, picks: 3 });
    op.forward(memOf([1, 2, 3, 4, 5, 6]), memOf([2, wrong, 0]), y);
    expect(await valuesOf(y)).toEqual([5, 6, Number.NaN, Number.NaN, 1, 2]);
  });

  test.each(WRONG)("no gradient is added to a row of number %d", (wrong) => {
    const op = engine().gather({ rows: 3, size: 2, picks: 2 });
    const dx = new SyncedMem(6);
    expect(() => op.backward(memOf([1, 2, 3, 4]), memOf([0, wrong]), dx)).toThrow(
      /is picked at position 1, which was another.*Expected 0 to 2/,
    );
  });

  test.each([
    ["Embed", 'bottom: "b" embed_param { input_dim: 3 num_output: 2 }'],
    ["BatchReindex", 'bottom: "a" bottom: "b"'],
  ])("%s says that its numbers were written over on the GPU", async (type, fields) => {
    using net = netOf(
      `layer { name: "in" type: "Input" top: "a" top: "b" input_param { shape { dim: 3 dim: 2 } shape { dim: 2 } } }
       layer { name: "picks" type: "${type}" ${fields} top: "y" }
       layer { name: "sum" type: "Reduction" bottom: "y" top: "s" loss_weight: 1 }
       layer { name: "view" type: "Reshape" bottom: "b" top: "v" reshape_param { shape { dim: -1 } } }
       layer { name: "over" type: "Power" bottom: "v" top: "v" power_param { shift: 1 } }`,
      { engines: availableEngines.get("webgpu") ?? referenceEngines, forceBackward: true },
    );
    write(net.blob("b"), [2, 0]);
    await net.forward();
    await expect((async () => net.backward())()).rejects.toThrow(
      'layer "picks": a layer has written over the numbers of the rows on the GPU since forward read them',
    );
  });

  test("gradients of picks come together row by row, in their order", async () => {
    const [rows, size, picks] = [7, 3, 5000];
    const index = Array.from({ length: picks }, (_, i) => (i * i) % 5);
    const dy = noise(picks * size, 4);
    const wanted = Array.from({ length: rows * size }, () => 1);
    for (const [i, row] of index.entries()) {
      for (let k = 0; k < size; k++) wanted[row * size + k]! += dy[i * size + k]!;
    }
    const dx = memOf(new Array<number>(rows * size).fill(1));
    const op = engine().gather({ rows, size, picks });
    op.backward(memOf(dy), memOf(index), dx);
    expect(await valuesOf(dx)).toBeAllClose(wanted, { rtol: 1e-4, atol: 1e-4 });
  });

  test.each(WRONG)("the loss of label %d is NaN, and it is right nowhere", async (wrong) => {
    const shape = [2, 3, 1];
    const p = memOf([0.2, 0.3, 0.5, 0.2, 0.3, 0.5]);
    const label = memOf([1, wrong]);
    const h = memOf([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    const [multinomial, infogain, softmax, prob, dx, accuracy] = [1, 1, 1, 6, 6, 1].map(
      (count) => new SyncedMem(count),
    ) as [SyncedMem, SyncedMem, SyncedMem, SyncedMem, SyncedMem, SyncedMem];
    const made = engine();
    made.multinomialLoss({ batch: 2, classes: 3 }).forward(p, label, 1, multinomial);
    const gained = made.infogainLoss({ shape, axis: 1, ignoreLabel: undefined });
    gained.forward(p, label, h, 1, infogain);
    gained.backward(p, label, h, 1, dx);
    const loss = made.softmaxLoss({ shape, axis: 1, ignoreLabel: undefined });
    loss.forward(p, label, prob, 1, softmax);
    const judged = made.accuracy({ shape, axis: 1, topK: 1, ignoreLabel: undefined });
    judged.forward(memOf([0, 9, 0, 9, 9, 9]), label, accuracy, undefined);
    for (const mem of [multinomial, infogain, softmax]) expect(await valuesOf(mem)).toEqual([NaN]);
    const gradient = await valuesOf(dx);
    expect(gradient.slice(0, 3).every(Number.isFinite)).toBe(true);
    expect(gradient.slice(3)).toEqual([NaN, NaN, NaN]);
    expect(await valuesOf(accuracy)).toEqual([0.5]);
  });

  test("more groups than workgroups along an axis are refused with the layer's name", async () => {
    const engines = availableEngines.get("webgpu") ?? referenceEngines;
    const net = Net.parse(
      `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 131072 dim: 1 dim: 1 } } }
       layer { name: "narrow" type: "Convolution" bottom: "x" top: "y"
         convolution_param { num_output: 131072 group: 65536 kernel_size: 1 bias_term: false } }`,
      { phase: "TEST", engines },
    );
    await expect((async () => net.forward())()).rejects.toThrow(
      /narrow.*65536 products at once. Expected 65535 or fewer/,
    );
    net.close();
  });
});
