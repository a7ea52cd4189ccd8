// Layers in blocks of channels on the native engine, beside the reference: convolution and what
// runs behind it.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Net } from "../../../src/net/net.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

const native = availableEngines.get("native");

/** A convolution in front leaves its result in blocks of channels, padded where they are not whole. */
const netText = (layer: string, channels: number): string => `
  force_backward: true
  layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 3 dim: 4 dim: 7 dim: 6 } } }
  layer { name: "front" type: "Convolution" bottom: "a" top: "x"
          convolution_param { num_output: ${channels} kernel_size: 3 weight_filler { type: "xavier" } bias_filler { value: 0.1 } } }
  layer { name: "side" type: "Convolution" bottom: "a" top: "z"
          convolution_param { num_output: ${channels} kernel_size: 3 weight_filler { type: "xavier" } } }
  ${layer}`;

interface Result {
  readonly [blob: string]: number[];
}

/** Two forward and backward passes; every blob, and every gradient of inputs and parameters. */
async function run(net: Net, parameters: readonly (readonly number[])[]): Promise<Result> {
  const result: Record<string, number[]> = {};
  net.learnableParams.forEach(({ blob }, i) => {
    write(blob, parameters[i] ?? []);
  });
  write(net.blob("a"), noise(net.blob("a").count(), 5));
  for (let pass = 0; pass < 2; pass++) {
    await net.forward();
    for (const name of net.blobNames) result[`${name} ${pass}`] = [...net.blob(name).values()];
    for (const name of net.outputs) {
      const { diffMem } = net.blob(name);
      diffMem.overwriteCpu().set(noise(diffMem.count, 9 + pass));
    }
    await net.backward();
    result[`da ${pass}`] = [...net.blob("a").diffValues()];
  }
  for (const { blob, layer, index } of net.learnableParams) {
    result[`${layer}[${index}]`] = [...blob.values()];
    result[`d ${layer}[${index}]`] = [...blob.diffValues()];
  }
  return result;
}

async function compare(text: string, options: { fuse?: boolean } = {}): Promise<Net> {
  const make = (engines: Engines): Net => netOf(text, { engines, ...options });
  const [wanted, got] = [make(referenceEngines), make(native as Engines)];
  const parameters = wanted.learnableParams.map(({ blob }, i) => {
    const values = noise(blob.count(), 50 + i);
    return values.map((value) => (blob.shape.length === 1 ? 1 + 0.3 * value : 0.4 * value));
  });
  const [a, b] = [await run(wanted, parameters), await run(got, parameters)];
  for (const [name, values] of Object.entries(a)) {
    const scale = Math.max(1, ...values.map(Math.abs));
    const other = b[name] ?? [];
    const isFar = (value: number, i: number): boolean =>
      !(Math.abs(value - (other[i] ?? Number.NaN)) / scale < 2e-5);
    const i = values.findIndex(isFar);
    expect(i, `${name}[${i}]: ${other[i]} is not ${values[i]}`).toBe(-1);
    expect(other.length, name).toBe(values.length);
  }
  return got;
}

