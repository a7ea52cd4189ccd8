import { expect, test } from "vitest";
import { EngineError, LayerError } from "../../src/util/errors.ts";
import { describeEngines, referenceEngines } from "../support/engines.ts";
import { layerNet, netOf, noise, write } from "../support/nets.ts";

const MOST = 4294967295;

describeEngines("parameters that reach far beyond the image", (engines) => {
  test.each([
    [
      "stride of a convolution",
      `Convolution" convolution_param { num_output: 2 kernel_size: 3 stride: ${MOST}`,
      18,
    ],
    [
      "dilation of a kernel of 1",
      `Convolution" convolution_param { num_output: 2 kernel_size: 1 dilation: ${MOST}`,
      128,
    ],
    [
      "stride of pooling",
      `Pooling" pooling_param { kernel_size: 2 stride: ${MOST} round_mode: FLOOR`,
      6,
    ],
    ["LRN across channels", `LRN" lrn_param { local_size: ${MOST} k: 2`, 192],
    [
      "LRN within a channel",
      `LRN" lrn_param { local_size: ${MOST} norm_region: WITHIN_CHANNEL`,
      192,
    ],
  ])("%s", async (_title, layer) => {
    const run = async (which: typeof engines): Promise<number[][]> => {
      const net = layerNet(
        `bottom: "a" top: "y" type: "${layer} ${layer.includes("num_output") ? 'weight_filler { type: "xavier" }' : ""} }`,
        [[1, 3, 8, 8]],
        { engines: which, seed: 4 },
      );
      write(net.blob("a"), noise(192));
      await net.forward();
      net
        .blob("y")
        .diffMem.overwriteCpu()
        .set(noise(net.blob("y").count(), 5));
      await net.backward();
      await net.toHost();
      return [[...net.blob("y").values()], [...net.blob("a").diffValues()]];
    };
    const [got, want] = [await run(engines), await run(referenceEngines)];
    for (const [i, values] of want.entries()) expect(got[i]).toBeAllClose(values);
  });
});

describeEngines("a batch of nothing", (engines) => {
  test.each([
    ['type: "Pooling" pooling_param { kernel_size: 2 }', [0, 3, 3, 3]],
    ['type: "Pooling" pooling_param { pool: AVE kernel_size: 2 pad: 1 }', [0, 3, 3, 3]],
    ['type: "Pooling" pooling_param { kernel_size: 2 }', [2, 0, 3, 3]],
    ['type: "SPP" spp_param { pyramid_height: 2 }', [0, 21]],
    ['type: "Convolution" convolution_param { num_output: 2 kernel_size: 2 }', [0, 2, 3, 3]],
    ['type: "BatchNorm"', [0, 3, 4, 4]],
    ['type: "Scale" scale_param { bias_term: true }', [0, 3, 4, 4]],
    ['type: "Dropout"', [0, 3, 4, 4]],
    ['type: "Softmax"', [0, 3, 4, 4]],
    ['type: "LRN"', [0, 3, 4, 4]],
    ['type: "MVN"', [0, 3, 4, 4]],
    ['type: "ArgMax"', [0, 1, 1]],
    ['type: "PReLU"', [0, 3, 4, 4]],
    ['type: "InnerProduct" inner_product_param { num_output: 2 }', [0, 2]],
  ] as const)("makes one: %s", async (layer, shape) => {
    const bottom = layer.includes("Pooling") && shape[1] === 0 ? [2, 0, 4, 4] : [0, 3, 4, 4];
    const net = layerNet(`bottom: "a" top: "y" ${layer}`, [bottom], { engines });
    await net.forward();
    expect(net.blob("y").count()).toBe(0);
    if (!layer.includes("AVE") && !layer.includes("ArgMax")) {
      expect(net.blob("y").shape).toEqual(layer.includes("SPP") ? [0, 15] : shape);
    }
    net.clearParamDiffs();
    if (!layer.includes("ArgMax")) await net.backward();
    await net.toHost();
    for (const { blob } of net.learnableParams) {
      expect(blob.diffValues().every((dx) => dx === 0)).toBe(true);
    }
  });

  test("comes after a full one, and a full one after it", async () => {
    const net = layerNet(
      'bottom: "a" top: "y" type: "Pooling" pooling_param { pool: AVE kernel_size: 2 stride: 2 }',
      [[1, 1, 2, 2]],
      { engines },
    );
    for (const batch of [1, 0, 2]) {
      net.blob("a").reshape([batch, 1, 2, 2]);
      net.reshape();
      write(net.blob("a"), new Array<number>(4 * batch).fill(3));
      await net.forward();
      await net.toHost();
      expect([...net.blob("y").values()]).toEqual(new Array<number>(batch).fill(3));
    }
  });
});

describeEngines("a blob of many axes", (engines) => {
  test.each([
    ['type: "ReLU"', 1],
    ['type: "Power" power_param { scale: 2 }', 2],
    ['type: "Eltwise" bottom: "a"', 2],
    ['type: "BatchNorm" phase: TEST batch_norm_param { use_global_stats: true eps: 1 }', 1],
    ['type: "Scale" scale_param { filler { value: 3 } }', 3],
    ['type: "Bias" bias_param { filler { value: 0 } }', 1],
    ['type: "Dropout" phase: TEST', 1],
    ['type: "PReLU"', 1],
    ['type: "Concat"', 1],
    ['type: "Split"', 1],
    ['type: "Tile" tile_param { axis: 20 tiles: 1 }', 1],
    ['type: "Flatten"', 1],
  ] as const)("%s", async (layer, factor) => {
    for (const axes of [13, 32]) {
      if (layer.includes("Tile") && axes < 21) continue;
      const shape = Array.from({ length: axes }, (_, a) => (a < 3 ? 2 : 1));
      const net = layerNet(`bottom: "a" top: "y" ${layer}`, [shape], { engines });
      write(net.blob("a"), [1, 2, 3, 4, 5, 6, 7, 8]);
      await net.forward();
      net.blob("y").diffMem.overwriteCpu().fill(1);
      await net.backward();
      await net.toHost();
      const want = [1, 2, 3, 4, 5, 6, 7, 8].map((x) => factor * x);
      expect(net.blob("y").values()).toBeAllClose(want);
      expect(net.blob("a").diffValues()).toBeAllClose(new Array(8).fill(factor));
    }
  });
});

test("what an engine cannot do is an error of the layer, forward and backward", async () => {
  const failing = (when: "forward" | "backward") => {
    const op = { forward() {}, backward() {} };
    op[when] = () => {
      throw new EngineError("out of memory.");
    };
    return [
      { name: "native", pooling: () => op },
      ...referenceEngines,
    ] as unknown as typeof referenceEngines;
  };
  const pool = 'bottom: "a" top: "y" type: "Pooling" pooling_param { kernel_size: 1 }';
  const net = layerNet(pool, [[1, 1, 2, 2]], { engines: failing("forward") });
  const forward = net.forward();
  await expect(forward).rejects.toThrow(LayerError);
  await expect(forward).rejects.toThrow('layer "t" (Pooling): out of memory.');
  const other = layerNet(pool, [[1, 1, 2, 2]], { engines: failing("backward") });
  await other.forward();
  await expect(other.backward()).rejects.toThrow('layer "t" (Pooling): out of memory.');
});

test("more threads than any machine has are no number of workers", () => {
  expect(() =>
    netOf(
      `layer { name: "d" type: "ImageData" top: "d" top: "l" image_data_param { source: "${import.meta.filename}" batch_size: 1 new_height: 2 new_width: 2 } transform_param { workers: ${MOST} } }`,
    ),
  ).toThrow("Expected");
});
