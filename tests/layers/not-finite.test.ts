// NaN and infinity in every layer.
import { expect, test } from "vitest";
import type { Engines } from "../../src/engines/choose.ts";
import { describeEngines, referenceEngines } from "../support/engines.ts";
import { layerNet, netOf, noise, write } from "../support/nets.ts";

/** What every elementwise layer is asked for. */
const X = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2, -2, 0] as const;
const [NAN, INF] = [Number.NaN, Number.POSITIVE_INFINITY];
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** A layer, and what it makes of X. */
const elementwise: readonly (readonly [layer: string, y: readonly number[]])[] = [
  ['type: "AbsVal"', [NAN, INF, INF, 2, 2, 0]],
  ['type: "BNLL"', [NAN, INF, 0, Math.log1p(Math.exp(2)), Math.log1p(Math.exp(-2)), Math.LN2]],
  ['type: "Bias" bias_param { num_axes: 0 filler { value: 1 } }', [NAN, INF, -INF, 3, -1, 1]],
  ['type: "Clip" clip_param { min: -1 max: 1 }', [NAN, 1, -1, 1, -1, 0]],
  ['type: "Dropout" phase: TEST', [NAN, INF, -INF, 2, -2, 0]],
  ['type: "ELU"', [NAN, INF, -1, 2, Math.expm1(-2), 0]],
  ['type: "ReLU6"', [NAN, 6, NAN, 2, 0, 0]],
  ['type: "HardSwish"', [NAN, INF, NAN, 5 / 3, -1 / 3, 0]],
  ['type: "SeLU" selu_param { lambda: 2 alpha: 0.5 }', [NAN, INF, -1, 4, Math.expm1(-2), 0]],
  ['type: "Exp"', [NAN, INF, 0, Math.exp(2), Math.exp(-2), 1]],
  ['type: "Log"', [NAN, INF, NAN, Math.LN2, NAN, -INF]],
  ['type: "PReLU"', [NAN, INF, -INF, 2, -0.5, 0]],
  ['type: "Power" power_param { scale: 2 shift: 1 }', [NAN, INF, -INF, 5, -3, 1]],
  ['type: "Power" power_param { power: 2 }', [NAN, INF, INF, 4, 4, 0]],
  ['type: "Power" power_param { power: 0.5 }', [NAN, INF, INF, Math.SQRT2, NAN, 0]],
  ['type: "Power" power_param { power: -1 }', [NAN, 0, -0, 0.5, -0.5, INF]],
  ['type: "Power" power_param { power: 3 }', [NAN, INF, -INF, 8, -8, 0]],
  ['type: "Power" power_param { power: 0 }', [1, 1, 1, 1, 1, 1]],
  // As max(x, 0) + slope · min(x, 0) has it: 0 · −∞ is no number.
  ['type: "ReLU"', [NAN, INF, NAN, 2, 0, 0]],
  ['type: "ReLU" relu_param { negative_slope: 0.5 }', [NAN, INF, -INF, 2, -1, 0]],
  ['type: "Scale" scale_param { num_axes: 0 filler { value: 3 } }', [NAN, INF, -INF, 6, -6, 0]],
  ['type: "Sigmoid"', [NAN, 1, 0, sigmoid(2), sigmoid(-2), 0.5]],
  ['type: "Swish"', [NAN, INF, NAN, 2 * sigmoid(2), -2 * sigmoid(-2), 0]],
  ['type: "TanH"', [NAN, 1, -1, Math.tanh(2), Math.tanh(-2), 0]],
  // NaN is above nothing.
  ['type: "Threshold"', [0, 1, 0, 1, 0, 0]],
];

