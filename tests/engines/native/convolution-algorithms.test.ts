import fc from "fast-check";
import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor, Engine } from "../../../src/engines/engine.ts";
import type { ConvolutionShapes } from "../../../src/engines/native/addon.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { convolutionShapesOf } from "../../../src/engines/native/convolution-shapes.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { countOf } from "../../../src/util/shape.ts";
import { check, describeNative, filled, nativeWith, relu, runPlain, same } from "./support.ts";

const chosen = (choice: string): Engine => {
  const read = (): Choices => new Proxy({}, { get: () => choice });
  return nativeWith(new Tuner({ read, write: () => expect.fail("a trial") }));
};

const base: ConvolutionDescriptor = {
  ...{ batch: 2, groups: 1, inputChannels: 20, outputChannels: 50, hasBias: true },
  ...{ input: [12, 11], output: [8, 7], kernel: [5, 5] },
  ...{ stride: [1, 1], pad: [0, 0], dilation: [1, 1] },
};

const alone: ConvolutionDescriptor = {
  ...{ ...base, groups: 20, outputChannels: 20, kernel: [3, 3], pad: [1, 1] },
  output: [12, 11],
};

/** Planes that fill no block, in rows longer than what is computed at once. */
const image: ConvolutionDescriptor = {
  ...{ ...base, inputChannels: 3, outputChannels: 35, kernel: [5, 3], pad: [2, 0] },
  ...{ input: [9, 33], output: [9, 31] },
};

/** @param slope of a rectifier behind it; 1 for none */
function forward(engine: Engine, d: ConvolutionDescriptor, slope = 1): SyncedMem {
  const x = filled(d.batch * d.inputChannels * countOf(d.input), 1);
  const w = filled((d.outputChannels * d.inputChannels * countOf(d.kernel)) / d.groups, 2);
  const y = new SyncedMem(d.batch * d.outputChannels * countOf(d.output));
  const b = d.hasBias ? filled(d.outputChannels, 3) : undefined;
  const op = engine.convolution(d);
  const posts = slope === 1 ? [] : [{ kind: "unary", kernel: relu, params: { slope } } as const];
  const fuses = op.accepts(posts);
  op.forward(x, w, b, y, fuses ? posts : []);
  if (!fuses) engine.unary(relu, { slope }, [y.count]).forward(y, y);
  return y;
}

/** Two numbers, each between these. */
const pair = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

const descriptors = fc
  .record({
    batch: fc.integer({ min: 1, max: 2 }),
    isAlone: fc.boolean(),
    channels: pair(1, 40),
    hasBias: fc.boolean(),
    output: pair(1, 12),
    kernel: fc.oneof(fc.constant([3, 3] as [number, number]), pair(1, 4)),
    stride: pair(1, 3),
    pad: pair(0, 4),
    dilation: pair(1, 2),
  })
  .map(({ isAlone, channels: [inputChannels, outputs], ...rest }): ConvolutionDescriptor => {
    const input = rest.output.map((length, i) => {
      const extent = (rest.kernel[i]! - 1) * rest.dilation[i]! + 1;
      return Math.max(1, (length - 1) * rest.stride[i]! + extent - 2 * rest.pad[i]!);
    });
    const output = input.map((length, i) => {
      const extent = (rest.kernel[i]! - 1) * rest.dilation[i]! + 1;
      return Math.floor((length + 2 * rest.pad[i]! - extent) / rest.stride[i]!) + 1;
    });
    const channels = isAlone
      ? { groups: inputChannels, inputChannels, outputChannels: inputChannels }
      : { groups: 1, inputChannels, outputChannels: outputs };
    return { ...rest, ...channels, input, output };
  });

