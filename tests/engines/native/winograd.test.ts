import { availableParallelism } from "node:os";
import { describe, expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor, Engine } from "../../../src/engines/engine.ts";
import type { ConvolutionShapes } from "../../../src/engines/native/addon.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { algorithmsFor, tileOf } from "../../../src/engines/native/winograd.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative, filled, LANES, nativeWith, reference, runPlain } from "./support.ts";
import { type Case, descriptor, shapesOf } from "./winograd-cases.ts";

/** The arrays of a convolution, and of its gradients. */
function arraysOf(d: ConvolutionDescriptor) {
  const plane = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);
  const x = filled(d.batch * d.inputChannels * plane(d.input), 1);
  // As a filler scales them: sums over many channels and larger windows are no larger than those over 16 of 3×3.
  const size = Math.sqrt(
    (16 * 9) / Math.max(16, d.inputChannels, d.outputChannels) / plane(d.kernel),
  );
  const w = filled((d.outputChannels * d.inputChannels * plane(d.kernel)) / d.groups, 2);
  w.mutableCpu().forEach((value, i, all) => {
    all[i] = value * size;
  });
  const b = filled(d.outputChannels, 3);
  const dy = filled(d.batch * d.outputChannels * plane(d.output), 4);
  return { x, w, b, dy };
}

/** Compares within float32 rounding of long sums; of windows of 5×5, whose errors are larger, by the size of the largest element. */
function agrees(got: Float32Array | undefined, wanted: SyncedMem, side: number): void {
  const values = [...wanted.cpu()];
  const greatest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const bounds = side === 3 ? { rtol: 5e-5, atol: 5e-5 } : { rtol: 0, atol: 2e-5 * greatest };
  expect(got).toBeAllClose(values, bounds);
}

/** All at once: compared one by one, as `toEqual` does, a million elements take seconds. */
function haveSameBits(a: Float32Array, b: Float32Array): boolean {
  const [left, right] = [a, b].map((x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength));
  return left!.equals(right!);
}

