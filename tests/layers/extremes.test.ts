// Windows beyond the image, batches of nothing and blobs of many axes, in every primitive.
import { expect, test } from "vitest";
import { allocate } from "../../src/util/arrays.ts";
import { CaffeError, EngineError, LayerError } from "../../src/util/errors.ts";
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
      { name: "native", pooling: () => op, scale: () => op },
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

describeEngines("what cannot be is said before anything is made of it", (engines) => {
  test.each([
    ["Convolution", "num_output: 2 kernel_size: 2 pad: 2147483647"],
    ["Deconvolution", "num_output: 2 kernel_size: 2 stride: 4294967295"],
    ["Im2col", "kernel_size: 3 pad: 32768"],
  ])("%s with a top larger than a blob may be", (type, param) => {
    const layer = `type: "${type}" bottom: "a" top: "y" convolution_param { ${param} }`;
    const make = (): unknown => layerNet(layer, [[1, 1, 4, 4]], { engines });
    expect(make).toThrow(LayerError);
    expect(make).toThrow("elements. Expected fewer than 2147483648");
  });

  test.each([
    ['type: "Convolution" convolution_param { num_output: 2 kernel_size: 1 }', "Expected 4"],
    ['type: "Deconvolution" convolution_param { num_output: 2 kernel_size: 1 }', "Expected 4"],
    ['type: "LRN"', "Expected four axes"],
  ])("%s of a bottom that gets an axis more, or none", (layer, message) => {
    const net = layerNet(`bottom: "a" top: "y" ${layer}`, [[1, 2, 3, 3]], { engines });
    for (const shape of [[1, 2, 3, 3, 2], []]) {
      net.blob("a").reshape(shape);
      expect(() => net.reshape()).toThrow(message);
    }
    net.blob("a").reshape([2, 2, 4, 3]);
    net.reshape();
    expect(net.blob("y").shape).toEqual([2, 2, 4, 3]);
  });

  test("nothing, repeated a thousand million times, is nothing", async () => {
    const layer = 'type: "Tile" bottom: "a" top: "y" tile_param { axis: 0 tiles: 2000000000 }';
    const net = layerNet(layer, [[0, 3]], { engines });
    await net.forwardBackward();
    expect(net.blob("y").shape).toEqual([0, 3]);
  });

  test("more of the greatest values than a new shape has", () => {
    const layer = 'type: "ArgMax" bottom: "a" top: "y" argmax_param { axis: 1 top_k: 2 }';
    const net = layerNet(layer, [[2, 3]], { engines });
    net.blob("a").reshape([2, 1]);
    expect(() => net.reshape()).toThrow("argmax_param.top_k is 2. Expected 1 to 1");
  });

  test("an infinite power of a negative number", async () => {
    const layer = 'type: "Power" bottom: "a" top: "y" power_param { power: inf }';
    const net = layerNet(layer, [[2]], { engines });
    net.blob("a").assign([-2, 2]);
    await net.forward();
    await net.toHost();
    expect([...net.blob("y").values()]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  test("a parameter that is no number", () => {
    const layer = 'type: "Clip" bottom: "a" top: "y" clip_param { min: nan max: 1 }';
    expect(() => layerNet(layer, [[2]], { engines })).toThrow("min is NaN. Expected a number.");
  });

  test("a float beyond floats is infinite", async () => {
    const layer = 'type: "Threshold" bottom: "a" top: "y" threshold_param { threshold: 1e39 }';
    const net = layerNet(layer, [[3]], { engines });
    net.blob("a").assign([Number.POSITIVE_INFINITY, 3e38, -1]);
    await net.forward();
    await net.toHost();
    expect([...net.blob("y").values()]).toEqual([0, 0, 0]);
  });

  test.each(["SoftmaxWithLoss", "HingeLoss", "MultinomialLogisticLoss"])(
    "%s: a label cut to a whole number is 0 from above −1 on",
    async (type) => {
      const lossOf = async (label: number): Promise<number> => {
        const layer = `type: "${type}" bottom: "a" bottom: "b" top: "y"`;
        const net = layerNet(layer, [[1, 3], [1]], { engines });
        net.blob("a").assign([[0.5, 0.25, 0.75]]);
        net.blob("b").assign([label]);
        return net.forward();
      };
      expect(await lossOf(-0.5)).toBe(await lossOf(0));
      expect(await lossOf(-1e-40)).toBe(await lossOf(0));
    },
  );

  test("the mean of a channel with infinity in it is infinite", async () => {
    const net = layerNet('type: "BatchNorm" bottom: "a" top: "y"', [[1, 2, 3]], { engines });
    net.blob("a").assign([
      [
        [1, Number.POSITIVE_INFINITY, 3],
        [1, 2, 3],
      ],
    ]);
    await net.forward();
    await net.toHost();
    expect([...(net.params.get("t")?.[0]?.values() ?? [])]).toEqual([Number.POSITIVE_INFINITY, 2]);
  });
});

test("more windows than can be listed are an error of the engine that lists them", () => {
  const layer =
    'type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 1000 pad: 1000 }';
  expect(() => layerNet(layer, [[1, 1, 1, 1]])).toThrow(LayerError);
  expect(() => layerNet(layer, [[1, 1, 1, 1]])).toThrow("are 1004004000000 places");
});

test("blobs that no blob can be", () => {
  const net =
    (blob: string): (() => unknown) =>
    () =>
      netOf(`layer { name: "x" type: "Parameter" top: "x" blobs { ${blob} } parameter_param { } }`);
  expect(net("num: -2 channels: 1 height: 1 width: 2")).toThrow("an axis of length -2");
  expect(net("shape { dim: 2147483647 dim: 2147483647 }")).toThrow("holds no values");
});

test("memory that nobody has is an error of its own", () => {
  expect(() => allocate("f32", 2 ** 50)).toThrow(CaffeError);
  expect(() => allocate("f64", 2 ** 50)).toThrow("8388608.0 GiB");
});
