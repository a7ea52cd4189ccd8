import { expect, test } from "vitest";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { netParameterOf, parseNetParameter } from "../../../src/io/text/read-net.ts";
import { keptLog, netOf } from "../../support/nets.ts";

const input =
  'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 2 dim: 4 dim: 4 } } } ';
const layersOf = (text: string): NetParameter["layer"] =>
  parseNetParameter(input + text, "net.prototxt", () => {}).layer?.slice(1);

test.each([
  [
    'layer { name: "c" type: "Convolution" bottom: "d" top: "c" include { phase: TEST } convolution_param { num_output: 1 kernel_size: 1 relu: true negative_slope: 0.1 } }',
    [
      {
        name: "c",
        type: "Convolution",
        bottom: ["d"],
        top: ["c"],
        include: [{ phase: "TEST" }],
        convolution_param: { num_output: 1, kernel_size: [1] },
      },
      {
        name: "c/relu",
        type: "ReLU",
        bottom: ["c"],
        top: ["c"],
        include: [{ phase: "TEST" }],
        relu_param: { negative_slope: 0.1 },
      },
    ],
  ],
  [
    'layer { name: "n" type: "LRN" bottom: "d" top: "p" lrn_param { fuse_type: FUSED_POOL_MAX local_size: 3 pooling_param { kernel_size: 2 } } }',
    [
      {
        name: "n",
        type: "LRN",
        bottom: ["d"],
        top: ["n/normalized"],
        lrn_param: { local_size: 3 },
      },
      {
        name: "n/pooling",
        type: "Pooling",
        bottom: ["n/normalized"],
        top: ["p"],
        pooling_param: { kernel_size: 2 },
      },
    ],
  ],
  [
    'layer { name: "r" type: "ReLU" bottom: "d" top: "d" relu_param { relu6: true negative_slope: 0.5 } }',
    [
      {
        name: "r",
        type: "ReLU6",
        bottom: ["d"],
        top: ["d"],
        relu6_param: { negative_slope: 0.5 },
      },
    ],
  ],
  [
    'layer { name: "i" type: "ImageData" top: "x" top: "l" image_data_param { source: "s" images_in_color: false } }',
    [
      {
        name: "i",
        type: "ImageData",
        top: ["x", "l"],
        image_data_param: { source: "s", is_color: false },
      },
    ],
  ],
  [
    'bn_stats_batch_size: 2 layer { name: "b" type: "BatchNorm" bottom: "d" top: "d" }',
    [
      {
        name: "b",
        type: "BatchNorm",
        bottom: ["d"],
        top: ["d"],
        batch_norm_param: { stats_batch_size: 2 },
      },
    ],
  ],
])("what a fork writes in one is written out: %s", (text, want) => {
  expect(layersOf(text)).toEqual(want);
});

test.each([
  'layer { name: "c" type: "Convolution" bottom: "d" top: "c" convolution_param { num_output: 3 kernel_size: 1 fuse_type: FUSED_CONV_RELU } }',
  'layer { name: "p" type: "InnerProduct" bottom: "d" top: "p" inner_product_param { num_output: 9 relu: true } }',
  'layer { name: "b" type: "BatchNorm" bottom: "d" top: "b" batch_norm_param { relu: true } }',
])("a ReLU within is one: %s", async (text) => {
  const net = netOf(input + text);
  net.blob("d").data.set(Array.from({ length: 32 }, (_, i) => Math.cos(i)));
  for (const blob of net.layers.flatMap(({ blobs }) => blobs)) {
    if (blob.shape.length > 1)
      blob.data.forEach((_, i, all) => {
        all[i] = Math.sin(i + 1);
      });
  }
  await net.forward();
  const [y] = Object.values(net.outputBlobs).map((blob) => Array.from(blob.values()));
  expect(y?.some((value) => value > 0)).toBe(true);
  expect(y?.some((value) => value === 0)).toBe(true);
  expect(y?.every((value) => value >= 0)).toBe(true);
});

test("predictions that Intel's Concat permutes and flattens lie pixel by pixel", async () => {
  const net = netOf(
    `${input} layer { name: "m" type: "Concat" bottom: "d" bottom: "d" top: "m" concat_param { axis: 1 per_fla_fuse: true } }`,
  );
  net.blob("d").data.set(Array.from({ length: 32 }, (_, i) => i));
  await net.forward();
  expect(net.blob("m").shape).toEqual([1, 64]);
  expect(Array.from(net.blob("m").values().slice(0, 6))).toEqual([0, 16, 1, 17, 2, 18]);
  expect(Array.from(net.blob("m").values().slice(32, 34))).toEqual([0, 16]);
});

test("an object's forms are written out too, and the log tells of it", () => {
  const { log, lines } = keptLog();
  const relu = { name: "r", type: "ReLU", bottom: ["d"], top: ["d"], relu_param: { relu6: true } };
  expect(netParameterOf({ layer: [relu] }, log).layer?.[0]?.type).toBe("ReLU6");
  expect(lines.join()).toContain("using fields of other Caffes");
});