const ways = ([2, 4] as const).flatMap((tile) =>
  LANES.flatMap((lanes) => [3, 5].map((side) => ({ tile, lanes, side }))),
);
describe.each(ways)("tiles of $tile, blocks of $lanes channels, windows of $side", (way) => {
  const { tile, lanes, side } = way;

  describeNative("Winograd's algorithm", () => {
    test.each([
      ["edges that tiles do not fill", { batch: 2, ic: 17, oc: 33, input: [7, 9] }],
      ["one pixel", { ic: 32, input: [1, 1] }],
      ["one row, a pad of its own", { ic: 16, oc: 48, input: [side, 11], pad: 0, hasBias: false }],
      ["windows outside the image", { oc: 20, input: [2, 5], pad: side }],
      ["inputs and outputs in several parts", { ic: 150, oc: 200, input: [6, 6] }],
      ["more tiles than a block has", { batch: 3, input: [22, 19] }],
      ["groups", { batch: 2, groups: 2, ic: 64, oc: 32, input: [7, 9] }],
      ["groups of several parts", { groups: 3, ic: 432, oc: 240, input: [5, 6], hasBias: false }],
    ] satisfies [string, Case][])("agrees with the reference on %s", (_, shape) => {
      const d = descriptor({ side, ...shape });
      const { x, w, b, dy } = arraysOf(d);
      const plain = (mem: SyncedMem) => mem.cpu() as Float32Array;
      const [y, dx, dw] = [dy.count, x.count, w.count].map((count) => new SyncedMem(count));
      const db = new SyncedMem(b.count);
      const op = reference.convolution(d);
      op.forward(x, w, d.hasBias ? b : undefined, y!);
      op.backwardData(dy, w, dx!);
      op.backwardWeights(x, dy, dw!, d.hasBias ? db : undefined);

      const s = shapesOf(d);
      const [src, weights, diffDst] = [plain(x), plain(w), plain(dy)];
      const forward = loadAddon().winogradForward(s, tile, lanes, Number.NaN, Number.NaN, false);
      const given = d.hasBias ? { src, weights, bias: plain(b) } : { src, weights };
      agrees(runPlain(forward, given).get("dst"), y!, side);
      const data = loadAddon().winogradBackwardData(s, tile, lanes);
      agrees(runPlain(data, { diffDst, weights }).get("diffSrc"), dx!, side);
      const results = runPlain(loadAddon().winogradBackwardWeights(s, tile, lanes), {
        src,
        diffDst,
      });
      agrees(results.get("diffWeights"), dw!, side);
      if (d.hasBias) agrees(results.get("diffBias"), db, side);
    });

    test.each([
      { batch: 2, ic: 17, oc: 33, input: [7, 9] },
      { ic: 150, oc: 200, input: [6, 6] },
      { groups: 3, ic: 96, oc: 144, input: [5, 6], hasBias: false },
    ] satisfies Case[])("gives the same bits with weights that are prepared: %j", (shape) => {
      const d = descriptor({ side, ...shape });
      const { x, w, b } = arraysOf(d);
      const s = shapesOf(d);
      const given = {
        src: x.cpu() as Float32Array,
        ...(d.hasBias && { bias: b.cpu() as Float32Array }),
      };
      const weights = w.cpu() as Float32Array;
      const forward = (arePrepared: boolean) =>
        loadAddon().winogradForward(s, tile, lanes, 0, Number.NaN, false, arePrepared);
      const prepared = runPlain(loadAddon().winogradWeights(s, tile, lanes), { from: weights });
      const got = runPlain(forward(true), { ...given, weights: prepared.get("to")! });
      expect(got.get("dst")).toEqual(runPlain(forward(false), { ...given, weights }).get("dst"));
    });

    test("an image alone, of few tiles, gives the bits that it gives among many, with any number of threads", () => {
      const [count, d] = [8, descriptor({ side, ic: 150, oc: 200, input: [12, 12] })];
      const [alone, all] = [shapesOf(d), shapesOf({ ...d, batch: count })];
      const { x, w, b, dy } = arraysOf({ ...d, batch: count });
      const [src, diffDst] = [x.cpu() as Float32Array, dy.cpu() as Float32Array];
      const [weights, bias] = [w.cpu() as Float32Array, b.cpu() as Float32Array];
      const addon = loadAddon();
      const run = (s: ConvolutionShapes, image?: number): (Float32Array | undefined)[] => {
        const part = (array: Float32Array) => {
          const length = array.length / count;
          return image === undefined ? array : array.subarray(image * length, (image + 1) * length);
        };
        const forward = addon.winogradForward(s, tile, lanes, 0, Number.NaN, false);
        const data = addon.winogradBackwardData(s, tile, lanes);
        return [
          runPlain(forward, { src: part(src), weights, bias }).get("dst"),
          runPlain(data, { diffDst: part(diffDst), weights }).get("diffSrc"),
        ];
      };
      const among = run(all).map((array) => array!.subarray(0, array!.length / count));
      try {
        for (const n of [1, 2, 3, 5, 16]) {
          addon.setThreads(n);
          for (const [i, array] of run(alone, 0).entries()) {
            expect(haveSameBits(array!, among[i]!), `${n} threads`).toBe(true);
          }
        }
      } finally {
        addon.setThreads(availableParallelism());
      }
    });

    test("ends in a rectifier, leaky or with a ceiling", () => {
      const d = descriptor({ side, ic: 16, input: [5, 6], hasBias: false });
      const { x, w } = arraysOf(d);
      const given = { src: x.cpu() as Float32Array, weights: w.cpu() as Float32Array };
      const y = (slope: number, ceiling: number) =>
        runPlain(
          loadAddon().winogradForward(shapesOf(d), tile, lanes, slope, ceiling, false),
          given,
        ).get("dst")!;
      const sums = y(Number.NaN, Number.NaN);
      const bits = (values: Float32Array, f: (value: number) => number) =>
        expect(values.map((v) => v + 0)).toEqual(sums.map((value) => f(value) + 0));
      bits(y(0, Number.NaN), (value) => Math.max(0, value));
      bits(y(0.25, Number.NaN), (value) => (value > 0 ? value : 0.25 * value));
      bits(y(0, 6), (value) => Math.min(6, Math.max(0, value)));
    });

    test("a thread has less than a megabyte to itself, however many channels there are", () => {
      for (const [ic, oc, length] of [
        [64, 64, 224],
        [512, 512, 28],
        [2048, 2048, 7],
      ] as const) {
        const s = shapesOf(descriptor({ side, batch: 8, ic, oc, input: [length, length] }));
        const most = 2 ** 20 / 4;
        const forward = loadAddon().winogradForward(s, tile, lanes, 0, Number.NaN, false);
        expect(forward.held).toBeLessThan(most);
        expect(loadAddon().winogradBackwardData(s, tile, lanes).held).toBeLessThan(most);
        expect(loadAddon().winogradBackwardWeights(s, tile, lanes).held).toBeLessThan(most);
      }
    });

    test("arrays shorter than what is read or written are refused", () => {
      const s = shapesOf(descriptor({ side, ic: 32, input: [5, 5] }));
      for (const primitive of [
        loadAddon().winogradForward(s, tile, lanes, 0, Number.NaN, false),
        loadAddon().winogradBackwardData(s, tile, lanes),
        loadAddon().winogradBackwardWeights(s, tile, lanes),
        loadAddon().winogradWeights(s, tile, lanes),
        loadAddon().winogradForward(s, tile, lanes, 0, Number.NaN, false, true),
      ]) {
        const counts = Object.values(primitive.layouts).map(({ stored }) => stored);
        if (primitive.scratch > 0) counts.push(primitive.scratch);
        counts.forEach((count, short) => {
          const arrays = counts.map((n, i) => new Float32Array(i === short ? n - 1 : n));
          expect(() => primitive.run(...arrays)).toThrow(
            `an array of ${count - 1} floats where ${count} are needed`,
          );
        });
        expect(() => primitive.run()).toThrow("no array where");
      }
    });

    test("other windows, strides and lanes are refused", () => {
      const s = shapesOf(descriptor({ side, input: [5, 5] }));
      const make = (changed: Partial<ConvolutionShapes>, size: number = tile, width = lanes) => {
        const shapes = { ...s, ...changed };
        for (const direction of [
          () => loadAddon().winogradForward(shapes, size, width, 0, Number.NaN, false),
          () => loadAddon().winogradBackwardData(shapes, size, width),
          () => loadAddon().winogradBackwardWeights(shapes, size, width),
          () => loadAddon().winogradWeights(shapes, size, width),
        ]) {
          expect(direction).toThrow(/is not for|are what there is/);
        }
      };
      make({ stride: [2, 1] });
      make({ dilation: [1, 2] });
      make({ weights: [16, 16, 3, 5] });
      make({ weights: [16, 16, 7, 7] });
      make({ weights: [16, 8, side, side] });
      make({ weights: [2, 8, 16, side, side] });
      make({ weights: [4, 4, 4, side, side] });
      make({ weights: [1, 1, 16, 16, side, side] });
      make({ weights: [16, side, side] });
      make({ dst: [2, 16, 5, 5] });
      make({ src: [1, 16, 0, 5] });
      make({ padLeft: [1] });
      make({}, 3);
      make({}, tile, 4 as 8);
    });
  });
});