const layers: readonly (readonly [string, string])[] = [
  ["ReLU", 'bottom: "x" top: "x" relu_param { negative_slope: 0.1 }'],
  ["LRN", 'bottom: "x" top: "y" lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }'],
  [
    "LRN",
    'bottom: "x" top: "y" lrn_param { local_size: 5 alpha: 2 beta: 0.6 k: 2 norm_region: WITHIN_CHANNEL }',
  ],
  ["ShuffleChannel", 'bottom: "x" top: "y" shuffle_channel_param { group: 4 }'],
  ["PReLU", 'bottom: "x" top: "y"'],
  ["PReLU", 'bottom: "x" top: "x"'],
  ["ELU", 'bottom: "x" top: "x"'],
  ["SeLU", 'bottom: "x" top: "x"'],
  ["SeLU", 'bottom: "x" top: "y" selu_param { lambda: 2 alpha: 0.5 }'],
  ["HardSwish", 'bottom: "x" top: "x"'],
  ["HardSwish", 'bottom: "x" top: "y"'],
  ["Sigmoid", 'bottom: "x" top: "x"'],
  ["TanH", 'bottom: "x" top: "y"'],
  ["AbsVal", 'bottom: "x" top: "y"'],
  ["BNLL", 'bottom: "x" top: "y"'],
  ["Swish", 'bottom: "x" top: "x" swish_param { beta: 1.5 }'],
  ["Clip", 'bottom: "x" top: "y" clip_param { min: -0.3 max: 0.2 }'],
  ["Exp", 'bottom: "x" top: "x" exp_param { base: 2 shift: 0.5 }'],
  ["Log", 'bottom: "x" top: "y" log_param { scale: 0.1 shift: 3 }'],
  ["Power", 'bottom: "x" top: "y" power_param { power: 2 shift: 0.5 scale: 0.7 }'],
  ["Power", 'bottom: "x" top: "y" power_param { power: 3 scale: 0.7 }'],
  ["Power", 'bottom: "x" top: "x" power_param { scale: 0.7 }'],
  ["BatchNorm", 'bottom: "x" top: "x"'],
  ["BatchNorm", 'bottom: "x" top: "y"'],
  ["BatchNorm", 'bottom: "x" top: "x" batch_norm_param { use_global_stats: true }'],
  ["Scale", 'bottom: "x" top: "x" scale_param { bias_term: true }'],
  ["Scale", 'bottom: "x" top: "y"'],
  ["Scale", 'bottom: "x" top: "y" scale_param { axis: 2 num_axes: 2 bias_term: true }'],
  ["Scale", 'bottom: "x" top: "y" scale_param { num_axes: 0 }'],
  ["Bias", 'bottom: "x" top: "x"'],
  ["Dropout", 'bottom: "x" top: "x" dropout_param { dropout_ratio: 0.3 }'],
  ["Dropout", 'bottom: "x" top: "y"'],
  ["Eltwise", 'bottom: "x" bottom: "z" top: "y" eltwise_param { coeff: 0.5 coeff: 1 }'],
  ["Eltwise", 'bottom: "x" bottom: "z" top: "y"'],
  ["Eltwise", 'bottom: "x" bottom: "z" bottom: "x" top: "y" eltwise_param { operation: PROD }'],
  ["Eltwise", 'bottom: "x" bottom: "z" top: "y" eltwise_param { operation: MAX }'],
  ["Concat", 'bottom: "x" bottom: "z" bottom: "x" top: "y"'],
  ["Concat", 'bottom: "x" bottom: "z" top: "y" concat_param { axis: 0 }'],
  ["Concat", 'bottom: "x" bottom: "z" top: "y" concat_param { axis: 2 }'],
  ["Slice", 'bottom: "x" top: "y" top: "w"'],
  ["Slice", 'bottom: "x" top: "y" top: "w" slice_param { axis: 2 slice_point: 1 }'],
  ["Pooling", 'bottom: "x" top: "y" top: "mask" pooling_param { kernel_size: 3 stride: 2 pad: 1 }'],
  ["Pooling", 'bottom: "x" top: "y" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 2 }'],
  ["Pooling", 'bottom: "x" top: "y" pooling_param { pool: AVE global_pooling: true }'],
  ["LRN", 'bottom: "x" top: "y"'],
  ["LRN", 'bottom: "x" top: "y" lrn_param { local_size: 7 alpha: 2 beta: 0.6 k: 2 }'],
  ["MVN", 'bottom: "x" top: "y"'],
  ["Reduction", 'bottom: "x" top: "y" reduction_param { axis: 1 operation: SUMSQ }'],
  ["Tile", 'bottom: "x" top: "y" tile_param { tiles: 2 }'],
  ["Crop", 'bottom: "x" bottom: "a" top: "y" crop_param { axis: 1 }'],
  ["Im2col", 'bottom: "x" top: "y" convolution_param { kernel_size: 2 stride: 2 pad: 1 }'],
  ["Softmax", 'bottom: "x" top: "y"'],
  [
    "Deconvolution",
    'bottom: "x" top: "y" convolution_param { num_output: 6 kernel_size: 4 stride: 2 pad: 1 weight_filler { type: "xavier" } }',
  ],
];

