// Products of halves, on the engines that have them: precision "f16" of nets and solvers.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { openGpu } from "../../../src/engines/webgpu/device.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { roundedToHalf } from "../../../src/util/half.ts";
import { availableEngines, gpu, referenceEngines } from "../../support/engines.ts";
import { layerNet, netOf, noise, write } from "../../support/nets.ts";
import { describeGpu } from "./support.ts";

/** A LeNet of fewer maps. */
const LENET = `layer { name: "in" type: "Input" top: "data" top: "label" input_param { shape { dim: 4 dim: 1 dim: 20 dim: 20 } shape { dim: 4 } } }
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 6 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" convolution_param { num_output: 10 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param { num_output: 32 weight_filler { type: "xavier" } } }
  layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }`;
const LOSS =
  'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }';

const RULE = "base_lr: 0.05 momentum: 0.9 weight_decay: 0.0005";

interface Run {
  readonly losses: number[];
  readonly weights: number[];
  readonly lines: string[];
}

/** Trains it for so many iterations. */
async function train(
  engines: Engines,
  precision: "f32" | "f16",
  { fields = "", rule = RULE, loss = LOSS, iterations = 20 } = {},
): Promise<Run> {
  const losses: number[] = [];
  const lines: string[] = [];
  const solver = Solver.parse(
    `${rule} lr_policy: "fixed" random_seed: 3 max_iter: 100 ${fields} net_param { ${LENET} ${loss} }`,
    {
      engines,
      precision,
      log: (severity, _, line) => void (severity === "warning" && lines.push(line)),
    },
  );
  solver.callbacks.push({
    onStart({ iter }) {
      const labels = [0, 1, 2, 3].map((i) => (4 * iter + i) % 5);
      const values = labels.flatMap((label, i) => {
        const pattern = noise(400, 500 + label);
        return noise(400, 90 * iter + i).map((x, k) => 0.3 * x + (pattern[k] ?? 0));
      });
      write(solver.net.blob("data"), values);
      write(solver.net.blob("label"), labels);
    },
    onIteration: (event) => void losses.push(event.loss),
  });
  try {
    await solver.step(iterations);
    await solver.net.toHost();
    const weights = solver.net.learnableParams.flatMap(({ blob }) => Array.from(blob.values()));
    return { losses, weights, lines };
  } finally {
    solver.close();
  }
}

const farthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] ?? Number.NaN))), 0);

describe("products of halves", () => {
  test("train LeNet for 20 iterations as floats do, within 0.02 of each loss, with and without a scale of gradients", async () => {
    const floats = await train(referenceEngines, "f32");
    expect(floats.losses.at(-1)).toBeLessThan((floats.losses[0] ?? 0) / 4);
    for (const fields of ["", "global_grad_scale: 1024"]) {
      const halves = await train(referenceEngines, "f16", { fields });
      expect(halves.losses).not.toEqual(floats.losses);
      expect(farthest(halves.losses, floats.losses)).toBeLessThan(0.02);
    }
  });

  test("gradients that halves cannot hold are there with a scale, and clipping sees them without it", async () => {
    const loss = LOSS.replace('top: "loss"', 'top: "loss" loss_weight: 1e-7');
    const of = (scale: string, precision: "f32" | "f16"): Promise<Run> =>
      train(referenceEngines, precision, {
        ...{ loss, iterations: 2 },
        rule: "base_lr: 1e6",
        fields: `${scale} clip_gradients: 1e-8`,
      });
    const floats = await of("", "f32");
    const scaled = await of("global_grad_scale: 16777216", "f16");
    const lost = await of("", "f16");
    const unchanged = await train(referenceEngines, "f32", { loss, iterations: 0 });
    const moved = farthest(floats.weights, unchanged.weights);
    expect(farthest(scaled.weights, floats.weights)).toBeLessThan(0.05 * moved);
    expect(farthest(lost.weights, floats.weights)).toBeGreaterThan(0.5 * moved);
  });

  test("a solver without a scale says what is lost, and one of floats that a scale does nothing", async () => {
    const warnings = async (precision: "f32" | "f16", fields: string): Promise<string> =>
      (await train(referenceEngines, precision, { fields, iterations: 0 })).lines.join();
    expect(await warnings("f16", "")).toContain("precision f16 without global_grad_scale");
    expect(await warnings("f16", "global_grad_scale: 1024")).toBe("");
    expect(await warnings("f32", "global_grad_scale: 1024")).toContain("has no effect");
    expect(await warnings("f32", "")).toBe("");
    await expect(warnings("f16", "global_grad_scale: 0")).rejects.toThrow(
      "Expected a number above 0",
    );
  });

  test("too large a scale ends training, and the error says so", async () => {
    await expect(
      train(referenceEngines, "f16", { fields: "global_grad_scale: 1e9" }),
    ).rejects.toThrow(
      "Gradients are multiplied by global_grad_scale (1e+09), and none may be beyond 65504 then",
    );
  });

  test("what goes from layer to layer is rounded to halves; inputs, losses, weights and their gradients are not", async () => {
    using net = netOf(
      `${LENET} ${LOSS}`
        .replaceAll("dim: 20", "dim: 16")
        .replace("dim: 4 dim: 1", "dim: 2 dim: 1")
        .replace("{ dim: 4 }", "{ dim: 2 }"),
      { engines: referenceEngines, precision: "f16", seed: 3 },
    );
    write(net.blob("data"), noise(512, 7));
    await net.forward();
    await net.backward();
    const areHalves = (values: ArrayLike<number>): boolean =>
      Array.from(values).every((x) => roundedToHalf(x) === x);
    for (const name of ["conv1", "pool1", "conv2", "pool2", "ip1", "ip2"]) {
      expect(areHalves(net.blob(name).values()), name).toBe(true);
    }
    for (const name of ["conv1", "pool1", "conv2", "pool2", "ip1"]) {
      expect(areHalves(net.blob(name).diffValues()), name).toBe(true);
    }
    expect(areHalves(net.blob("data").values())).toBe(false);
    expect(areHalves(net.blob("ip2").diffValues())).toBe(false);
    for (const { blob } of net.learnableParams.slice(0, 1)) {
      expect(areHalves(blob.values())).toBe(false);
      expect(areHalves(blob.diffValues())).toBe(false);
    }
  });

  test("a layer that says FLOAT multiplies floats", async () => {
    const layer = (type: string): string =>
      `type: "InnerProduct" bottom: "a" top: "y" ${type} inner_product_param { num_output: 3 weight_filler { type: "xavier" } }`;
    const result = async (type: string, precision: "f32" | "f16"): Promise<number[]> => {
      const net = layerNet(layer(type), [[2, 7]], { engines: referenceEngines, precision });
      write(net.blob("a"), noise(14, 5));
      await net.forward();
      return Array.from(net.blob("y").values());
    };
    const floats = await result("", "f32");
    expect(await result("forward_type: FLOAT", "f16")).toEqual(floats);
    expect(await result("", "f16")).not.toEqual(floats);
  });

  test("an engine without them says so", () => {
    for (const name of ["wasm", "native"]) {
      const engines = availableEngines.get(name);
      if (!engines) continue;
      expect(() =>
        layerNet('type: "ReLU" bottom: "a" top: "y"', [[1]], { engines, precision: "f16" }),
      ).toThrow(
        `precision f16: the ${name} engine multiplies 32-bit floats. Expected a GPU (--gpu)`,
      );
    }
  });
});

