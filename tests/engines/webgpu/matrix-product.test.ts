// Products in tiles as on hardware, and as on adapters that compute on a CPU, at the edges of tiles, slices and phases. Tiles take a
// software adapter seconds to compile: npm run test:long tries them, and npm test compiles them (compile.test.ts).
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ConvolutionDescriptor, Engine, LinearOp } from "../../../src/engines/engine.ts";
import { ReferenceEngine } from "../../../src/engines/reference/index.ts";
import { openGpu } from "../../../src/engines/webgpu/device.ts";
import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { countOf } from "../../../src/util/shape.ts";
import { isLong } from "../../support/long.ts";
import { noise } from "../../support/nets.ts";
import { describeGpu, theGpu } from "./support.ts";

function arrayOf(values: readonly number[]): SyncedMem {
  const mem = new SyncedMem(values.length);
  mem.overwriteCpu().set(values);
  return mem;
}

/** Elements of x, W, b and y. */
type Counts = readonly [x: number, w: number, b: number, y: number];

/** y, dx, and dW written and added to. */
async function resultsOf(
  engine: Engine,
  make: (engine: Engine) => LinearOp,
  [xs, ws, bs, ys]: Counts,
): Promise<number[][]> {
  const [x, w, dy] = [arrayOf(noise(xs, 1)), arrayOf(noise(ws, 2)), arrayOf(noise(ys, 3))];
  const b = bs > 0 ? arrayOf(noise(bs, 4)) : undefined;
  const [y, dx] = [arrayOf(new Array(ys).fill(7)), arrayOf(new Array(xs).fill(7))];
  const [dw, sum] = [new SyncedMem(ws), arrayOf(noise(ws, 5))];
  const op = make(engine);
  op.forward(x, w, b, y);
  op.backwardData(dy, w, dx);
  op.backwardWeights(x, dy, dw, undefined);
  op.backwardWeights(x, dy, sum, undefined);
  const results = [y, dx, dw, sum];
  await Promise.all(results.map((mem) => mem.toHost()));
  return results.map((mem) => [...mem.cpu()]);
}

async function same(
  gpus: readonly Gpu[],
  make: (engine: Engine) => LinearOp,
  counts: Counts,
): Promise<void> {
  const wanted = await resultsOf(new ReferenceEngine(), make, counts);
  for (const gpu of gpus) {
    const got = await resultsOf(webgpuEngine(gpu) as Engine, make, counts);
    for (const [i, name] of ["y", "dx", "dW", "dW added to"].entries()) {
      const size = Math.max(1, ...(wanted[i] ?? []).map(Math.abs));
      expect(got[i], `${name}, ${gpu.isTiled ? "tiled" : "direct"}`).toBeAllClose(wanted[i] ?? [], {
        rtol: 2e-5,
        atol: 2e-6 * size,
      });
    }
  }
}

/** An op, and how many elements its arrays have. */
type Sized = readonly [make: (engine: Engine) => LinearOp, counts: Counts];

function innerProduct(m: number, n: number, k: number, transpose = false): Sized {
  const d = { input: [m, k], outputs: n, hasBias: true, transpose };
  return [(engine) => engine.innerProduct(d), [m * k, n * k, n, m * n]];
}

function convolution(
  input: readonly number[],
  kernel: readonly number[],
  more: Partial<ConvolutionDescriptor> = {},
): Sized {
  const ones = (value: number): number[] => input.map(() => value);
  const defaults = { batch: 2, groups: 1, inputChannels: 4, outputChannels: 6, hasBias: true };
  const d = { ...defaults, stride: ones(1), pad: ones(0), dilation: ones(1), ...more };
  const output = input.map((length, i) => {
    const extent = (d.dilation[i] ?? 1) * ((kernel[i] ?? 1) - 1) + 1;
    return Math.floor((length + 2 * (d.pad[i] ?? 0) - extent) / (d.stride[i] ?? 1)) + 1;
  });
  const whole: ConvolutionDescriptor = { ...d, input, kernel, output };
  return [
    (engine) => engine.convolution(whole),
    [
      d.batch * d.inputChannels * countOf(input),
      ((d.outputChannels * d.inputChannels) / d.groups) * countOf(kernel),
      d.outputChannels,
      d.batch * d.outputChannels * countOf(output),
    ],
  ];
}