describeNative("direct loops", () => {
  test("agree with the reference on any window, stride, pad and dilation", () => {
    check(descriptors, (d) => same(chosen("loops"), (engine) => [forward(engine, d)]));
  });

  test.each([
    ["one plane", { ...image, inputChannels: 1 }],
    ["three planes, without a bias", { ...image, hasBias: false }],
    ["a step of 2", { ...image, stride: [2, 2], output: [5, 16] }],
    ["taps that lie apart", { ...image, dilation: [2, 3], output: [5, 29] }],
    ["windows beyond both edges", { ...image, input: [9, 3], pad: [2, 4], output: [9, 9] }],
    [
      "more taps than stay at hand",
      { ...image, inputChannels: 7, kernel: [5, 6], output: [9, 28] },
    ],
  ] satisfies [string, ConvolutionDescriptor][])(
    "agree with the reference on images: %s",
    (_, d) => {
      for (const slope of [1, 0]) same(chosen("loops"), (engine) => [forward(engine, d, slope)]);
    },
  );

  test("on images give NaN where a window holds it, and nowhere else", () => {
    const x = filled(image.batch * 3 * countOf(image.input), 1);
    (x.cpu() as Float32Array)[5 * 33 + 16] = Number.NaN;
    same(chosen("loops"), (engine) => {
      const w = filled(35 * 3 * 15, 2);
      const y = new SyncedMem(image.batch * 35 * countOf(image.output));
      engine.convolution(image).forward(x, w, filled(35, 3), y, []);
      expect([...y.cpu()].filter(Number.isNaN)).toHaveLength(35 * 5 * 3);
      return [y];
    });
  });

  test.each([
    ["sums over channels that fill no block", base, "direct"],
    ["sums over an image's planes", image, "direct"],
    ["a window of each channel's own", alone, "depthwise"],
  ])("are taken for %s where they were chosen", (_, d, name) => {
    const engine = chosen("loops");
    engine.work?.ran.clear();
    forward(engine, d);
    expect(engine.work?.ran).toEqual(new Set([`${name},lanes:${loadAddon().lanes}`]));
  });

  test.each([
    [
      "channels in whole blocks",
      { ...base, inputChannels: 64, outputChannels: 64, stride: [2, 2], output: [4, 4] },
    ],
    ["groups of several channels", { ...base, groups: 10 }],
  ])("are not tried for %s", (_, d) => {
    const engine = chosen("loops");
    engine.work?.ran.clear();
    forward(engine, d);
    expect([...(engine.work?.ran ?? [])].join()).not.toMatch(/^(direct|depthwise),/);
  });

  test.each([
    ["sums", base],
    ["sums of images", image],
    ["windows", alone],
  ])("%s end in a rectifier, leaky or not", (_, d) => {
    for (const slope of [0, 0.25]) same(chosen("loops"), (engine) => [forward(engine, d, slope)]);
  });
});

