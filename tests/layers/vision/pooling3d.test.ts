import { expect, test } from "vitest";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, netOf, noise } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Pooling3D" bottom: "a" top: "y" pooling3d_param { ${param} }`;

/** What C3D's loops give for one channel. */
function pooled(
  x: readonly number[],
  [length, height, width]: readonly [number, number, number],
  {
    k,
    d,
    s,
    t,
    pad = 0,
    mean = false,
  }: Record<"k" | "d" | "s" | "t", number> & { pad?: number; mean?: boolean },
): number[] {
  const count = (side: number, kernel: number, step: number, p: number): number =>
    Math.ceil((side + 2 * p - kernel) / step) + 1;
  const out: number[] = [];
  for (let pl = 0; pl < count(length, d, t, 0); pl++) {
    for (let ph = 0; ph < count(height, k, s, pad); ph++) {
      for (let pw = 0; pw < count(width, k, s, pad); pw++) {
        const [h0, w0, l0] = [ph * s - pad, pw * s - pad, pl * t];
        const [h1, w1] = [Math.min(h0 + k, height + pad), Math.min(w0 + k, width + pad)];
        const l1 = Math.min(l0 + d, length);
        const seen: number[] = [];
        for (let l = l0; l < l1; l++)
          for (let h = Math.max(h0, 0); h < Math.min(h1, height); h++)
            for (let w = Math.max(w0, 0); w < Math.min(w1, width); w++)
              seen.push(x[(l * height + h) * width + w]!);
        const size = (h1 - h0) * (w1 - w0) * (l1 - l0);
        out.push(mean ? seen.reduce((sum, v) => sum + v, 0) / size : Math.max(...seen));
      }
    }
  }
  return out;
}

describeEngines("Pooling3D", (engines) => {
  test.each([
    ["kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2", { k: 2, d: 2, s: 2, t: 2 }],
    ["kernel_size: 3 kernel_depth: 1 stride: 2", { k: 3, d: 1, s: 2, t: 1 }],
    ["kernel_size: 1 kernel_depth: 3 temporal_stride: 2", { k: 1, d: 3, s: 1, t: 2 }],
    [
      "pool: AVE kernel_size: 3 kernel_depth: 2 stride: 2 temporal_stride: 2 pad: 1",
      { k: 3, d: 2, s: 2, t: 2, pad: 1, mean: true },
    ],
  ])("is what loops over time, height and width give: %s", async (param, sizes) => {
    const x = noise(5 * 5 * 4, 3);
    const net = layerNet(layer(param), [[1, 1, 5, 5, 4]], { engines });
    expect((await forward(net, x))[0]).toBeAllClose(pooled(Array.from(x), [5, 5, 4], sizes));
  });

  test("keeps images and channels apart", async () => {
    const x = noise(2 * 3 * 24, 5);
    const param = "kernel_size: 2 kernel_depth: 2";
    const net = layerNet(layer(param), [[2, 3, 2, 4, 3]], { engines });
    const wanted = [0, 1, 2, 3, 4, 5].flatMap((i) =>
      pooled(Array.from(x.slice(24 * i, 24 * i + 24)), [2, 4, 3], { k: 2, d: 2, s: 1, t: 1 }),
    );
    expect((await forward(net, x))[0]).toBeAllClose(wanted);
    expect(net.blob("y").shape).toEqual([2, 3, 1, 3, 2]);
  });

  test("agrees with the reference", async () => {
    const param = "kernel_size: 2 kernel_depth: 2 stride: 2 temporal_stride: 2";
    await checkParity(engines, layer(param), [[2, 3, 4, 5, 4]]);
    await checkParity(engines, layer(`pool: AVE ${param} pad: 1`), [[2, 3, 4, 5, 4]]);
  });
});

test.each([
  ["kernel_size: 2", [1, 1, 2, 2, 2], "has no kernel_depth"],
  ["kernel_size: 0 kernel_depth: 1", [1, 1, 2, 2, 2], "kernel_size is 0. Expected 1 or more"],
  ["kernel_size: 1 kernel_depth: 1 temporal_stride: 0", [1, 1, 2, 2, 2], "temporal_stride is 0"],
  ["pool: STOCHASTIC kernel_size: 1 kernel_depth: 1", [1, 1, 2, 2, 2], "Expected MAX or AVE"],
  ["kernel_size: 2 kernel_depth: 1 pad: 1", [1, 1, 2, 2, 2], "only for average pooling"],
  ["pool: AVE kernel_size: 2 kernel_depth: 1 pad: 2", [1, 1, 2, 2, 2], "less than kernel_size 2"],
  ["kernel_size: 1 kernel_depth: 3", [1, 1, 1, 2, 2], "a window of 3 does not fit"],
  ["kernel_size: 1 kernel_depth: 1", [1, 1, 2, 2], "Expected 5 axes, N×C×L×H×W"],
])("Pooling3D refuses %s of %j", (param, shape, message) => {
  expect(() => layerNet(layer(param), [shape])).toThrow(message);
});