describe.skipIf(!native)("in blocks of channels, native agrees with the reference", () => {
  for (const channels of [16, 20, 32]) {
    test.each(layers)(`%s { %s }, ${channels} channels`, async (type, text) => {
      // Crop cuts x to the size of a smaller blob.
      const layer =
        type === "Crop"
          ? `layer { name: "small" type: "Pooling" bottom: "a" top: "small" pooling_param { kernel_size: 4 } }
             layer { name: "t" type: "Crop" ${text.replace('"a"', '"small"').replace("axis: 1", "axis: 2")} }`
          : `layer { name: "t" type: "${type}" ${text} }`;
      await compare(netText(layer, channels));
    });
  }

  const chains: readonly (readonly [string, string])[] = [
    [
      "BatchNorm, Scale and ReLU in place",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" } layer { name: "sc" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } } layer { name: "re" type: "ReLU" bottom: "x" top: "x" }',
    ],
    [
      "BatchNorm apart, Scale and ReLU in place",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" } layer { name: "sc" type: "Scale" bottom: "y" top: "y" } layer { name: "re" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: 0.2 } }',
    ],
    [
      "BatchNorm with global statistics, Scale and ReLU",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" batch_norm_param { use_global_stats: true } } layer { name: "sc" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } } layer { name: "re" type: "ReLU" bottom: "x" top: "x" }',
    ],
    [
      "BatchNorm, Scale and ReLU6, which many numbers are above and below",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" } layer { name: "sc" type: "Scale" bottom: "y" top: "y" scale_param { filler { value: 7 } bias_term: true } } layer { name: "re" type: "ReLU6" bottom: "y" top: "y" }',
    ],
    [
      "BatchNorm and a leaking ReLU6",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" } layer { name: "re" type: "ReLU6" bottom: "x" top: "x" relu6_param { negative_slope: 0.2 } }',
    ],
    [
      "a convolution and ReLU6",
      'layer { name: "branch" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 20 kernel_size: 3 pad: 1 weight_filler { type: "gaussian" std: 2 } } } layer { name: "re" type: "ReLU6" bottom: "y" top: "y" }',
    ],
    [
      "a convolution in groups and a leaking ReLU6",
      'layer { name: "branch" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 20 group: 20 kernel_size: 3 weight_filler { type: "gaussian" std: 2 } } } layer { name: "re" type: "ReLU6" bottom: "y" top: "y" relu6_param { negative_slope: 0.1 } }',
    ],
    [
      "BatchNorm and ReLU",
      'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" } layer { name: "re" type: "ReLU" bottom: "x" top: "x" }',
    ],
    [
      "ReLU and MAX pooling, which gives its gradient",
      'layer { name: "re" type: "ReLU" bottom: "x" top: "x" } layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 3 stride: 2 } }',
    ],
    [
      "a leaking ReLU and MAX pooling",
      'layer { name: "re" type: "ReLU" bottom: "x" top: "x" relu_param { negative_slope: 0.2 } } layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 2 stride: 2 } }',
    ],
    [
      "ReLU and MAX pooling that somebody else reads",
      'layer { name: "re" type: "ReLU" bottom: "x" top: "x" } layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 2 stride: 2 } } layer { name: "also" type: "Power" bottom: "x" top: "w" }',
    ],
    [
      "a convolution whose groups have four channels, and AVE pooling",
      'layer { name: "branch" type: "Convolution" bottom: "x" top: "b" convolution_param { num_output: 20 group: 5 kernel_size: 1 weight_filler { type: "xavier" } } } layer { name: "pool" type: "Pooling" bottom: "b" top: "y" pooling_param { pool: AVE kernel_size: 3 stride: 2 } }',
    ],
    [
      "MAX pooling with a mask and Upsample",
      'layer { name: "pool" type: "Pooling" bottom: "x" top: "p" top: "m" pooling_param { kernel_size: 2 stride: 2 } } layer { name: "up" type: "Upsample" bottom: "p" bottom: "m" top: "y" upsample_param { upsample_h: 20 upsample_w: 20 } }',
    ],
    [
      "MAX pooling of windows that overlap, a mask and Upsample",
      'layer { name: "pool" type: "Pooling" bottom: "x" top: "p" top: "m" pooling_param { kernel_size: 3 stride: 1 pad: 1 } } layer { name: "up" type: "Upsample" bottom: "p" bottom: "m" top: "y" upsample_param { upsample_h: 20 upsample_w: 20 } }',
    ],
    [
      "Eltwise and ReLU",
      'layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "z" top: "y" } layer { name: "re" type: "ReLU" bottom: "y" top: "y" }',
    ],
    [
      "Eltwise with coefficients and ReLU, one bottom twice",
      'layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "z" bottom: "x" top: "y" eltwise_param { coeff: 0.5 coeff: 1 coeff: 1 } } layer { name: "re" type: "ReLU" bottom: "y" top: "y" }',
    ],
    [
      "a residual block",
      `layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" } layer { name: "sc" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } } layer { name: "re" type: "ReLU" bottom: "x" top: "x" }
       layer { name: "branch" type: "Convolution" bottom: "x" top: "b" convolution_param { num_output: 20 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
       layer { name: "bn2" type: "BatchNorm" bottom: "b" top: "b" } layer { name: "sc2" type: "Scale" bottom: "b" top: "b" scale_param { bias_term: true } }
       layer { name: "sum" type: "Eltwise" bottom: "b" bottom: "x" top: "y" } layer { name: "re2" type: "ReLU" bottom: "y" top: "y" }`,
    ],
  ];
  test.each(chains)("%s, run as one and apart", async (_name, text) => {
    await compare(netText(text, 20));
    await compare(netText(text, 20), { fuse: false });
  });
});

