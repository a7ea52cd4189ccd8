// Training with arrays kept as bfloat16 beside training with floats, on the native engine: minutes, so npm run test:long.
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import type { Choices } from "../../src/engines/choices.ts";
import type { Engines } from "../../src/engines/choose.ts";
import { createEngines } from "../../src/engines/create.ts";
import { loadAddon } from "../../src/engines/native/binding.ts";
import { Tuner } from "../../src/engines/native/tuner.ts";
import { readIdx } from "../../src/io/lists/idx.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { silent } from "../../src/util/log.ts";
import { Random } from "../../src/util/random.ts";
import { nativeWith } from "../engines/native/support.ts";
import { availableEngines } from "../support/engines.ts";
import { isLong } from "../support/long.ts";

const runs = isLong && availableEngines.has("native") && loadAddon().multipliesBf16;
/** One thread: nets as small as these gain little by more, and lose much where other programs run. */
const native = runs
  ? createEngines({ prefer: "native", threads: 1, log: silent })
  : (undefined as never);
const FASHION = "/usr/share/datasets/fashion-mnist";

const input = (shape: readonly number[]): string => `
  layer { name: "data" type: "Input" top: "data" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } } }
  layer { name: "label" type: "Input" top: "label" input_param { shape { dim: ${shape[0]} } } }`;
const conv = (bottom: string, top: string, more: string): string =>
  `layer { name: "${top}" type: "Convolution" bottom: "${bottom}" top: "${top}" convolution_param { weight_filler { type: "msra" } ${more} } }`;
const relu = (blob: string): string =>
  `layer { name: "${blob}/relu" type: "ReLU" bottom: "${blob}" top: "${blob}" }`;
const pool = (bottom: string, top: string, more: string): string =>
  `layer { name: "${top}" type: "Pooling" bottom: "${bottom}" top: "${top}" pooling_param { ${more} } }`;
const product = (bottom: string, top: string, outputs: number): string =>
  `layer { name: "${top}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } } }`;
const loss = (bottom: string): string =>
  `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "${bottom}" bottom: "label" top: "loss" }`;

const lenet = (batch: number): string =>
  input([batch, 1, 28, 28]) +
  conv("data", "c1", "num_output: 20 kernel_size: 5") +
  pool("c1", "p1", "pool: MAX kernel_size: 2 stride: 2") +
  conv("p1", "c2", "num_output: 50 kernel_size: 5") +
  pool("c2", "p2", "pool: MAX kernel_size: 2 stride: 2") +
  product("p2", "ip1", 500) +
  relu("ip1") +
  product("ip1", "ip2", 10) +
  loss("ip2");

const normalised = (bottom: string, top: string, more: string): string =>
  `${conv(bottom, top, `bias_term: false ${more}`)}
   layer { name: "${top}/bn" type: "BatchNorm" bottom: "${top}" top: "${top}" }
   layer { name: "${top}/scale" type: "Scale" bottom: "${top}" top: "${top}" scale_param { bias_term: true } }`;

/** ResNet-18's four stages of two blocks, with 16 to 128 channels, on images of 32×32. */
function resnet18(batch: number): string {
  let text =
    input([batch, 3, 32, 32]) +
    normalised("data", "stem", "num_output: 16 kernel_size: 3 pad: 1") +
    relu("stem");
  let from = "stem";
  [16, 32, 64, 128].forEach((channels, stage) => {
    for (const block of [0, 1]) {
      const name = `s${stage}b${block}`;
      const isSmaller = stage > 0 && block === 0;
      const window = `num_output: ${channels} kernel_size: 3 pad: 1`;
      text += normalised(from, `${name}a`, `${window} stride: ${isSmaller ? 2 : 1}`);
      text += relu(`${name}a`) + normalised(`${name}a`, `${name}b`, window);
      if (isSmaller) {
        text += normalised(from, `${name}s`, `num_output: ${channels} kernel_size: 1 stride: 2`);
      }
      text += `layer { name: "${name}" type: "Eltwise" bottom: "${name}b" bottom: "${isSmaller ? `${name}s` : from}" top: "${name}" }`;
      text += relu(name);
      from = name;
    }
  });
  return (
    text +
    pool(from, "mean", "pool: AVE global_pooling: true") +
    product("mean", "out", 10) +
    loss("out")
  );
}

type Precision = "f32" | "bf16";

const solverOf = (
  net: string,
  precision: Precision,
  fields: string,
  engines: Engines = native,
): Solver =>
  new Solver(parsePrototxt("SolverParameter", `net_param { ${net} } ${fields}`), {
    engines,
    precision,
    sharesMemory: true,
  });

