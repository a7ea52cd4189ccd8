import { describe, expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Pooling", (engines) => {
  const pool = (param: string) => `type: "Pooling" bottom: "a" top: "y" pooling_param { ${param} }`;

  test("takes the largest of each window, rounding the output size up", async () => {
    const net = layerNet(pool("pool: MAX kernel_size: 2 stride: 2"), [[1, 1, 3, 3]], { engines });
    expect(await forward(net, [1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual([[5, 6, 8, 9]]);
  });

  test("counts padding in a mean, and nothing beyond it", async () => {
    const padded = layerNet(pool("pool: AVE kernel_size: 3 stride: 2 pad: 1"), [[1, 1, 3, 3]], {
      engines,
    });
    expect((await forward(padded, [1, 2, 3, 4, 5, 6, 7, 8, 9]))[0]).toBeAllClose([
      12 / 9,
      16 / 9,
      24 / 9,
      28 / 9,
    ]);
    const clipped = layerNet(pool("pool: AVE kernel_size: 2 stride: 2"), [[1, 1, 3, 3]], {
      engines,
    });
    expect((await forward(clipped, [1, 2, 3, 4, 5, 6, 7, 8, 9]))[0]).toBeAllClose([3, 4.5, 7.5, 9]);
  });

  test("tells in a second top where each maximum came from, the first of equal ones", async () => {
    const net = layerNet(
      'type: "Pooling" bottom: "a" top: "y" top: "z" pooling_param { kernel_size: 2 stride: 2 }',
      [[1, 1, 2, 4]],
      { engines },
    );
    expect(await forward(net, [7, 7, 1, 2, 7, 7, 3, 3])).toEqual([
      [7, 3],
      [0, 6],
    ]);
  });

  test("gives the whole gradient to the first of equal values", async () => {
    const net = layerNet(pool("kernel_size: 2 stride: 2"), [[1, 1, 2, 4]], { engines });
    await forward(net, [7, 7, 1, 2, 7, 7, 3, 3]);
    net.blob("y").diffMem.overwriteCpu().set([5, 6]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual([5, 0, 0, 0, 0, 0, 6, 0]);
  });

  test.each([
    ["pool: MAX kernel_size: 3 stride: 2", [2, 3, 7, 8]],
    ["pool: MAX kernel_size: 3 stride: 2 pad: 1", [2, 17, 8, 8]],
    ["pool: AVE kernel_size: 3 stride: 2", [2, 3, 8, 7]],
    ["pool: AVE kernel_size: 3 stride: 1 pad: 1", [2, 3, 6, 6]],
    ["pool: AVE kernel_size: 3 stride: 2 pad: 1", [2, 3, 8, 8]],
    ["pool: AVE global_pooling: true", [2, 5, 4, 6]],
    ["pool: MAX kernel_size: 2 stride: 2 round_mode: FLOOR", [1, 2, 5, 5]],
    ["pool: MAX kernel_h: 2 kernel_w: 3 stride_h: 1 stride_w: 2", [1, 2, 5, 6]],
  ])("agrees with the reference: %s", async (param, shape) => {
    await checkParity(engines, pool(param), [shape]);
  });
});

test.each(["MAX", "AVE"])("the gradient of Pooling agrees with differences: %s", async (method) => {
  await checkGradient(
    `type: "Pooling" bottom: "a" top: "y" pooling_param { pool: ${method} kernel_size: 3 stride: 2 pad: 1 }`,
    [[2, 2, 5, 4]],
  );
});

test.each([
  ["", "pooling_param has no kernel_size. Expected 1 or more"],
  ["kernel_size: 0", "pooling_param.kernel_size is 0. Expected 1 or more"],
  ["kernel_h: 0 kernel_w: 2", "pooling_param.kernel_size is 0. Expected 1 or more"],
  ["kernel_h: 2", "pooling_param has only one of kernel_h and kernel_w. Expected both"],
  ["kernel_size: 2 stride: 0", "pooling_param.stride is 0. Expected 1 or more"],
  ["kernel_size: 2 stride: 1 stride_h: 2", "stride and stride_h, stride_w are both given"],
  ["kernel_size: 2 pad: 2", "pad is 2. Expected less than the kernel, 2"],
  ["global_pooling: true kernel_size: 2", "With Global_pooling: true Filter size cannot specified"],
  ["kernel_size: 2 kernel_h: 2", "Expected one form"],
])("Pooling refuses %s", (param, message) => {
  const layer = `type: "Pooling" bottom: "a" top: "y" pooling_param { ${param} }`;
  expect(() => layerNet(layer, [[1, 1, 4, 4]])).toThrow(message);
});

describe("stochastic pooling", () => {
  const text =
    'type: "Pooling" bottom: "a" top: "y" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }';

  test("draws each value as often as it is great, and the gradient goes where it came from", async () => {
    const net = layerNet(text, [[1, 1000, 2, 2]]);
    const values = Array.from({ length: 4000 }, (_, i) => i % 4);
    await forward(net, values);
    const drawn = Array.from(net.blob("y").values());
    const share = [0, 1, 2, 3].map((value) => drawn.filter((y) => y === value).length / 1000);
    expect(share).toBeAllClose([0, 1 / 6, 1 / 3, 1 / 2], { atol: 0.05 });
    net.blob("y").diffMem.overwriteCpu().fill(1);
    await net.backward();
    const dx = net.blob("a").diffValues();
    drawn.forEach((y, plane) => {
      expect(dx[plane * 4 + y]).toBe(1);
    });
  });

  test("tests with the mean of what would be drawn", async () => {
    const net = layerNet(text, [[1, 1, 2, 2]], { phase: "TEST" });
    expect((await forward(net, [0, 1, 2, 3]))[0]).toBeAllClose([14 / 6]);
    await checkGradient(text, [[1, 2, 4, 4]], {
      phase: "TEST",
      inputs: [Array.from({ length: 32 }, (_, i) => 0.1 + (i % 7))],
    });
  });

  test("has no padding", () => {
    expect(() => layerNet(text.replace("stride: 2", "pad: 1"), [[1, 1, 4, 4]])).toThrow(
      "Padding implemented only",
    );
  });
});

describeEngines("Pooling padded at one end", (engines) => {
  const pooling = (param: string): string =>
    `type: "Pooling" bottom: "a" top: "y" pooling_param { kernel_size: 2 ${param} }`;

  test.each([
    ["pad_b: 1 pad_r: 1", [5, 6, 8, 9]],
    ["pad_t: 1 pad_l: 1", [1, 3, 7, 9]],
    ["pad_type: 1", [5, 6, 8, 9]],
    ["pool: AVE pad_b: 1 pad_r: 1", [3, 2.25, 3.75, 2.25]],
    ["pool: AVE pad_t: 1 pad_l: 1", [0.25, 1.25, 2.75, 7]],
    ["pool: AVE pad_type: 1", [3, 2.25, 3.75, 2.25]],
    ["pool: AVE_EXC_PAD pad_b: 1 pad_r: 1", [3, 4.5, 7.5, 9]],
    ["pool: AVE avg_include_pad: false pad: 1", [1, 2.5, 5.5, 7]],
    ["pool: AVE avg_include_pad: true pad_t: 1 pad_l: 1", [0.25, 1.25, 2.75, 7]],
  ])("%s", async (param, want) => {
    const net = layerNet(pooling(`stride: 2 ${param}`), [[1, 1, 3, 3]], { engines });
    expect((await forward(net, [1, 2, 3, 4, 5, 6, 7, 8, 9]))[0]).toBeAllClose(want);
  });

  test.each([
    "stride: 2 pad_b: 1",
    "stride: 2 pool: AVE pad_r: 1",
    "stride: 2 pool: AVE pad_t: 1 pad_b: 1 pad_r: 1",
    "pool: AVE pad_type: 1 stride_h: 1 stride_w: 2",
    "stride: 2 pool: AVE_TF pad_l: 1 round_mode: FLOOR",
  ])("agrees with the reference: %s", async (param) => {
    await checkParity(engines, pooling(param), [[2, 3, 5, 4]]);
  });
});

test.each([
  ["pad: 1 pad_l: 1", "pad and pad_t, pad_l, pad_b, pad_r are both given"],
  ["pad_type: 1 pad_r: 1", "pad_t, pad_l, pad_b, pad_r and pad_type are both given"],
  ["pad_type: 2", "pad_type is 2. Expected 0, or 1 for SAME"],
  ["pad_b: 2", "pad is 2. Expected less than the kernel, 2"],
])("Pooling with %s is refused: %s", (param, message) => {
  expect(() =>
    layerNet(`type: "Pooling" bottom: "a" top: "y" pooling_param { kernel_size: 2 ${param} }`, [
      [1, 1, 3, 3],
    ]),
  ).toThrow(message);
});

describeEngines("Pooling whose padding does not count", (engines) => {
  const pooling = (pool: string, more = "pad: 1"): string =>
    `type: "Pooling" bottom: "a" top: "y" pooling_param { pool: ${pool} kernel_size: 2 stride: 2 ${more} }`;

  test.each(["AVE_EXC_PAD", "AVE_TF"])(
    "%s is the mean of what lies within the image",
    async (pool) => {
      const net = layerNet(pooling(pool), [[1, 1, 3, 3]], { engines });
      const [y] = await forward(net, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(y).toBeAllClose([1, 2.5, 5.5, 7]);
      net.blob("y").diffMem.overwriteCpu().set([1, 2, 4, 8]);
      await net.backward();
      await net.toHost();
      expect(Array.from(net.blob("a").diffValues())).toBeAllClose([1, 1, 1, 2, 2, 2, 2, 2, 2]);
    },
  );

  test.each(["pad: 1", "", "pad_h: 1 pad_w: 0 round_mode: FLOOR"])(
    "agrees with the reference: %s",
    async (more) => {
      await checkParity(engines, pooling("AVE_EXC_PAD", more), [[2, 3, 5, 4]]);
    },
  );
});