describe.skipIf(!native)("forward only", () => {
  const text = netText(
    'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" } layer { name: "sc" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true } } layer { name: "re" type: "ReLU" bottom: "x" top: "x" }',
    20,
  );

  test("BatchNorm and Scale go out with the convolution, and every blob is the same", async () => {
    const outputs = await Promise.all(
      [true, false].map(async (forwardOnly) => {
        const net = netOf(text, { engines: native as Engines, phase: "TEST", forwardOnly });
        net.learnableParams.forEach(({ blob }, i) => {
          write(
            blob,
            noise(blob.count(), i).map((v) => 1 + 0.5 * v),
          );
        });
        write(net.blob("a"), noise(net.blob("a").count(), 5));
        await net.forward();
        return ["x", "z"].map((name) => [...net.blob(name).values()]);
      }),
    );
    const [fused = [], apart = []] = outputs;
    fused.forEach((values, k) => {
      expect(values).toBeAllClose(apart[k] ?? [], { atol: 1e-4, rtol: 1e-4 });
    });
  });

  test("there is no backward", async () => {
    const net = netOf(text, { engines: native as Engines, phase: "TEST", forwardOnly: true });
    await expect(net.backward()).rejects.toThrow("built with forwardOnly");
  });
});

describe.skipIf(!native)("a rectifier whose gradient the pooling behind it gives", () => {
  const text = netText(
    `layer { name: "re" type: "ReLU" bottom: "x" top: "x" }
     layer { name: "pool" type: "Pooling" bottom: "x" top: "y" pooling_param { kernel_size: 2 stride: 2 } }`,
    16,
  );

  test("gives it itself to whoever begins there", async () => {
    const gradients = await Promise.all(
      [referenceEngines, native as Engines].map(async (engines) => {
        const net = netOf(text, { engines });
        net.learnableParams.forEach(({ blob }, i) => {
          write(blob, noise(blob.count(), i));
        });
        await net.forward({ a: noise(net.blob("a").count(), 5) });
        const { x } = await net.backward(
          { x: noise(net.blob("x").count(), 6) },
          { start: "re", end: "re", blobs: ["x"] },
        );
        return [...(x?.diffValues() ?? [])];
      }),
    );
    expect(gradients[1]).toBeAllClose(gradients[0] ?? [], { atol: 1e-6, rtol: 1e-6 });
    expect(gradients[0]).toContain(0);
  });

  test("leaves its data to others once that has run, where memory is shared", async () => {
    const left = await Promise.all(
      [true, false].map(async (sharesMemory) => {
        const net = netOf(text, { engines: native as Engines, sharesMemory });
        await net.forward({ a: noise(net.blob("a").count(), 5) });
        return net.blob("x").dataMem.isZero;
      }),
    );
    expect(left).toEqual([true, false]);
  });
});