/** Other layers of one input, in numbers that say what becomes of the one that is none. */
const others: readonly (readonly [
  title: string,
  layer: string,
  shape: readonly number[],
  x: readonly number[],
  y: readonly number[],
])[] = [
  [
    "MAX pooling takes the greatest number of a window",
    'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }',
    [1, 1, 2, 4],
    [NAN, 3, INF, NAN, 1, -2, 4, NAN],
    [3, INF],
  ],
  [
    "MAX pooling of a window without numbers gives the least there is",
    'type: "Pooling" pooling_param { kernel_size: 2 stride: 2 }',
    [1, 1, 2, 4],
    [NAN, NAN, -INF, -INF, NAN, NAN, -INF, NAN],
    [-3.4028234663852886e38, -3.4028234663852886e38],
  ],
  [
    "AVE pooling keeps it",
    'type: "Pooling" pooling_param { pool: AVE kernel_size: 2 stride: 2 }',
    [1, 1, 2, 4],
    [NAN, 3, INF, 1, 1, -2, 4, -INF],
    [NAN, NAN],
  ],
  [
    "STOCHASTIC pooling draws it",
    'type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }',
    [1, 1, 2, 4],
    [1, NAN, INF, 0, 2, 3, 1, 2],
    [NAN, INF],
  ],
  [
    "STOCHASTIC pooling in the TEST phase keeps it; a sum below 0 gives 0",
    'type: "Pooling" phase: TEST pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }',
    [1, 1, 2, 6],
    [1, NAN, INF, 0, -1, 0, 2, 3, 1, 2, 0.5, -2],
    [NAN, NAN, 0],
  ],
  [
    "Softmax of its row",
    'type: "Softmax"',
    [2, 3],
    [1, NAN, 2, 5, 5, 5],
    [NAN, NAN, NAN, 1 / 3, 1 / 3, 1 / 3],
  ],
  ["Softmax of an infinite score", 'type: "Softmax"', [1, 2], [INF, 2], [NAN, NAN]],
  ["MVN of its row", 'type: "MVN"', [1, 1, 1, 3], [1, NAN, 2], [NAN, NAN, NAN]],
  [
    "Reduction",
    'type: "Reduction" reduction_param { axis: 1 }',
    [2, 2],
    [1, NAN, INF, 2],
    [NAN, INF],
  ],
  [
    "LRN across channels, as far as it reaches",
    'type: "LRN" lrn_param { local_size: 3 alpha: 3 beta: 1 }',
    [1, 4, 1, 1],
    [NAN, 1, 0, 1],
    [NAN, NAN, 0, 0.5],
  ],
  [
    "LRN within a channel, as far as it reaches",
    'type: "LRN" lrn_param { local_size: 3 alpha: 9 beta: 1 norm_region: WITHIN_CHANNEL }',
    [1, 1, 1, 4],
    [NAN, 1, 0, 1],
    [NAN, NAN, 0, 0.5],
  ],
  [
    "Tile",
    'type: "Tile" tile_param { tiles: 2 axis: 0 }',
    [2],
    [NAN, -INF],
    [NAN, -INF, NAN, -INF],
  ],
  ["BatchNorm, of its channel", 'type: "BatchNorm"', [2, 2], [NAN, 1, 3, 1], [NAN, 0, NAN, 0]],
];

const pairs: readonly (readonly [operation: string, y: readonly number[]])[] = [
  ["SUM", [NAN, NAN, NAN, INF]],
  ["PROD", [NAN, NAN, -INF, INF]],
  // The second unless the first is greater.
  ["MAX", [1, NAN, INF, INF]],
];

const losses: readonly (readonly [layer: string, shape: readonly number[], label: string])[] = [
  ["SoftmaxWithLoss", [2, 3], "2"],
  ["MultinomialLogisticLoss", [2, 3], "2"],
  ["HingeLoss", [2, 3], "2"],
  ["SigmoidCrossEntropyLoss", [2, 3], "2x3"],
  ["EuclideanLoss", [2, 3], "2x3"],
];

/** A net that an engine may fuse, of input a and, where they are given, other values of its parameters. */
const input = (shape: string): string =>
  `layer { name: "a" type: "Input" top: "a" input_param { shape { ${shape.replace(/\d+/g, "dim: $&")} } } }`;
const relu = 'layer { name: "r" type: "ReLU" bottom: "y" top: "y" }';
const filler = 'weight_filler { type: "gaussian" std: 0.3 }';
const convolution = (more: string): string =>
  `${input("2 3 6 6")} layer { name: "c" type: "Convolution" bottom: "a" top: "y" convolution_param { ${filler} ${more} } }`;