describeNative("Winograd's algorithm in a convolution", () => {
  const chosen = (choice: string): Engine => {
    const read = (): Choices => new Proxy({}, { get: () => choice });
    return nativeWith(new Tuner({ read, write: () => expect.fail("a trial") }));
  };

  test.each([
    ["F(2x2)", { batch: 2, ic: 40, oc: 48, input: [13, 10] }],
    ["F(4x4)", { batch: 2, ic: 40, oc: 48, input: [13, 10] }],
    ["F(2x2)", { batch: 2, groups: 2, ic: 64, oc: 32, input: [6, 6] }],
    ["F(4x4)", { batch: 2, groups: 2, ic: 64, oc: 32, input: [6, 6] }],
    ["F(2x2)", { side: 5, batch: 2, ic: 20, oc: 50, input: [13, 10] }],
    ["F(4x4)", { side: 5, batch: 2, ic: 20, oc: 50, input: [13, 10] }],
  ] satisfies [string, Case][])(
    "%s is taken where it was chosen, the same to the bit: %j",
    (name, shape) => {
      const d = descriptor(shape);
      const { x, w, b, dy } = arraysOf(d);
      const all = (engine: Engine): SyncedMem[] => {
        const op = engine.convolution(d);
        const results = [dy.count, x.count, w.count, b.count].map((count) => new SyncedMem(count));
        const [y, dx, dw, db] = results;
        op.forward(x, w, b, y!);
        op.backwardData(dy, w, dx!);
        op.backwardWeights(x, dy, dw, db);
        return results;
      };
      const bits = (engine: Engine) => all(engine).map((mem) => mem.cpu());
      const wanted = all(reference);
      all(chosen(name)).forEach((mem, k) => {
        agrees(mem.cpu() as Float32Array, wanted[k]!, d.kernel[0]!);
      });
      const engine = chosen(name);
      engine.work?.ran.clear();
      expect(bits(engine)).toEqual(bits(chosen(name)));
      expect(bits(engine)).not.toEqual(bits(chosen("direct")));
      const tile = tileOf(name as "F(2x2)");
      const window = d.kernel.join("x");
      const implementation = `winograd:F(${tile}x${tile},${window}),lanes:${loadAddon().lanes}`;
      expect(engine.work?.ran).toEqual(
        new Set([implementation, `input ${implementation}`, `weights ${implementation}`]),
      );
    },
  );

  test.each([
    { ic: 20, oc: 50, input: [12, 12], pad: 0, side: 5 },
    { ic: 160, oc: 200, input: [6, 6], side: 5 },
    { ic: 32, oc: 32, input: [6, 6] },
  ] satisfies Case[])(
    "weights that are used alone are prepared once, and again when they change: %j",
    (shape) => {
      const d = descriptor(shape);
      const { x, w, b, dy } = arraysOf(d);
      const engine = chosen("F(4x4)");
      const op = engine.convolution({ ...d, isForwardOnly: true });
      const wanted = reference.convolution(d);
      const [y, z] = [new SyncedMem(dy.count), new SyncedMem(dy.count)];
      const compare = () => {
        op.forward(x, w, b, y);
        wanted.forward(x, w, b, z);
        agrees(y.cpu() as Float32Array, z, d.kernel[0]!);
      };
      const runs = () =>
        [...(engine.work?.ran ?? [])].filter((name) => name.startsWith("winograd"));
      engine.work?.ran.clear();
      compare();
      compare();
      expect(runs()).toHaveLength(1);
      w.mutableCpu().reverse();
      compare();
    },
  );

  test("a number that is not finite stays within its tile", () => {
    const d = descriptor({ input: [12, 12] });
    const { x, w, b } = arraysOf(d);
    x.mutableCpu()[0] = Number.POSITIVE_INFINITY;
    const y = new SyncedMem(16 * 144);
    chosen("F(4x4)").convolution(d).forward(x, w, b, y);
    const notFinite = [...y.cpu().subarray(0, 144).keys()].filter(
      (i) => !Number.isFinite(y.cpu()[i]),
    );
    expect(notFinite.length).toBeGreaterThan(3);
    expect(notFinite.every((i) => i % 12 < 4 && i < 4 * 12)).toBe(true);
  });
});

