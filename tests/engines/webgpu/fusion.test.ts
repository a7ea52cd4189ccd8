// Neighbouring layers that run as one on the GPU.
import { expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { referenceEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";
import { describeGpu, theGpu } from "./support.ts";

const INPUT =
  'force_backward: true layer { name: "in" type: "Input" top: "a" input_param { shape { dim: 3 dim: 4 dim: 3 dim: 2 } } }';
const layer = (type: string, bottom: string, top: string, fields = ""): string =>
  `layer { name: "${type} of ${top}" type: "${type}" ${bottom
    .split(" ")
    .map((name) => `bottom: "${name}"`)
    .join(" ")} top: "${top}" ${fields} }`;
const conv = (bottom: string, top: string, fields = ""): string =>
  layer(
    "Convolution",
    bottom,
    top,
    `convolution_param { num_output: 5 kernel_size: 1 weight_filler { type: "gaussian" std: 0.5 } ${fields} }`,
  );
const GLOBAL = "batch_norm_param { use_global_stats: true }";
const BIAS = "scale_param { bias_term: true }";

/** Every blob, and where there is a backward every gradient, after six passes; and the kernels that ran. */
async function run(
  text: string,
  engines: Engines,
  options: Partial<NetOptions>,
): Promise<{ values: Record<string, number[]>; dispatches: number; net: Net }> {
  const net = netOf(`${INPUT} ${text}`, { engines, seed: 3, ...options });
  const values: Record<string, number[]> = {};
  const { dispatches } = theGpu().traffic;
  for (let pass = 0; pass < 6; pass++) {
    // Factors and variances are above 0, and others from the fourth pass on.
    for (const [name, blobs] of pass % 3 === 0 ? net.params : []) {
      for (const [i, blob] of blobs.entries()) {
        if (blob.shape.length > 1) continue;
        const values = noise(blob.count(), i + 20 + pass).map((v) => 1 + 0.3 * v);
        write(blob, name.startsWith("BatchNorm") && i === 2 ? [2 + pass] : values);
      }
    }
    write(net.blob("a"), noise(net.blob("a").count(), 5 + pass));
    await net.forward();
    if (!options.forwardOnly) {
      for (const name of net.outputs) {
        const { diffMem } = net.blob(name);
        diffMem.overwriteCpu().set(noise(diffMem.count, 9 + pass));
      }
      await net.backward();
    }
  }
  const ran = theGpu().traffic.dispatches - dispatches;
  await net.toHost();
  for (const name of net.blobNames) values[name] = [...net.blob(name).values()];
  if (!options.forwardOnly) values["da"] = [...net.blob("a").diffValues()];
  net.params.forEach((blobs, name) => {
    for (const [i, blob] of blobs.entries()) {
      values[`${name} ${i}`] = [...blob.values()];
      values[`gradient of ${name} ${i}`] = [...blob.diffValues()];
    }
  });
  return { values, dispatches: ran, net };
}

describeGpu("neighbours that run as one on the GPU", () => {
  test.each<[title: string, text: string, options?: Partial<NetOptions>]>([
    [
      "BatchNorm, Scale and ReLU",
      `${conv("a", "x")} ${layer("BatchNorm", "x", "x")} ${layer("Scale", "x", "x", BIAS)} ${layer("ReLU", "x", "x")}`,
    ],
    [
      "BatchNorm apart, Scale without a bias, and Sigmoid",
      `${layer("BatchNorm", "a", "y")} ${layer("Scale", "y", "y")} ${layer("Sigmoid", "y", "y")}`,
    ],
    [
      "BatchNorm with given statistics, Scale and a leaking ReLU",
      `${conv("a", "x")} ${layer("BatchNorm", "x", "x", GLOBAL)} ${layer("Scale", "x", "x", BIAS)} ${layer("ReLU", "x", "x", "relu_param { negative_slope: 0.1 }")}`,
    ],
    [
      "BatchNorm with given statistics, and ELU",
      `${layer("BatchNorm", "a", "y", GLOBAL)} ${layer("ELU", "y", "y")}`,
    ],
    [
      "sums of two and of three, and ReLU",
      `${conv("a", "x")} ${conv("a", "z")}
       ${layer("Eltwise", "x z", "two", "eltwise_param { coeff: 1 coeff: -0.5 }")} ${layer("ReLU", "two", "two")}
       ${layer("Eltwise", "x z two", "three")} ${layer("ReLU", "three", "three")}`,
    ],
    [
      "Convolution, BatchNorm, Scale and ReLU where there is no backward",
      `${conv("a", "x")} ${layer("BatchNorm", "x", "x", GLOBAL)} ${layer("Scale", "x", "x", BIAS)} ${layer("ReLU", "x", "x")}
       ${conv("x", "y", "bias_term: false")} ${layer("BatchNorm", "y", "y", GLOBAL)} ${layer("Scale", "y", "y")}`,
      { forwardOnly: true },
    ],
    [
      "InnerProduct, BatchNorm and Scale where there is no backward",
      `${layer("InnerProduct", "a", "x", 'inner_product_param { num_output: 5 weight_filler { type: "xavier" } }')} ${layer("BatchNorm", "x", "x", GLOBAL)} ${layer("Scale", "x", "x", BIAS)}`,
      { forwardOnly: true },
    ],
  ])("%s", async (_title, text, options = {}) => {
    const engines = createEngines({ gpu: theGpu() });
    const want = await run(text, referenceEngines, options);
    const fused = await run(text, engines, options);
    const apart = await run(text, engines, { ...options, fuse: false });
    for (const got of [fused, apart]) {
      for (const [name, values] of Object.entries(want.values)) {
        const size = Math.max(1, ...values.map(Math.abs));
        expect(got.values[name], name).toBeAllClose(values, { rtol: 2e-5, atol: 1e-5 * size });
      }
    }
    expect(fused.dispatches).toBeLessThan(apart.dispatches);
    for (const { net } of [want, fused, apart]) net.close();
  });

  test("BatchNorm far from 0 leaves nothing of a constant, folded and of its own batch", async () => {
    const engines = createEngines({ gpu: theGpu() });
    const input =
      'layer { name: "in" type: "Input" top: "a" input_param { shape { dim: 2 dim: 1 dim: 3 dim: 7 } } }';
    const conv = `convolution_param { num_output: 3 kernel_size: 1 weight_filler { value: 1 } bias_filler { value: 8 } }`;
    for (const x of [1000.123, -77777.7, 12345.678]) {
      const net = netOf(
        `${input} ${layer("Convolution", "a", "x", conv)} ${layer("BatchNorm", "x", "x", GLOBAL)} ${layer("Scale", "x", "x", "scale_param { filler { value: 100 } }")} ${layer("BatchNorm", "a", "y")}`,
        { engines, forwardOnly: true },
      );
      const [mean, variance, factor] = net.layer("BatchNorm of x").blobs;
      mean?.assign(Math.fround(Math.fround(x) + 8));
      variance?.assign(1e-6);
      factor?.assign(1);
      net.blob("a").assign(x);
      await net.forward();
      await net.toHost();
      expect(
        net
          .blob("x")
          .values()
          .every((value) => value === 0),
      ).toBe(true);
      expect(
        net
          .blob("y")
          .values()
          .every((value) => value === 0),
      ).toBe(true);
      net.close();
    }
  });
});