const statistics = `layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" batch_norm_param { use_global_stats: true }
  blobs { shape { dim: 8 } data: [1, 2, 3, 4, 5, 6, 7, 8] } blobs { shape { dim: 8 } data: [1, 2, 1, 2, 1, 2, 1, 2] } blobs { shape { dim: 1 } data: 1 } }`;
const relu6 = 'layer { name: "r" type: "ReLU6" bottom: "y" top: "y" }';
const fusions: Readonly<Record<string, string>> = {
  "3×3 convolution and ReLU": `${convolution("num_output: 8 kernel_size: 3")} ${relu}`,
  "1×1 convolution and ReLU": `${convolution("num_output: 16 kernel_size: 1")} ${relu}`,
  "strided convolution and ReLU": `${convolution("num_output: 5 kernel_size: 2 stride: 2")} ${relu}`,
  "convolution in groups and ReLU": `${convolution("num_output: 6 kernel_size: 3 group: 3")} ${relu}`,
  "convolution and a leaky ReLU": `${convolution("num_output: 8 kernel_size: 3 bias_term: false")}
    layer { name: "r" type: "ReLU" bottom: "y" top: "y" relu_param { negative_slope: 0.1 } }`,
  "convolution, BatchNorm, Scale and ReLU": `${convolution("num_output: 8 kernel_size: 3 bias_term: false")} ${statistics}
    layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } } ${relu}`,
  "3×3 convolution and ReLU6": `${convolution("num_output: 8 kernel_size: 3")} ${relu6}`,
  "1×1 convolution and ReLU6": `${convolution("num_output: 16 kernel_size: 1")} ${relu6}`,
  "convolution in groups and ReLU6": `${convolution("num_output: 6 kernel_size: 3 group: 3")} ${relu6}`,
  "BatchNorm, Scale and ReLU6": `${input("2 3 4 4")} layer { name: "b" type: "BatchNorm" bottom: "a" top: "y" }
    layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } } ${relu6}`,
  "convolution, ReLU and MAX pooling": `${convolution("num_output: 8 kernel_size: 3")} ${relu}
    layer { name: "p" type: "Pooling" bottom: "y" top: "p" pooling_param { kernel_size: 2 stride: 2 } }`,
  "BatchNorm, Scale and ReLU": `${input("2 3 4 4")} layer { name: "b" type: "BatchNorm" bottom: "a" top: "y" }
    layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { bias_term: true } } ${relu}`,
  "Eltwise and ReLU": `${input("2 3 4 4")} layer { name: "e" type: "Eltwise" bottom: "a" bottom: "a" top: "y" eltwise_param { coeff: 1 coeff: 2 } } ${relu}`,
  "InnerProduct and ReLU": `${input("2 3 6 6")} layer { name: "i" type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 7 ${filler} } } ${relu}`,
  "InnerProduct, ReLU and Dropout": `${input("2 3 6 6")} layer { name: "i" type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 7 ${filler} } } ${relu}
    layer { name: "d" type: "Dropout" bottom: "y" top: "y" }`,
};

/** Numbers by their kind: what is finite is 0. */
const kinds = (values: ArrayLike<number>): number[] =>
  Array.from(values, (x) => (Number.isFinite(x) ? 0 : x));

const finite = (values: ArrayLike<number>): number[] =>
  Array.from(values, (x) => (Number.isFinite(x) ? x : 0));

/** Fails unless NaN and the infinities are where they should be, and the others what they should be. */
function expectSame(got: ArrayLike<number>, want: ArrayLike<number>): void {
  expect(kinds(got)).toEqual(kinds(want));
  expect(finite(got)).toBeAllClose(finite(want), { rtol: 1e-5, atol: 1e-5 });
}