test("a trial is for windows of 3×3 and 5×5 that move by one, between channels that fill blocks", () => {
  const d = descriptor({ input: [5, 5] });
  const all = ["direct", "F(2x2)", "F(4x4)", "winograd"];
  expect(algorithmsFor(d, 16)).toEqual(all);
  expect(algorithmsFor({ ...d, inputChannels: 3 }, 16)).toEqual(["direct", "winograd"]);
  expect(algorithmsFor({ ...d, inputChannels: 8 }, 8)).toEqual(all);
  const grouped = { ...d, groups: 2, inputChannels: 32, outputChannels: 64 };
  expect(algorithmsFor(grouped, 16)).toEqual(["direct", "F(2x2)", "F(4x4)"]);
  expect(algorithmsFor({ ...d, kernel: [5, 5] }, 16)).toEqual(["direct", "F(2x2)", "F(4x4)"]);
  expect(algorithmsFor({ ...grouped, kernel: [5, 5] }, 16)).toEqual(["direct", "F(2x2)", "F(4x4)"]);
  for (const other of [
    { stride: [1, 2] },
    { kernel: [3, 1] },
    { kernel: [3, 5] },
    { kernel: [7, 7] },
    { kernel: [5, 5], inputChannels: 3 },
    { groups: 2 },
    { groups: 2, inputChannels: 32, outputChannels: 48 },
    { groups: 16 },
    { dilation: [2, 1] },
  ]) {
    expect(algorithmsFor({ ...d, ...other }, 16)).toEqual(["direct"]);
  }
  expect(
    ["direct", "winograd", "F(2x2)", "F(4x4)"].map((name) => tileOf(name as "direct")),
  ).toEqual([undefined, undefined, 2, 4]);
});
