// Winograd's algorithm on bfloat16: 3×3 windows multiply transformed tiles so, 5×5 windows multiply floats.
import { describe, expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Algorithms } from "../../../src/engines/native/convolution-algorithms.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { bf16 } from "../../../src/util/bf16.ts";
import { countOf } from "../../../src/util/shape.ts";
import { availableEngines } from "../../support/engines.ts";
import { filled, reference, runPlain } from "./support.ts";
import { type Case, descriptor, shapesOf } from "./winograd-cases.ts";

const isThere = availableEngines.has("native") && loadAddon().multipliesBf16;
/** Tiles are multiplied as bfloat16 where vectors are as wide as the instructions'. */
const hasPairs = isThere && loadAddon().lanes === 16;

const rounded = (mem: SyncedMem): SyncedMem => {
  mem.mutableCpu().forEach((value, i, all) => {
    all[i] = bf16(value);
  });
  return mem;
};
const plain = (mem: SyncedMem): Float32Array => mem.cpu() as Float32Array;

/** Data and the gradient of the result as bfloat16 holds them, and weights and a bias of floats. */
function arraysOf(d: ConvolutionDescriptor) {
  const x = rounded(filled(d.batch * d.inputChannels * countOf(d.input), 1));
  const w = filled((d.outputChannels * d.inputChannels * countOf(d.kernel)) / d.groups, 2);
  const dy = rounded(filled(d.batch * d.outputChannels * countOf(d.output), 4));
  return { x, w, b: filled(d.outputChannels, 3), dy };
}

/** The root of the mean square of differences, and the largest, as parts of the root of the mean square of what is wanted. */
function errorsOf(got: Float32Array, wanted: SyncedMem): { rms: number; most: number } {
  const all = wanted.cpu();
  expect(got).toHaveLength(all.length);
  const differences = [...got].map((value, i) => Math.abs(value - all[i]!));
  const size = (list: Iterable<number>): number =>
    Math.sqrt([...list].reduce((sum, x) => sum + x * x, 0) / all.length);
  const most = differences.reduce((a, b) => (a > b || Number.isNaN(a) ? a : b), 0);
  return { rms: size(differences) / size(all), most: most / size(all) };
}

/** What the three directions give, native's and in floats. */
function directions(d: ConvolutionDescriptor, tile: 2 | 4, lanes: number) {
  const addon = loadAddon();
  const { x, w, b, dy } = arraysOf(d);
  const [y, dx, dw, db] = [dy, x, w, b].map(({ count }) => new SyncedMem(count)) as [
    SyncedMem,
    SyncedMem,
    SyncedMem,
    SyncedMem,
  ];
  const op = reference.convolution(d);
  op.forward(x, w, b, y);
  op.backwardData(dy, w, dx);
  op.backwardWeights(x, dy, dw, db);
  const s = shapesOf(d, "bf16");
  const [src, weights, diffDst] = [plain(x), plain(w), plain(dy)];
  const forward = addon.winogradForward(s, tile, lanes, Number.NaN, Number.NaN, false);
  const data = addon.winogradBackwardData(s, tile, lanes);
  const ofWeights = addon.winogradBackwardWeights(s, tile, lanes);
  const gradients = runPlain(ofWeights, { src, diffDst });
  return {
    implementation: forward.implementation,
    forward: [runPlain(forward, { src, weights, bias: plain(b) }).get("dst")!, y],
    data: [runPlain(data, { diffDst, weights }).get("diffSrc")!, dx],
    weights: [gradients.get("diffWeights")!, dw],
    bias: [gradients.get("diffBias")!, db],
  } satisfies Record<string, string | readonly [Float32Array, SyncedMem]>;
}

const cases: [string, Case][] = [
  ["edges that tiles do not fill", { batch: 2, ic: 17, oc: 33, input: [7, 9] }],
  ["fewer rows than a tile has, no pad", { ic: 16, oc: 48, input: [5, 11], pad: 0 }],
  ["windows outside the image", { oc: 20, input: [6, 9], pad: 2 }],
  ["inputs and outputs in several parts", { ic: 150, oc: 200, input: [6, 6] }],
  ["more tiles than a block has", { batch: 3, input: [33, 38] }],
  ["groups", { batch: 2, groups: 2, ic: 64, oc: 32, input: [7, 9] }],
];