const input = `layer { name: "in" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 5 dim: 5 } } }`;
const sizes =
  "num_output: 3 kernel_size: 3 kernel_depth: 2 stride: 2 pad: 1 temporal_pad: 1 temporal_stride: 3";

test("C3D's convolutions become those over three axes", () => {
  const net = netOf(
    `${input} layer { name: "c" type: "Convolution3D" bottom: "a" top: "c" convolution3d_param { ${sizes} filter_group: 3 bias_filler { value: 2 } } }
     layer { name: "d" type: "Deconvolution3D" bottom: "c" top: "d" convolution3d_param { num_output: 2 kernel_size: 1 kernel_depth: 2 bias_term: false } }`,
  );
  expect(net.blob("c").shape).toEqual([1, 3, 2, 3, 3]);
  expect(net.blob("d").shape).toEqual([1, 2, 3, 3, 3]);
  expect(net.layer("c").param).toMatchObject({
    type: "Convolution",
    convolution_param: {
      kernel_size: [2, 3, 3],
      stride: [3, 2, 2],
      pad: [1, 1, 1],
      bias_filler: { value: 2 },
    },
  });
  expect(net.layer("c").blobs.map(({ shape }) => shape)).toEqual([[3, 2, 2, 3, 3], [3]]);
  expect(net.layer("d").blobs.map(({ shape }) => shape)).toEqual([[3, 2, 2, 1, 1]]);
});

test("so do those of its first files", () => {
  const net = parseNetParameter(
    `layers { name: "c" type: CONVOLUTION3D bottom: "a" top: "c" blobs_lr: 1 convolution_param { ${sizes} } }
     layers { name: "d" type: DECONVOLUTION3D bottom: "c" top: "d" convolution_param { num_output: 2 kernel_size: 2 kernel_depth: 1 } }
     layers { name: "p" type: POOLING3D bottom: "d" top: "p" pooling_param { pool: AVE kernel_size: 2 kernel_depth: 3 stride: 2 temporal_stride: 1 } }`,
    "test",
    () => {},
  );
  expect(net.layer).toMatchObject([
    {
      type: "Convolution",
      convolution_param: { num_output: 3, kernel_size: [2, 3, 3] },
      param: [{ lr_mult: 1 }],
    },
    { type: "Deconvolution", convolution_param: { kernel_size: [1, 2, 2], pad: [0, 0, 0] } },
    {
      type: "Pooling3D",
      pooling3d_param: {
        pool: "AVE",
        kernel_size: 2,
        kernel_depth: 3,
        stride: 2,
        temporal_stride: 1,
      },
    },
  ]);
});

test.each([
  ["kernel_size: 3", "kernel_size 3, kernel_depth is missing, group 1"],
  ["kernel_depth: 3", "kernel_size is missing, kernel_depth 3"],
  [
    "kernel_size: 3 kernel_depth: 3 group: 2",
    "Expected a kernel_size, a kernel_depth, and no group",
  ],
])("Convolution3D refuses %s", (param, message) => {
  const text = `${input} layer { name: "c" type: "Convolution3D" bottom: "a" top: "c" convolution3d_param { num_output: 2 ${param} } }`;
  expect(() => parseNetParameter(text, "test", () => {})).toThrow(message);
});

test("fields of time do not pass where nothing obeys them", () => {
  const text = (type: string, param: string) =>
    `layer { name: "c" type: "${type}" bottom: "a" top: "c" ${param} }`;
  const read = (one: string) => () => parseNetParameter(one, "test", () => {});
  expect(read(text("Convolution", "convolution_param { kernel_depth: 2 }"))).toThrow(
    "ConvolutionParameter.kernel_depth is not a field of BVLC Caffe",
  );
  expect(read(text("Pooling", "pooling_param { kernel_depth: 2 }"))).toThrow(
    "write a Pooling3D layer",
  );
});
