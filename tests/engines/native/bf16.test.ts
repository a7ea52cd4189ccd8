// Layers that keep their arrays as bfloat16: native beside reference, which rounds at the same places.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { bf16 } from "../../../src/util/bf16.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { layerNet, netOf, noise, write } from "../../support/nets.ts";

const native = availableEngines.get("native");
const isThere = native !== undefined && loadAddon().multipliesBf16;

/** How far apart neighbours of bfloat16 are at most, as a part of a number. */
const UNIT = 2 ** -7;

const conv = (more: string): string =>
  `type: "Convolution" convolution_param { weight_filler { type: "gaussian" std: 0.3 } bias_filler { type: "constant" value: 0.1 } ${more} }`;
const product = (more: string): string =>
  `type: "InnerProduct" inner_product_param { weight_filler { type: "gaussian" std: 0.3 } ${more} }`;
const even = (layer: string): string =>
  layer.replace('"gaussian" std: 0.3', '"uniform" min: -0.5 max: 0.5');
const image = [2, 16, 7, 9];
const layers: [layer: string, ...shapes: number[][]][] = [
  [conv("num_output: 24 kernel_size: 3 pad: 1"), [2, 3, 9, 8]],
  [conv("num_output: 8 kernel_size: 5 stride: 2"), [3, 1, 12, 12]],
  [conv("num_output: 32 kernel_size: 1"), image],
  [conv("num_output: 16 kernel_size: 3 pad: 1 group: 16"), image],
  [conv("num_output: 20 kernel_size: 3 group: 2 dilation: 2 bias_term: false"), [2, 20, 9, 9]],
  [conv("num_output: 16 kernel_size: 3 pad: 1").replace("Convolution", "Deconvolution"), image],
  [product("num_output: 10"), [5, 3, 4, 4]],
  [product("num_output: 10 transpose: true bias_term: false"), [5, 24]],
  // More samples, rows and columns than a piece of each has, and none of them a whole number of vectors or pairs.
  // Engines' gaussian fillers may differ in the last bit of a float, which of so many weights some would be rounded by.
  [even(product("num_output: 37")), [67, 3, 7, 53]],
  [even(product("num_output: 149 transpose: true")), [67, 3, 7, 11]],
  [product("num_output: 1"), [1, 1]],
  ['type: "ReLU"', image],
  ['type: "ReLU" relu_param { negative_slope: 0.1 }', [5, 7]],
  ['type: "ReLU6"', [3, 5, 4]],
  ['type: "ELU"', image],
  ['type: "Sigmoid"', image],
  ['type: "TanH"', [4, 9]],
  ['type: "PReLU"', image],
  ['type: "Pooling" pooling_param { pool: MAX kernel_size: 3 stride: 2 }', image],
  ['type: "Pooling" pooling_param { pool: MAX kernel_size: 3 stride: 1 pad: 1 }', image],
  ['type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }', image],
  ['type: "Pooling" pooling_param { pool: AVE global_pooling: true }', image],
  ['type: "LRN" lrn_param { local_size: 5 alpha: 0.5 }', image],
  ['type: "LRN" lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }', image],
  ['type: "BatchNorm"', image],
  ['type: "BatchNorm" batch_norm_param { use_global_stats: true }', image],
  ['type: "Scale" scale_param { bias_term: true }', image],
  ['type: "Bias"', image],
  ['type: "Eltwise" eltwise_param { coeff: 1 coeff: -2 }', image, image],
  ['type: "Eltwise" eltwise_param { operation: PROD }', image, image, image],
  ['type: "Eltwise" eltwise_param { operation: MAX }', image, image],
  ['type: "Concat"', image, [2, 32, 7, 9]],
  ['type: "Concat"', [2, 3, 4], [2, 5, 4]],
  ['type: "Dropout"', image],
];