const hasHalves = gpu?.features.has("shader-f16") ?? false;

describe.skipIf(!hasHalves)("products of halves on a GPU that has shader-f16", () => {
  // Software adapters compile for a minute.
  test("train LeNet for 20 iterations as the reference engine's do, within 0.005 of each loss", {
    timeout: 300_000,
  }, async () => {
    if (!gpu) return;
    const fields = "global_grad_scale: 1024";
    const expected = await train(referenceEngines, "f16", { fields });
    const got = await train(createEngines({ gpu }), "f16", { fields });
    const floats = await train(createEngines({ gpu }), "f32");
    expect(farthest(got.losses, expected.losses)).toBeLessThan(0.005);
    expect(got.losses).not.toEqual(floats.losses);
    expect(farthest(got.losses, floats.losses)).toBeLessThan(0.02);
  });
});

describeGpu("a GPU", () => {
  test("whose file asks for FLOAT16 keeps halves where it has such, and else says once that it cannot", async () => {
    const text = `default_forward_type: FLOAT16 ${LENET}`;
    const own = await openGpu({ without: ["shader-f16"] });
    const lines: string[] = [];
    const log = (severity: string, _source: string, line: string): void =>
      void (severity === "warning" && lines.push(line));
    using net = netOf(text, { engines: createEngines({ gpu: own }), log });
    expect(lines).toEqual([
      expect.stringMatching(
        /^FLOAT16 is asked for, and all is kept as 32-bit floats: .*no half precision \(shader-f16\)/,
      ),
    ]);
    expect(net.layers.some(({ engine }) => engine.hasHalves)).toBe(false);
    if (hasHalves && gpu) {
      using other = netOf(text, { engines: createEngines({ gpu }) });
      expect(other.layers.every(({ engine }) => engine.hasHalves)).toBe(true);
    }
    own.close();
  });

  test("that has no half precision says so where a net asks for it", async () => {
    const own = await openGpu({ without: ["shader-f16"] });
    const engines = createEngines({ gpu: own });
    expect(() =>
      layerNet('type: "ReLU" bottom: "a" top: "y"', [[1]], { engines, precision: "f16" }),
    ).toThrow("has no half precision (shader-f16)");
    own.close();
  });

  test("is not opened for halves without tiles", async () => {
    await expect(openGpu({ isHalf: true, isTiled: false })).rejects.toThrow(
      "half precision is asked for without tiles",
    );
  });
});
