// The wasm engine beside the reference where whole vectors, panels and parts of a cache's size end: sizes that are no
// multiple of anything, every kind of window, every update rule; and its memory.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Engine, PoolingDescriptor } from "../../../src/engines/engine.ts";
import { isWorthWinograd } from "../../../src/engines/wasm/winograd.ts";
import * as rules from "../../../src/solvers/rules/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { checkParity, netOf, noise } from "../../support/nets.ts";

const engines = availableEngines.get("wasm") as Engines;
const [reference] = referenceEngines as readonly Engine[] as [Engine];
const wasm = engines?.[0] as Engine;

/** An array of those elements. */
function mem(values: ArrayLike<number>): SyncedMem {
  const made = new SyncedMem(values.length);
  made.overwriteCpu().set(values);
  return made;
}

describe.skipIf(!engines)("wasm", () => {
  const convolution = (text: string): string =>
    `type: "Convolution" bottom: "a" top: "t" convolution_param { weight_filler { type: "gaussian" std: 0.3 } bias_filler { type: "gaussian" std: 1 } ${text} }`;

  test.each([
    ["one channel, as LeNet's first", [2, 1, 28, 28], "num_output: 20 kernel_size: 5"],
    [
      "rows of 13, groups, padding",
      [3, 6, 13, 13],
      "num_output: 10 kernel_size: 3 pad: 1 group: 2",
    ],
    ["long strides", [2, 3, 31, 29], "num_output: 7 kernel_size: 11 stride: 4"],
    ["windows of one", [2, 9, 5, 7], "num_output: 5 kernel_size: 1"],
    [
      "holes and uneven windows",
      [1, 3, 17, 12],
      "num_output: 6 kernel_h: 3 kernel_w: 2 dilation: 3 pad_h: 2 stride_w: 2",
    ],
    [
      "more positions than a part, no bias",
      [1, 2, 36, 34],
      "num_output: 3 kernel_size: 3 bias_term: false",
    ],
    ["more elements than a part", [1, 60, 4, 5], "num_output: 130 kernel_size: 3 pad: 1"],
    ["one axis", [2, 3, 19], "num_output: 4 kernel_size: 4 pad: 2 stride: 3"],
    ["three axes", [1, 2, 5, 6, 7], "num_output: 3 kernel_size: 3 pad: 1 stride: 2"],
    ["each channel by itself", [2, 5, 6, 6], "num_output: 5 group: 5 kernel_size: 3 pad: 1"],
  ])("a convolution of %s is the reference's", async (_, shape, text) => {
    await checkParity(engines, convolution(text), [shape]);
  });

  // Shapes that go by Winograd's algorithm: groups of tiles over edges, padding of every width, odd numbers of channels.
  test.each([
    ["rows of 13 in two groups", [3, 74, 13, 13], "num_output: 70 pad: 1 group: 2"],
    ["groups that end in a part", [2, 33, 18, 35], "num_output: 35 pad: 0 bias_term: false"],
    ["wide padding", [2, 40, 14, 30], "num_output: 41 pad_h: 3 pad_w: 2"],
    ["more tiles than a block, inside of the plane", [1, 32, 40, 60], "num_output: 36 pad: 1"],
  ])("a convolution of 3×3 over %s is the reference's", async (_, shape, text) => {
    await checkParity(engines, convolution(`kernel_size: 3 ${text}`), [shape]);
  });

  test.each([
    ["LeNet's second", [3, 20, 12, 12], "num_output: 50"],
    ["rows of 27 in two groups", [2, 80, 27, 27], "num_output: 82 pad: 2 group: 2"],
    ["odd sizes, wide padding", [2, 41, 15, 22], "num_output: 43 pad_h: 5 pad_w: 3"],
    ["more tiles than a block", [1, 33, 20, 36], "num_output: 37 bias_term: false"],
  ])("a convolution of 5×5 over %s is the reference's", async (_, shape, text) => {
    const param = `kernel_size: 5 ${text}`;
    await checkParity(engines, convolution(param), [shape]);
  });

  // What is chosen by count is chosen for these: else the cases above would test another algorithm.
  test.each([
    ["LeNet's second", 3, [20, 12, 12], 50, 5, 0, 1, true],
    ["CaffeNet's second", 2, [96, 27, 27], 256, 5, 2, 2, true],
    ["CaffeNet's third", 2, [256, 13, 13], 384, 3, 1, 1, true],
    ["the odd one above", 2, [41, 15, 22], 43, 5, 4, 1, true],
    ["LeNet's first", 3, [1, 28, 28], 20, 5, 0, 1, false],
    ["CaffeNet's first", 2, [3, 227, 227], 96, 11, 0, 1, false],
  ] as const)(
    "%s convolution goes by Winograd's algorithm or not",
    (_, batch, [inputChannels, ...input], outputChannels, side, pad, groups, goes) => {
      const pair = (value: number) => [value, value];
      const output = input.map((length) => length + 2 * pad - side + 1);
      const d = { batch, inputChannels, outputChannels, input, output, groups, hasBias: true };
      const windows = { kernel: pair(side), stride: pair(1), pad: pair(pad), dilation: pair(1) };
      expect(isWorthWinograd({ ...d, ...windows })).toBe(goes);
    },
  );

  test.each([
    [1, 3, 2, ""],
    [5, 1030, 7, ""],
    [33, 257, 65, ""],
    [9, 390, 11, "transpose: true"],
    [130, 5, 3, "bias_term: false"],
  ])("an inner product of %d×%d by %d %s is the reference's", async (m, k, n, more) => {
    const param = `num_output: ${n} weight_filler { type: "gaussian" std: 0.1 } ${more}`;
    await checkParity(
      engines,
      `type: "InnerProduct" bottom: "a" top: "t" inner_product_param { ${param} }`,
      [[m, k]],
    );
  });

  test.each([
    ["2 by 2", [28, 24], 2, 2, 0],
    ["3 by 2 over rows of 27", [9, 27], 3, 2, 0],
    ["3 by 2 with padding", [11, 18], 3, 2, 1],
    ["4 by 1 with padding", [6, 13], 4, 1, 2],
    ["3 by 3", [9, 21], 3, 3, 0],
  ] as const)(
    "the greatest of windows of %s are the reference's, ties and what is no number too",
    (_, input, size, stride, pad) => {
      const output = input.map((l) => Math.ceil((l + 2 * pad - size) / stride) + 1);
      const pair = (value: number) => [value, value] as const;
      const d: PoolingDescriptor = {
        method: "MAX",
        batch: 1,
        channels: 3,
        input,
        output: [output[0]!, output[1]!],
        kernel: pair(size),
        stride: pair(stride),
        pad: pair(pad),
      };
      const few = [0, -1, 2, 2, Number.NaN, Number.NEGATIVE_INFINITY];
      // The last plane has no number at all.
      const x = noise(3 * input[0] * input[1], 3).map((v, i, { length }) =>
        i < length / 3
          ? v
          : i < (2 * length) / 3
            ? few[Math.floor(Math.abs(v) * 100) % 6]!
            : Number.NaN,
      );
      const run = (engine: Engine): number[][] => {
        const count = 3 * output[0]! * output[1]!;
        const [y, mask] = [new SyncedMem(count), new SyncedMem(count)];
        engine.pooling(d).forward(mem(x), y, { mask });
        return [y, mask].map((one) => Array.from(one.cpu()));
      };
      expect(run(wasm)).toEqual(run(reference));
    },
  );

  test.each(Object.values(rules))(
    "the step of $kernel.name is the reference's",
    ({ kernel, params }) => {
      for (const regularization of ["L1", "L2"] as const) {
        const own = params(
          { momentum: kernel.name === "AdaGrad" ? 0 : 0.9, delta: 1e-4 } as never,
          2,
        );
        const step = { rate: 0.1, gradientScale: 0.5, decay: 0.01, regularization };
        const run = (engine: Engine): number[][] => {
          const all = [1, 2, 3, 4].map((seed) =>
            mem(noise(27, seed).map((v) => (seed > 2 ? v * v : v))),
          );
          const [w, g, a, b] = all as [SyncedMem, SyncedMem, SyncedMem, SyncedMem];
          expect(
            engine.update(
              kernel as never,
              27,
              step,
              own as never,
              w,
              g,
              [a, b].slice(0, kernel.history.length),
            ),
          ).toBe(true);
          return all.map((one) => Array.from(one.cpu()));
        };
        run(wasm).forEach((values, i) => {
          expect(values).toBeAllClose(run(reference)[i]!, { rtol: 1e-5, atol: 1e-6 });
        });
      }
    },
  );

  test.each([0, 5, 26])("a step says where element %d of 27 is no number any more", (at) => {
    const { kernel, params } = rules.sgd;
    const w = mem(noise(27, 1).map((v, i) => (i === at ? Number.POSITIVE_INFINITY : v)));
    const step = { rate: 0.1, gradientScale: 1, decay: 0, regularization: "L2" } as const;
    const history = [new SyncedMem(27)];
    expect(wasm.update(kernel, 27, step, params({}, 0), w, mem(noise(27, 2)), history)).toBe(false);
  });

  test("dropout draws the words of every engine, behind the first vector too", () => {
    const x = noise(1003, 5);
    const drop = (engine: Engine): ArrayLike<number> => {
      const y = new SyncedMem(1003);
      engine.dropout({ shape: [17, 59], ratio: 0.3 }).forward(mem(x), y, [0xdeadbeef, 7]);
      return y.cpu();
    };
    const [got, want] = [drop(wasm), drop(reference)];
    expect(Array.from(got, (v) => v === 0)).toEqual(Array.from(want, (v) => v === 0));
    expect(got).toBeAllClose(want, { rtol: 1e-6 });
  });

  test("arrays stay in the module's memory from layer to layer, and go with their net", async () => {
    const net = (): ReturnType<typeof netOf> =>
      netOf(
        `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 dim: 20 dim: 20 } } }
         layer { name: "conv" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 64 kernel_size: 3 } }
         layer { name: "relu" type: "ReLU" bottom: "c" top: "r" }
         layer { name: "pool" type: "Pooling" bottom: "r" top: "p" pooling_param { kernel_size: 2 stride: 2 } }`,
        { engines },
      );
    const first = net();
    await first.forward();
    const { work } = wasm;
    const [copies, bytes] = [work?.reorders ?? 0, work?.peakBytes ?? 0];
    first.blob("x").dataMem.overwriteCpu().fill(1);
    await first.forward();
    expect((work?.reorders ?? 0) - copies, "copies of x").toBe(1);
    const taken: number[] = [];
    first.close();
    for (let i = 0; i < 3; i++) {
      const next = net();
      await next.forward();
      taken.push(work?.peakBytes ?? 0);
      next.close();
    }
    // Two arrays of 4·64·18·18 floats and more of each net come back at once; an op's own memory, less than half of that, when
    // the op is collected.
    expect(Math.max(...taken) - bytes).toBeLessThan(taken.length * 4 * 4 * 64 * 18 * 18);
  });
});