/** Tops, gradients of bottoms and of parameters of one layer; twice, so that gradients of parameters add up. */
async function passes(
  engines: Engines,
  layer: string,
  shapes: readonly (readonly number[])[],
): Promise<{ rounded: Record<string, number[]>; exact: Record<string, number[]> }> {
  const top = layer.includes("top:") ? "" : 'top: "t"';
  const bottoms = shapes.map((_, i) => `bottom: "${String.fromCharCode(97 + i)}"`).join(" ");
  const net = layerNet(`${bottoms} ${top} ${layer}`, shapes, { engines, precision: "bf16" });
  const rounded: Record<string, number[]> = {};
  const exact: Record<string, number[]> = {};
  for (let pass = 0; pass < 2; pass++) {
    shapes.forEach((_, i) => {
      const blob = net.blob(String.fromCharCode(97 + i));
      // Away from the corners of rectifiers and from equal maxima.
      write(
        blob,
        noise(blob.count(), 7 + i + 10 * pass).map((x) => bf16(x + Math.sign(x) / 8)),
      );
    });
    await net.forward();
    const t = net.blob("t");
    rounded[`top ${pass}`] = [...t.values()];
    t.diffMem.overwriteCpu().set(noise(t.count(), 50).map(bf16));
    await net.backward();
    shapes.forEach((_, i) => {
      rounded[`d${i} ${pass}`] = [...net.blob(String.fromCharCode(97 + i)).diffValues()];
    });
  }
  net.learnableParams.forEach(({ blob }, i) => {
    exact[`gradient ${i}`] = [...blob.diffValues()];
  });
  net.close();
  return { rounded, exact };
}

describe.skipIf(!isThere)("bfloat16 on native", () => {
  test.each(layers.map(([layer, ...shapes]) => ({ layer, shapes })))(
    "$layer",
    async ({ layer, shapes }) => {
      const [got, want] = [
        await passes(native as Engines, layer, shapes),
        await passes(referenceEngines, layer, shapes),
      ];
      // The reference's LRN reads its top, which is rounded, in backward; native makes it again.
      const more = layer.includes('"LRN"') ? UNIT / 4 : 0;
      for (const [key, values] of Object.entries(want.rounded)) {
        const size = Math.max(...values.map(Math.abs));
        expect(values, `${key} of reference`).toEqual(values.map(bf16));
        expect(got.rounded[key], `${key} is rounded`).toEqual(got.rounded[key]?.map(bf16));
        // Sums in another order may be rounded to the neighbour.
        expect(got.rounded[key], key).toBeAllClose(values, {
          rtol: UNIT,
          atol: (more + 2e-6) * size,
        });
      }
      for (const [key, values] of Object.entries(want.exact)) {
        const size = Math.max(...values.map(Math.abs));
        expect(got.exact[key], key).toBeAllClose(values, { rtol: 2e-5, atol: 1e-5 * size });
      }
    },
  );

  test("a large inner product gives the same whether its gradient is kept as factors or not", async () => {
    const text = `
      layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 4 dim: 1100 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 1000 weight_filler { type: "xavier" } } }`;
    const gradients = await Promise.all(
      [true, false].map(async (isReadOnce) => {
        const net = netOf(text, { engines: native as Engines, precision: "bf16", seed: 5 });
        for (const { blob } of net.learnableParams) blob.diffMem.isReadOnce = isReadOnce;
        write(net.blob("a"), noise(4400, 1));
        await net.forward();
        write(net.blob("y"), []);
        net.blob("y").diffMem.overwriteCpu().set(noise(4000, 2));
        await net.backward();
        return net.learnableParams.map(({ blob }) => [...blob.diffValues()]);
      }),
    );
    const [kept, whole] = gradients as [number[][], number[][]];
    expect(kept[0]).toBeAllClose(whole[0] as number[], { rtol: 1e-5, atol: 1e-5 });
    expect(kept[1]).toBeAllClose(whole[1] as number[], { rtol: 1e-5, atol: 1e-5 });
  });
});