describeGpu("products on the GPU", () => {
  const others: Gpu[] = [];
  beforeAll(async () => {
    if (!isLong) return;
    others.push(await openGpu({ isTiled: true }), await openGpu({ without: ["subgroups"] }));
  });
  afterAll(() => {
    for (const gpu of others) gpu.close();
  });
  const gpus = (): Gpu[] => [theGpu(), ...others];

  const sizes: readonly (readonly [m: number, n: number, k: number])[] = [
    [65, 63, 64],
    [3, 5, 1001],
    [0, 4, 4],
  ];
  const moreSizes: typeof sizes = [
    [1, 1, 1],
    [7, 7, 7],
    [63, 64, 65],
    [64, 65, 63],
    [129, 8, 20],
    [8, 129, 20],
    [4, 4, 1000],
  ];

  test.each(isLong ? [...sizes, ...moreSizes] : sizes)(
    "inner products of %i × %i, K of %i",
    async (m, n, k) => {
      await same(gpus(), ...innerProduct(m, n, k));
      await same(gpus(), ...innerProduct(m, n, k, true));
    },
  );

  type Case = [
    title: string,
    input: readonly number[],
    kernel: readonly number[],
    more?: Partial<ConvolutionDescriptor>,
  ];
  const windows: readonly Case[] = [
    ["padded, groups of odd lengths", [5, 6], [3, 3], { pad: [1, 1], groups: 2, inputChannels: 6 }],
    [
      "dilated, strides that divide it or not",
      [13, 12],
      [3, 3],
      { dilation: [2, 3], stride: [4, 2], pad: [3, 1] },
    ],
    ["over three axes", [4, 5, 6], [2, 3, 2], { stride: [1, 2, 2], pad: [1, 0, 1] }],
    ["without images", [4, 4], [3, 3], { batch: 0 }],
  ];
  const moreWindows: readonly Case[] = [
    ["with a stride", [9, 8], [3, 3], { stride: [2, 2], pad: [1, 1] }],
    ["of single places", [4, 4], [1, 1]],
    ["of single places, planes of odd lengths", [3, 5], [1, 1]],
    ["of single places, groups", [4, 4], [1, 1], { groups: 2 }],
    ["of single places, a stride", [7, 6], [1, 1], { stride: [2, 3] }],
    ["unpadded", [6, 7], [3, 2]],
    ["padded", [5, 6], [3, 3], { pad: [1, 2] }],
    ["with a stride beyond the kernel", [9, 8], [2, 2], { stride: [3, 4] }],
    ["with a stride beyond the input", [3, 3], [3, 3], { stride: [5, 5], pad: [1, 1] }],
    ["dilated", [9, 8], [3, 2], { dilation: [2, 3], pad: [2, 0] }],
    ["over one axis", [11], [4], { stride: [2], pad: [1] }],
    ["over four axes", [3, 3, 2, 3], [2, 2, 1, 2], { stride: [1, 1, 1, 2], pad: [1, 0, 0, 1] }],
    ["of many places and few weights", [33, 32], [3, 3], { inputChannels: 1, outputChannels: 3 }],
    ["of 65 and 129 channels", [3, 3], [2, 2], { inputChannels: 65, outputChannels: 129 }],
  ];

  test.each(isLong ? [...windows, ...moreWindows] : windows)(
    "convolutions %s",
    async (_title, input, kernel, more) => {
      await same(gpus(), ...convolution(input, kernel, more));
    },
  );
});
