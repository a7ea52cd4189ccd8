// The shaders of GPUs that this machine has not.
import { expect, test } from "vitest";
import { createEngines } from "../../../src/engines/create.ts";
import { openGpu } from "../../../src/engines/webgpu/device.ts";
import { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import {
  SUBGROUP_MATRICES,
  type SubgroupMatrices,
  subgroupMatricesOf,
} from "../../../src/engines/webgpu/subgroup-matrices.ts";
import { layerNet, netOf } from "../../support/nets.ts";
import { describeGpu } from "./support.ts";

/** Dawn's own device without hardware: it computes nothing, has every feature, and checks every shader. */
async function emptyGpu(
  without: readonly GPUFeatureName[],
  style: { isTiled: boolean; isHalf: boolean; matrices?: SubgroupMatrices },
): Promise<Gpu> {
  const { create } = await import("webgpu");
  const entry = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
  entries.push(entry);
  const adapter = await entry.requestAdapter();
  const all = ["shader-f16", "subgroups", SUBGROUP_MATRICES] as GPUFeatureName[];
  const features = all.filter((name) => !without.includes(name));
  const device = await adapter?.requestDevice({ requiredFeatures: features });
  if (!device) throw new Error("Dawn has no empty device");
  const names = { name: "none", vendor: "", architecture: "", driver: "", isSoftware: false };
  return new Gpu(device, names, {}, style);
}

/** Blocks of an adapter whose subgroups are as large as that device's. */
const blocks = (m: number, n: number, k: number): SubgroupMatrices => ({ m, n, k, subgroup: 128 });

/** They crash when they are collected before what was made with them. */
const entries: GPU[] = [];

const LAYERS = [
  'type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 2 }',
  'type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 4 group: 4 kernel_size: 3 }',
  'type: "Deconvolution" bottom: "a" top: "y" convolution_param { num_output: 2 kernel_size: 2 }',
  'type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 8 }',
  'type: "BatchNorm" bottom: "a" top: "y"',
  'type: "Softmax" bottom: "a" top: "y"',
  'type: "Reduction" bottom: "a" top: "y"',
];

/** Layers that pass on what is kept as halves, one behind the other. */
const CHAIN = `
  layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 8 dim: 8 dim: 8 } } }
  layer { name: "conv" type: "Convolution" bottom: "a" top: "conv" convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "bn" }
  layer { name: "scale" type: "Scale" bottom: "bn" top: "scale" scale_param { bias_term: true } }
  layer { name: "bias" type: "Bias" bottom: "scale" top: "bias" }
  layer { name: "prelu" type: "PReLU" bottom: "bias" top: "prelu" }
  layer { name: "tanh" type: "TanH" bottom: "prelu" top: "prelu" }
  layer { name: "depthwise" type: "Convolution" bottom: "prelu" top: "depthwise" convolution_param { num_output: 8 group: 8 kernel_size: 3 pad: 1 } }
  layer { name: "up" type: "Deconvolution" bottom: "depthwise" top: "up" convolution_param { num_output: 8 kernel_size: 3 pad: 1 } }
  layer { name: "sum" type: "Eltwise" bottom: "up" bottom: "depthwise" bottom: "prelu" top: "sum" }
  layer { name: "most" type: "Eltwise" bottom: "sum" bottom: "up" top: "most" eltwise_param { operation: MAX } }
  layer { name: "product" type: "Eltwise" bottom: "most" bottom: "up" top: "product" eltwise_param { operation: PROD } }
  layer { name: "lrn" type: "LRN" bottom: "product" top: "lrn" }
  layer { name: "pool" type: "Pooling" bottom: "lrn" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "mean" type: "Pooling" bottom: "lrn" top: "mean" pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
  layer { name: "drawn" type: "Pooling" bottom: "lrn" top: "drawn" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 } }
  layer { name: "all" type: "Concat" bottom: "pool" bottom: "mean" bottom: "drawn" top: "all" }
  layer { name: "drop" type: "Dropout" bottom: "all" top: "all" }
  layer { name: "ip" type: "InnerProduct" bottom: "all" top: "ip" inner_product_param { num_output: 4 } }
  layer { name: "loss" type: "Reduction" bottom: "ip" top: "loss" loss_weight: 1 }`;

describeGpu("every shader of a GPU", () => {
  test.each([
    ["blocks of 16 × 16 × 16 halves", { matrices: blocks(16, 16, 16) }],
    ["halves", {}],
  ])("that multiplies %s compiles for arrays of halves", async (_title, style) => {
    const gpu = await emptyGpu([], { isTiled: true, isHalf: false, ...style });
    const engines = createEngines({ gpu });
    using net = netOf(CHAIN, { engines, precision: "f16", phase: "TRAIN" });
    await net.forward();
    await net.backward();
    await gpu.finish();
    for (const blob of ["conv", "bn", "sum", "lrn", "all"]) {
      const { dataMem, diffMem } = net.blob(blob);
      expect(
        [dataMem, diffMem].map((mem) => mem.deviceStore?.bytes),
        blob,
      ).toContain(2 * dataMem.count);
    }
    expect(net.blob("loss").dataMem.deviceStore?.bytes).toBe(4);
    gpu.close();
  });

  test.each<[string, GPUFeatureName[], boolean, boolean, SubgroupMatrices?]>([
    ["of hardware that multiplies 16 × 16 × 16 halves", [], true, true, blocks(16, 16, 16)],
    ["of hardware that multiplies 8 × 8 × 8 halves", [], true, true, blocks(8, 8, 8)],
    ["of hardware that multiplies 16 × 8 × 16 halves", [], true, true, blocks(16, 8, 16)],
    ["of hardware, whose tiles are halves", [], true, true],
    ["of hardware", [], true, false],
    ["of hardware without subgroups", ["subgroups"], true, false],
    ["that computes on the CPU", [], false, false],
    ["that computes on the CPU, without subgroups", ["subgroups"], false, false],
  ])("%s compiles", async (_title, without, isTiled, isHalf, matrices) => {
    const gpu = await emptyGpu(without, { isTiled, isHalf, ...(matrices && { matrices }) });
    const engines = createEngines({ gpu });
    for (const layer of LAYERS) {
      const net = layerNet(layer, [[2, 4, 6, 6]], { engines });
      await net.forward();
      await net.backward();
      net.close();
    }
    await gpu.finish();
    expect(gpu.kernels.size).toBeGreaterThan(15);
    gpu.close();
  });

  test("that asks for what the GPU has not does not", async () => {
    const gpu = await emptyGpu(["shader-f16"], { isTiled: true, isHalf: true });
    const net = layerNet(LAYERS[3] ?? "", [[2, 4, 6, 6]], { engines: createEngines({ gpu }) });
    await net.forward();
    await expect(gpu.finish()).rejects.toMatchObject({ failure: "shader", layerName: "t" });
    gpu.close();
  });

  test("blocks of halves are taken where sums are floats and they are parts of a tile", () => {
    const config = (componentType: string, resultComponentType: string, M: number, K = M) => ({
      ...{ componentType, resultComponentType },
      ...{ M, N: M, K },
    });
    const subgroupMatrixConfigs = [
      config("f16", "f16", 16),
      config("u8", "u32", 16),
      config("f16", "f32", 48),
      config("f16", "f32", 16, 32),
      config("f16", "f32", 16),
      config("f16", "f32", 8),
    ];
    expect(subgroupMatricesOf({ subgroupMaxSize: 32, subgroupMatrixConfigs })).toEqual({
      ...{ m: 16, n: 16, k: 16 },
      subgroup: 32,
    });
    expect(subgroupMatricesOf({ subgroupMaxSize: 32 })).toBeUndefined();
    expect(subgroupMatricesOf({ subgroupMatrixConfigs })).toBeUndefined();
  });

  test("a GPU without half precision says so where it is asked for", async () => {
    await expect(openGpu({ isHalf: true, without: ["shader-f16"] })).rejects.toThrow(
      "half precision is asked for, and this GPU has no shader-f16",
    );
  });
});