describeNative("direct loops in blocks", () => {
  const addon = loadAddon();
  const plain = (count: number, seed: number) => filled(count, seed).cpu() as Float32Array;
  const givenFor = ({ src, weights, dst }: ConvolutionShapes) => ({
    src: plain(countOf(src), 1),
    weights: plain(countOf(weights), 2),
    bias: plain(dst[1]!, 3),
  });

  test.each([
    ["sums", base],
    ["sums of images", image],
    ["windows", alone],
  ])(
    "%s are the same in blocks of 8 and of as many channels as a vector has, but for rounding",
    (_, d) => {
      const s = convolutionShapesOf(d);
      const [eight, widest] = [8, addon.lanes].map((lanes) =>
        runPlain(addon.directForward(s, lanes, 0, 0.5, false), givenFor(s)).get("dst"),
      );
      expect(eight).toBeAllClose([...widest!], { rtol: 1e-5, atol: 1e-5 });
    },
  );

  test.each([
    ["sums", base],
    ["sums of images", image],
    ["windows", alone],
  ])("%s are added to what is there, and lanes without a channel stay 0", (_, d) => {
    const s = convolutionShapesOf(d);
    const primitive = addon.directForward(s, addon.lanes, Number.NaN, Number.NaN, true);
    const { src, weights, dst } = primitive.layouts;
    const [x, w, y] = [src, weights, dst].map(({ stored }) => new Float32Array(stored));
    y!.fill(2);
    const shifts = new Float32Array(d.outputChannels).fill(0.5);
    primitive.run(x!, w!, y!, shifts);
    const there = new Float32Array(dst.count).fill(2.5);
    const result = new Float32Array(dst.count);
    addon.moveElements(dst, new addon.Layout(dst.dims)).run(y!, result);
    expect(result).toEqual(there);
  });

  test.each([
    ["blocks", base],
    ["images", image],
  ])("what is infinite leaves 0 in lanes without a channel, from %s", (_, d) => {
    const s = convolutionShapesOf(d);
    const { lanes } = addon;
    const primitive = addon.directForward(s, lanes, Number.NaN, Number.NaN, false);
    expect(primitive.clearsPadding).toBe(true);
    const { src, weights, dst } = primitive.layouts;
    const y = new Float32Array(dst.stored).fill(Number.NaN);
    const x = new Float32Array(src.stored).fill(Number.POSITIVE_INFINITY);
    primitive.run(x, new Float32Array(weights.stored), y, new Float32Array(d.outputChannels));
    const plane = countOf(d.output) * lanes;
    // The last vector of an image's outputs has 2 channels of 50, 3 of 35.
    const vector = Math.floor(d.outputChannels / lanes);
    const last = y.subarray(vector * plane, (vector + 1) * plane);
    const channels = d.outputChannels % lanes;
    expect(
      last.every((value, i) => (i % lanes < channels ? Number.isNaN(value) : value === 0)),
    ).toBe(true);
  });

  test("arrays shorter than what is read or written are refused, and shapes that do not fit", () => {
    const s = convolutionShapesOf(base);
    const primitive = addon.directForward(s, addon.lanes, 0, Number.NaN, false);
    const counts = Object.values(primitive.layouts).map(({ stored }) => stored);
    counts.forEach((count, short) => {
      const arrays = counts.map((n, i) => new Float32Array(i === short ? n - 1 : n));
      expect(() => primitive.run(...arrays)).toThrow(
        `an array of ${count - 1} floats where ${count} are needed`,
      );
    });
    for (const changed of [
      ...[{ stride: [1] }, { stride: [0, 1] }, { dilation: [1, 0] }, { padLeft: [0, -1] }],
      ...[{ weights: [50, 19, 5, 5] }, { weights: [2, 25, 10, 5, 5] }, { dst: [1, 50, 8, 7] }],
      ...[{ src: [2, 20, 0, 11] }, { type: "bf16" as const }],
    ]) {
      expect(() => addon.directForward({ ...s, ...changed }, addon.lanes, 0, 0, false)).toThrow(
        "loops of our own are not for",
      );
    }
    expect(() => addon.directForward(s, 4, 0, 0, false)).toThrow("8 lanes, or as many");
  });
});

describeNative("a trial of a convolution", () => {
  test("leaves the library's Winograd out where it would work in more memory than it reads and writes, and is made once for shapes that are alike", () => {
    const trials: boolean[] = [];
    const store = { read: (): Choices => ({}), write: () => {} };
    class Seen extends Tuner {
      override choose<T>(
        key: string,
        names: readonly string[],
        make: (name: string) => T,
        run: (made: T) => void,
        trial?: Parameters<Tuner["choose"]>[4],
      ): T {
        let isTried = false;
        const noted = (made: T): void => {
          isTried = true;
          const { algorithm } = made as { readonly algorithm: string };
          expect(algorithm).not.toBe("winograd");
          run(made);
        };
        const chosen = super.choose(key, names, make, noted, trial);
        trials.push(isTried);
        return chosen;
      }
    }
    const engine = nativeWith(new Seen(store));
    const size = { inputChannels: 64, outputChannels: 64, kernel: [3, 3], pad: [1, 1] };
    for (const side of [28, 27, 14]) {
      const d = { ...base, ...size, batch: 8, input: [side, side], output: [side, side] };
      forward(engine, d);
    }
    expect(trials).toEqual([true, false, true]);
  });
});