describeEngines("what is no number", (engines) => {
  test.each(elementwise)("%s", async (layer, y) => {
    for (const shape of [
      [6, 1],
      [6, 1, 1, 1],
    ]) {
      const net = layerNet(`bottom: "a" top: "y" ${layer}`, [shape], { engines });
      write(net.blob("a"), X);
      await net.forward();
      await net.toHost();
      expectSame(net.blob("y").values(), y);
    }
    if (layer.includes("AbsVal")) return;
    const inPlace = layerNet(`bottom: "a" top: "a" ${layer}`, [[6, 1]], { engines });
    write(inPlace.blob("a"), X);
    await inPlace.forward();
    await inPlace.toHost();
    expectSame(inPlace.blob("a").values(), y);
  });

  test.each(elementwise.filter(([layer]) => !layer.includes("Threshold")))(
    "the gradient of %s",
    async (layer) => {
      const gradient = async (which: Engines): Promise<number[]> => {
        const net = layerNet(`bottom: "a" top: "y" ${layer}`, [[6, 1]], { engines: which });
        write(net.blob("a"), X);
        await net.forward();
        net.blob("y").diffMem.overwriteCpu().set([1, 2, 3, NAN, INF, -1]);
        await net.backward();
        await net.toHost();
        return [...net.blob("a").diffValues()];
      };
      const [got, want] = [await gradient(engines), await gradient(referenceEngines)];
      expectSame(got, want);
    },
  );

  test.each(others)("%s", async (_title, layer, shape, x, y) => {
    const net = layerNet(`bottom: "a" top: "y" ${layer}`, [shape], { engines });
    write(net.blob("a"), x);
    await net.forward();
    await net.toHost();
    expectSame(net.blob("y").values(), y);
  });

  test.each(pairs)("Eltwise %s", async (operation, y) => {
    const net = layerNet(
      `bottom: "a" bottom: "b" top: "y" type: "Eltwise" eltwise_param { operation: ${operation} }`,
      [[4], [4]],
      { engines },
    );
    write(net.blob("a"), [NAN, 1, INF, INF]);
    write(net.blob("b"), [1, NAN, -INF, INF]);
    await net.forward();
    await net.toHost();
    expectSame(net.blob("y").values(), y);
  });

  const apart = 'bottom: "b" top: "y"';
  test.each([
    [
      "Convolution",
      `type: "Convolution" ${apart} convolution_param { num_output: 2 kernel_size: 1 ${filler} }`,
    ],
    [
      "Deconvolution",
      `type: "Deconvolution" ${apart} convolution_param { num_output: 2 kernel_size: 1 ${filler} }`,
    ],
    ["Pooling", `type: "Pooling" ${apart} pooling_param { pool: AVE kernel_size: 1 }`],
  ])(
    "the channels that fill a block of a convolution up make none of an infinity: %s",
    async (_, layer) => {
      const run = async (which: Engines): Promise<number[][]> => {
        const net = netOf(
          `force_backward: true ${input("1 3 2 2")}
        layer { name: "c" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 1 kernel_size: 1 ${filler} } }
        layer { name: "n" ${layer} }
        layer { name: "r" type: "Convolution" bottom: "y" top: "z" convolution_param { num_output: 3 kernel_size: 1 ${filler} } }`,
          { engines: which, seed: 5 },
        );
        const x = noise(12);
        x[1] = INF;
        write(net.blob("a"), x);
        await net.forward();
        net.blob("z").diffMem.overwriteCpu().set(x);
        await net.backward();
        await net.toHost();
        const { a, b, z } = Object.fromEntries(net.blobs);
        return [b, z]
          .map((blob) => [...(blob?.values() ?? [])])
          .concat([[...(a?.diffValues() ?? [])]]);
      };
      const [got, want] = [await run(engines), await run(referenceEngines)];
      for (const [i, values] of want.entries()) {
        expect(values.some((v) => !Number.isFinite(v))).toBe(true);
        expect(kinds(got[i] ?? [])).toEqual(kinds(values));
      }
    },
  );

  test("Dropout does not drop it", async () => {
    const net = layerNet('bottom: "a" top: "y" type: "Dropout"', [[200]], { engines });
    write(net.blob("a"), new Array<number>(200).fill(NAN));
    await net.forward();
    await net.toHost();
    expect(net.blob("y").values().every(Number.isNaN)).toBe(true);
  });

  test.each(losses)("the loss of %s is none either", async (type, shape, label) => {
    const net = layerNet(
      `bottom: "a" bottom: "b" top: "y" type: "${type}"`,
      [shape, label.split("x").map(Number)],
      { engines },
    );
    const x = noise(6).map(Math.abs);
    x[0] = NAN;
    write(net.blob("a"), x);
    write(net.blob("b"), new Array<number>(net.blob("b").count()).fill(0));
    expect(await net.forwardBackward()).toBeNaN();
    await net.toHost();
    expect(net.blob("a").diffValues()[0]).toBeNaN();
  });

  test("the loss of ContrastiveLoss is none either", async () => {
    for (const similar of [0, 1]) {
      const net = layerNet(
        'bottom: "a" bottom: "b" bottom: "c" top: "y" type: "ContrastiveLoss"',
        [[1, 2], [1, 2], [1]],
        { engines },
      );
      write(net.blob("a"), [NAN, 1]);
      write(net.blob("b"), [1, 1]);
      write(net.blob("c"), [similar]);
      expect(await net.forwardBackward()).toBeNaN();
      await net.toHost();
      expect(net.blob("a").diffValues()[0]).toBeNaN();
    }
  });

  test("numbers that grow from convolution to convolution end as one by one", async () => {
    const weights = [...new Array(5).fill([1e9, -1e9, 1e9, 1e9]), [1, 0, 1, 0]] as number[][];
    const text = weights.map(
      (
        _,
        i,
      ) => `layer { name: "c${i}" type: "Convolution" bottom: "${i ? `y${i - 1}` : "a"}" top: "y${i}"
        convolution_param { num_output: 2 kernel_size: 1 } } layer { type: "ReLU" name: "r${i}" bottom: "y${i}" top: "y${i}" }`,
    );
    const input =
      'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: [1, 2, 3, 3] } } }';
    const run = async (which: Engines, x: number): Promise<number[]> => {
      const net = netOf(`${input} ${text.join("\n")}`, { engines: which, phase: "TEST" });
      weights.forEach((values, i) => {
        net.params.get(`c${i}`)?.[0]?.data.set(values);
      });
      const results: number[] = [];
      for (const value of [x, 1, x]) {
        write(net.blob("a"), new Array<number>(18).fill(value));
        await net.forward();
        await net.toHost();
        results.push(...net.blob("y5").values());
      }
      return results;
    };
    for (const x of [1e-9, 1, 1e9]) {
      const got = await run(engines, x);
      const want = await run(referenceEngines, x);
      expect(got.map(Number.isNaN)).toEqual(want.map(Number.isNaN));
      expect(got.filter(Number.isFinite)).toBeAllClose(want.filter(Number.isFinite));
    }
  });

  const places = ["data", "infinite data", "huge data", "weights", "huge weights", "bias"] as const;
  test.each(
    Object.keys(fusions).flatMap((fusion) => places.map((place) => [fusion, place] as const)),
  )("%s, fused, with %s that are none, as one by one", async (fusion, place) => {
    const run = async (which: Engines, fuse: boolean): Promise<number[][]> => {
      const phase = fusion.includes("Dropout") ? "TRAIN" : "TEST";
      const net = netOf(`force_backward: true ${fusions[fusion]}`, {
        engines: which,
        fuse,
        seed: 5,
        phase,
      });
      const x = noise(net.blob("a").count(), 3);
      const parameter = net.learnableParams[place === "bias" ? 1 : 0]?.blob;
      const values = parameter?.dataMem.mutableCpu() ?? new Float32Array(1);
      if (place === "data") x[7] = NAN;
      else if (place === "infinite data") [x[7], x[8]] = [INF, -INF];
      else if (place === "huge data") for (let i = 0; i < x.length; i++) x[i] = (x[i] ?? 0) * 3e38;
      else if (place === "huge weights") for (let i = 0; i < values.length; i++) values[i] = 3e38;
      else if (values.length > 1) values[1] = NAN;
      write(net.blob("a"), x);
      await net.forward();
      await net.toHost();
      const results = ["y", ...(net.blobs.has("p") ? ["p"] : [])].map((top) => [
        ...net.blob(top).values(),
      ]);
      net.close();
      return results;
    };
    const [fused, apart] = [await run(engines, true), await run(engines, false)];
    const want = await run(referenceEngines, false);
    for (const [i, values] of want.entries()) {
      expect(kinds(fused[i] ?? [])).toEqual(kinds(apart[i] ?? []));
      // Sums in another order overflow elsewhere.
      if (!place.startsWith("huge")) expect(kinds(fused[i] ?? [])).toEqual(kinds(values));
    }
  });
});