describe.skipIf(!hasPairs).each([2, 4] as const)("tiles of %s of bfloat16", (tile) => {
  // What rounding transformed tiles and weights leaves, of numbers that do not depend on each other: 0.45 % and 1.15 %, and the way back to bfloat16.
  const bound = tile === 2 ? { rms: 0.005, most: 0.03 } : { rms: 0.0135, most: 0.14 };

  test.each(cases)("leave errors of that format on %s", (_, shape) => {
    const { implementation, bias, ...all } = directions(descriptor(shape), tile, 16);
    expect(implementation).toBe(`winograd_bf16:F(${tile}x${tile},3x3),lanes:16`);
    for (const [name, [got, wanted]] of Object.entries(all)) {
      const { rms, most } = errorsOf(got, wanted);
      expect(rms, name).toBeLessThan(bound.rms);
      expect(most, name).toBeLessThan(bound.most);
    }
    // Sums of the gradient itself are of floats.
    expect(errorsOf(...bias).most).toBeLessThan(1e-5);
  });

  test.each([
    { batch: 2, ic: 17, oc: 33, input: [7, 9] },
    { groups: 3, ic: 96, oc: 144, input: [5, 6] },
  ] satisfies Case[])("give the same bits with weights that are prepared: %j", (shape) => {
    const d = descriptor(shape);
    const { x, w, b } = arraysOf(d);
    const s = shapesOf(d, "bf16");
    const given = { src: plain(x), bias: plain(b) };
    const forward = (arePrepared: boolean) =>
      loadAddon().winogradForward(s, tile, 16, 0, Number.NaN, false, arePrepared);
    const prepared = runPlain(loadAddon().winogradWeights(s, tile, 16), { from: plain(w) });
    const got = runPlain(forward(true), { ...given, weights: prepared.get("to")! });
    const wanted = runPlain(forward(false), { ...given, weights: plain(w) });
    expect(got.get("dst")).toEqual(wanted.get("dst"));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])("%s stays within its tile", (value) => {
    const d = descriptor({ input: [12, 12], pad: 0 });
    const { x, w, b } = arraysOf(d);
    x.mutableCpu()[0] = value;
    const forward = loadAddon().winogradForward(
      shapesOf(d, "bf16"),
      tile,
      16,
      Number.NaN,
      Number.NaN,
      false,
    );
    const y = runPlain(forward, { src: plain(x), weights: plain(w), bias: plain(b) }).get("dst")!;
    const found = [...y.subarray(0, 100).keys()].filter((i) => !Number.isFinite(y[i]));
    expect(found).toContain(0);
    expect(found.every((i) => i % 10 < tile && i < tile * 10)).toBe(true);
  });
});

describe.skipIf(!isThere).each([2, 4] as const)("tiles of %s of floats", (tile) => {
  test.each([
    { side: 5, batch: 2, ic: 32, oc: 48, input: [9, 11] },
    { side: 5, ic: 17, oc: 33, input: [6, 7] },
  ] satisfies Case[])("round results of bfloat16 alone: %j", (shape) => {
    const { implementation, bias: _, ...all } = directions(descriptor(shape), tile, 8);
    expect(implementation).toBe(`winograd:F(${tile}x${tile},5x5),lanes:8`);
    // Weights are rounded too, as data is.
    for (const [name, [got, wanted]] of Object.entries(all)) {
      expect(errorsOf(got, wanted).rms, name).toBeLessThan(0.003);
    }
  });
});

test("a net that is used alone, of bfloat16, is not convolved by tiles of 4×4, nor any by the library's algorithm for floats", () => {
  const tried = (d: ConvolutionDescriptor, type: "f32" | "bf16"): string => {
    const keys: string[] = [];
    const get = (_: object, name: string | symbol): string => {
      keys.push(String(name));
      return "direct";
    };
    const read = (): Choices => new Proxy({}, { get });
    const tuner = new Tuner({ read, write: () => expect.fail("a trial") });
    new Algorithms(tuner, d, { lanes: 16 } as never, type).fastest(
      "data",
      shapesOf(d, "bf16"),
      () => ({ scratch: 0 }) as never,
      () => undefined,
    );
    return keys[0]!.split(" by ")[1]!.split(/[,{]/)[0]!.trim();
  };
  const d = descriptor({ input: [5, 5] });
  const used = { ...d, isForwardOnly: true };
  expect(tried(d, "f32")).toBe("direct F(2x2) F(4x4) winograd");
  expect(tried(d, "bf16")).toBe("direct F(2x2) F(4x4)");
  expect(tried(used, "f32")).toBe("direct F(2x2) F(4x4) winograd");
  expect(tried(used, "bf16")).toBe("direct F(2x2)");
  const of5 = { ...descriptor({ side: 5, input: [9, 9] }), isForwardOnly: true };
  expect(tried(of5, "bf16")).toBe("direct F(2x2) F(4x4)");
});