/** Epochs over Fashion-MNIST in an order of that seed; the share of all test images that are told right. */
async function fashionAccuracy(precision: Precision, seed: number): Promise<number> {
  const [images, labels, testImages, testLabels] = [
    "train-images-idx3",
    "train-labels-idx1",
    "t10k-images-idx3",
    "t10k-labels-idx1",
  ].map((name) => readIdx(`${FASHION}/${name}-ubyte.gz`).data) as Uint8Array[];
  const [batch, epochs, pixels] = [64, 2, 784];
  const steps = Math.floor((epochs * 60_000) / batch);
  const solver = solverOf(
    lenet(batch),
    precision,
    `base_lr: 0.02 momentum: 0.9 weight_decay: 0.0005 lr_policy: "poly" power: 1 max_iter: ${steps} snapshot_after_train: false random_seed: ${seed}`,
  );
  const fill = (net: Net, from: Uint8Array, of: Uint8Array, rows: readonly number[]): void => {
    const [data, label] = [net.blob("data").data, net.blob("label").data];
    rows.forEach((row, i) => {
      for (let p = 0; p < pixels; p++) data[i * pixels + p] = from[row * pixels + p]! / 256;
      label[i] = of[row]!;
    });
  };
  const random = new Random(seed);
  for (let step = 0; step < steps; step++) {
    const rows = Array.from({ length: batch }, () => Math.floor(random.uniform(0, 60_000)));
    fill(solver.net, images!, labels!, rows);
    await solver.step(1);
  }
  const test = new Net(parsePrototxt("NetParameter", lenet(100)), {
    engines: native,
    phase: "TEST",
    precision,
  });
  test.shareWith(solver.net, silent);
  let right = 0;
  for (let first = 0; first < 10_000; first += 100) {
    const rows = Array.from({ length: 100 }, (_, i) => first + i);
    fill(test, testImages!, testLabels!, rows);
    await test.forward();
    const scores = test.blob("ip2").values();
    for (const [i, row] of rows.entries()) {
      const own = [...scores.slice(10 * i, 10 * i + 10)];
      if (own.indexOf(Math.max(...own)) === testLabels![row]) right++;
    }
  }
  test.close();
  solver.close();
  return right / 10_000;
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length;

test.skipIf(!runs || !existsSync(FASHION))(
  "LeNet tells as much of Fashion-MNIST in bfloat16 as in floats, over five seeds",
  async () => {
    const accuracies: Record<Precision, number[]> = { f32: [], bf16: [] };
    for (const seed of [1, 2, 3, 4, 5]) {
      for (const precision of ["f32", "bf16"] as const) {
        accuracies[precision].push(await fashionAccuracy(precision, seed));
      }
    }
    expect(mean(accuracies.f32)).toBeGreaterThan(0.86);
    expect(Math.abs(mean(accuracies.bf16) - mean(accuracies.f32))).toBeLessThan(0.003);
  },
  1_800_000,
);

/** Losses of each step, on images that are one of ten patterns under as much noise, moved and mirrored. */
async function madeLosses(precision: Precision, seed: number, engines = native): Promise<number[]> {
  const [batch, side, steps] = [32, 32, 200];
  const random = new Random(seed);
  const normal = (): number => random.uniform(-1.7, 1.7);
  const patterns = Array.from({ length: 10 }, () => Array.from({ length: 3 * 64 }, normal));
  const solver = solverOf(
    resnet18(batch),
    precision,
    `base_lr: 0.05 momentum: 0.9 weight_decay: 0.0005 lr_policy: "poly" power: 1 max_iter: ${steps} snapshot_after_train: false random_seed: ${seed}`,
    engines,
  );
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const [data, label] = [solver.net.blob("data").data, solver.net.blob("label").data];
    for (let i = 0; i < batch; i++) {
      const kind = Math.floor(random.uniform(0, 10));
      const [dy, dx] = [Math.floor(random.uniform(0, 8)), Math.floor(random.uniform(0, 8))];
      label[i] = kind;
      for (let c = 0; c < 3; c++) {
        for (let y = 0; y < side; y++) {
          for (let x = 0; x < side; x++) {
            const at = c * 64 + (((y + dy) >> 2) % 8) * 8 + (((x + dx) >> 2) % 8);
            data[((i * 3 + c) * side + y) * side + x] = 0.5 * patterns[kind]![at]! + 1.5 * normal();
          }
        }
      }
    }
    await solver.step(1);
    losses.push(solver.net.blob("loss").values()[0]!);
  }
  solver.close();
  return losses;
}

/** Convolves every window of 3×3 that moves by one by tiles of 4×4, whose errors are the largest. */
function byLargestTiles(): Engines {
  const read = (): Choices => new Proxy({}, { get: () => "F(4x4)" });
  return [nativeWith(new Tuner({ read, write: () => expect.fail("a trial") }))];
}

/** Steps that a mean is taken of. */
const part = 25;

/** Means of so many steps, over five seeds: from the same beginning two runs come apart by as much as two seeds do. */
async function meanCurve(precision: Precision, engines = native): Promise<number[]> {
  const curves: number[][] = [];
  for (const seed of [1, 2, 3, 4, 5]) {
    const losses = await madeLosses(precision, seed, engines);
    curves.push(
      Array.from({ length: losses.length / part }, (_, i) =>
        mean(losses.slice(i * part, (i + 1) * part)),
      ),
    );
  }
  return curves[0]!.map((_, i) => mean(curves.map((curve) => curve[i]!)));
}

test.skipIf(!runs)(
  "the losses of a small ResNet-18 in bfloat16 follow those in floats, by whichever algorithm",
  async () => {
    const wanted = await meanCurve("f32");
    expect(wanted.at(-1)).toBeLessThan(0.3 * wanted[0]!);
    for (const engines of [native, byLargestTiles()]) {
      const got = await meanCurve("bf16", engines);
      for (const [i, value] of wanted.entries()) {
        expect(Math.abs(got[i]! - value), `steps from ${i * part}`).toBeLessThan(
          0.05 * wanted[0]! + 0.05 * value,
        );
      }
    }
  },
  1_200_000,
);
