// Memory that goes back to the system while a net is in use and when it is closed: SyncedMem, layouts, the pool and Net.close together.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Layouts } from "../../../src/engines/native/layouts.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SoleArray } from "../../../src/syncedmem/sole-array.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines } from "../../support/engines.ts";
import { netOf } from "../../support/nets.ts";
import { describeNative, filled, nativeWith } from "./support.ts";

/** Weights of more than two parts, as they came from a file. */
const [outputs, inputs] = [2112, 4096];
function read(): { readonly w: SyncedMem; readonly array: Float32Array } {
  const array = new Float32Array(outputs * inputs).map((_, i) => (i * 7919) % 8191);
  const w = new SyncedMem(array.length);
  w.isLasting = true;
  expect(w.keepCpu(SoleArray.of(array) as SoleArray)).toBe(true);
  return { w, array };
}

const mebibytes = (): number =>
  Number(/VmRSS:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;

describeNative("memory that is of no use any more", () => {
  test("weights move to another layout part by part, and nobody else's array is touched", () => {
    const layouts = new Layouts(loadAddon());
    const { weights } = layouts.addon.innerProductForward(1, inputs, outputs, false).layouts;
    expect(weights.isPlain).toBe(false);
    for (const isKnown of [false, true]) {
      const { w, array } = read();
      const values = array.slice();
      if (isKnown) w.cpu();
      layouts.read(w, weights);
      // Compared as bytes: a matcher looks at nine million numbers one by one.
      const isSame = (a: Float32Array): boolean =>
        Buffer.from(a.buffer).equals(Buffer.from(values.buffer));
      expect(isSame(w.cpu() as Float32Array)).toBe(true);
      if (isKnown) expect(isSame(array)).toBe(true);
      else if (process.platform === "linux") expect(array[array.length >> 1]).toBe(0);
    }
  });

  test("what is held stays when the pool gives the rest back", () => {
    const layouts = new Layouts(loadAddon());
    const [a, b] = [layouts.pool.take(2 ** 20), layouts.pool.take(2 ** 20)];
    const ones = new Float32Array(2 ** 20).fill(1);
    for (const { memory } of [a, b]) layouts.addon.copy(ones.length, ones, memory);
    layouts.pool.release(a);
    layouts.giveBack();
    const seen = ones.map(() => 2);
    layouts.addon.copy(seen.length, b.memory, seen);
    expect(seen.every((one) => one === 1)).toBe(true);
    if (process.platform !== "linux") return;
    layouts.addon.copy(seen.length, layouts.pool.take(2 ** 20).memory, seen);
    expect(seen[2 ** 19]).toBe(0);
  });

  test("what passes have taken goes back when one is recorded, whose arrays lie elsewhere", () => {
    const layouts = new Layouts(loadAddon());
    const ones = new Float32Array(2 ** 20).fill(1);
    const { pool } = layouts;
    const taken = pool.take(ones.length);
    layouts.addon.copy(ones.length, ones, taken.memory);
    pool.release(taken);
    const recording = layouts.record(0);
    expect(layouts.pool).not.toBe(pool);
    recording?.end();
    expect(layouts.pool).toBe(pool);
    if (process.platform !== "linux") return;
    const seen = ones.map(() => 2);
    layouts.addon.copy(seen.length, pool.take(ones.length).memory, seen);
    expect(seen[2 ** 19]).toBe(0);
  });

  test("a trial of an inner product multiplies by a part of large weights, and leaves them where they are", () => {
    const kept: Choices = {};
    const engine = nativeWith(new Tuner({ read: () => kept, write: () => {} }));
    const d = { input: [2, 16384], outputs: 800, hasBias: true, transpose: false };
    const op = engine.innerProduct({ ...d, isForwardOnly: true });
    const [x, w, b] = [filled(2 * 16384, 1), filled(800 * 16384, 2), filled(800, 3)];
    const y = new SyncedMem(2 * 800);
    op.forward(x, w, b, y);
    expect(Object.keys(kept)).toHaveLength(1);
    for (const [m, o] of [
      [0, 0],
      [1, 799],
    ] as const) {
      let sum = b.cpu()[o] as number;
      for (let k = 0; k < 16384; k++) {
        sum += (x.cpu()[m * 16384 + k] as number) * (w.cpu()[o * 16384 + k] as number);
      }
      expect(y.cpu()[m * 800 + o]).toBeCloseTo(sum, 2);
    }
  });

  test("a net that is used gives its weights' file again, and its memory to the system when it is closed", async () => {
    const text = `
      layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 16 dim: 16 dim: 16 } } }
      layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param { num_output: 64 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
      layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
      layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
      layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
      layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 4096 weight_filler { type: "xavier" } } }`;
    const folder = mkdtempSync(join(tmpdir(), "caffe-given-back-"));
    try {
      const [first, second] = [join(folder, "a.caffemodel"), join(folder, "b.caffemodel")];
      const engines = availableEngines.get("native");
      using plain = netOf(text, { phase: "TEST", seed: 3, ...(engines && { engines }) });
      plain.save(first);
      const net = netOf(text, {
        phase: "TEST",
        forInference: true,
        silent: true,
        weights: first,
        ...(engines && { engines }),
      });
      await net.forward({ x: new Float32Array(16 ** 3).fill(0.5) });
      await net.forward({ x: new Float32Array(16 ** 3).fill(0.25) });
      const used = mebibytes();
      net.close();
      // 64 MiB are the inner product's weights.
      if (process.platform === "linux") expect(used - mebibytes()).toBeGreaterThan(40);
      using again = netOf(text, {
        phase: "TEST",
        forInference: true,
        silent: true,
        weights: first,
        ...(engines && { engines }),
      });
      await again.forward({ x: new Float32Array(16 ** 3).fill(0.5) });
      again.save(second);
      expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
