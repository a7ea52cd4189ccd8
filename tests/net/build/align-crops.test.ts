import { expect, test } from "vitest";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { alignCrops } from "../../../src/net/build/align-crops.ts";
import { Net } from "../../../src/net/net.ts";
import { forward, netOf, noise } from "../../support/nets.ts";

const layer = (type: string, bottoms: string, top: string, param = ""): string =>
  `layer { name: "${top}" type: "${type}" ${bottoms
    .split(" ")
    .filter(Boolean)
    .map((bottom) => `bottom: "${bottom}"`)
    .join(" ")} top: "${top}" ${param} }`;
const input = layer("Input", "", "a", "input_param { shape { dim: 1 dim: 1 dim: 20 dim: 24 } }");
const window = (kernel: string): string => `convolution_param { num_output: 1 ${kernel} }`;
const crop = (from: string, to: string, more = ""): string =>
  layer("Crop", `${from} ${to}`, "y", `crop_param { align: true ${more} }`);

function cropsOf(text: string): unknown[] {
  const net: NetParameter = parsePrototxt("NetParameter", text);
  return (alignCrops(net, new LayerRegistry()).layer ?? []).flatMap(({ crop_param }) =>
    crop_param ? [crop_param] : [],
  );
}

test("a crop finds its offset from the layers between its bottoms", () => {
  // FCN-32s: 100 of padding in front, five poolings, a kernel of 7, and back by 32 with a kernel of 64.
  const pools = [1, 2, 3, 4, 5].flatMap((i) => [
    layer(
      "Convolution",
      i === 1 ? "a" : `p${i - 1}`,
      `c${i}`,
      window(`kernel_size: 3 pad: ${i === 1 ? 100 : 1}`),
    ),
    layer("ReLU", `c${i}`, `c${i}`),
    layer("Pooling", `c${i}`, `p${i}`, "pooling_param { kernel_size: 2 stride: 2 }"),
  ]);
  const text = [
    input,
    ...pools,
    layer("Convolution", "p5", "fc6", window("kernel_size: 7")),
    layer("Deconvolution", "fc6", "up", window("kernel_size: 64 stride: 32")),
    crop("up", "a"),
  ].join("\n");
  expect(cropsOf(text)).toEqual([{ axis: 2, offset: [19] }]);
});

test("both bottoms may lie above the blob where they meet, and axes count for themselves", () => {
  const text = [
    input,
    layer("Convolution", "a", "b", window("kernel_h: 5 kernel_w: 3")),
    layer("Pooling", "b", "p", "pooling_param { kernel_size: 2 stride: 2 }"),
    layer("Deconvolution", "p", "u", window("kernel_size: 2 stride: 2")),
    layer("Convolution", "b", "v", window("kernel_h: 3 kernel_w: 5")),
    crop("u", "v"),
  ].join("\n");
  expect(cropsOf(text)).toEqual([{ axis: 2, offset: [1, 2] }]);
});

test("what is cut out is at its place, forward and back", async () => {
  const net = netOf(
    `force_backward: true ${[
      input,
      layer("Pooling", "a", "p", "pooling_param { kernel_size: 3 stride: 1 pad: 2 }"),
      layer("Pooling", "a", "q", "pooling_param { kernel_size: 3 stride: 1 }"),
      layer("Silence", "q", "").replace('top: ""', ""),
      crop("p", "q"),
    ].join("\n")}`,
  );
  const [y] = await forward(net, noise(480, 2));
  expect(net.blob("y").shape).toEqual([1, 1, 18, 22]);
  expect(y).toEqual(Array.from(net.blob("q").values()));
});

test("layers { type: CROP } of FCN's first files is such a crop", () => {
  const old = `input: "a" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8
    layers { name: "c" type: CONVOLUTION bottom: "a" top: "c" convolution_param { num_output: 1 kernel_size: 3 pad: 5 } }
    layers { name: "crop" type: CROP bottom: "c" bottom: "a" top: "y" }`;
  const param = parseNetParameter(old, "test", () => {});
  expect(param.layer?.at(-1)).toMatchObject({ type: "Crop", crop_param: { align: true } });
  const net = new Net(param);
  expect(net.blob("y").shape).toEqual([1, 1, 8, 8]);
  expect(net.layer("crop").param.crop_param).toEqual({ axis: 2, offset: [4] });
});

test("the way goes down by first bottoms, and a crop on it counts", () => {
  const text = [
    input,
    layer("Convolution", "a", "b", window("kernel_size: 1 pad: 3")),
    layer("Crop", "b a", "c", "crop_param { align: true }"),
    layer("Concat", "c a", "d"),
    layer("Convolution", "d", "e", window("kernel_size: 1 pad: 1")),
    crop("e", "b", ""),
  ].join("\n");
  expect(() => cropsOf(text)).toThrow("offset -2, the first begins inside the second");
  expect(cropsOf(text.replace('bottom: "e" bottom: "b"', 'bottom: "e" bottom: "a"'))).toEqual([
    { axis: 2, offset: [3] },
    { axis: 2, offset: [1] },
  ]);
});

test.each([
  [
    "other scales",
    [layer("Pooling", "a", "p", "pooling_param { kernel_size: 2 stride: 2 }"), crop("p", "a")],
    "layer \"y\" (Crop): crop of 'p' to 'a': scale 2, one step of the first",
  ],
  [
    "half a step",
    [layer("Convolution", "a", "c", window("kernel_size: 2 pad: 3")), crop("c", "a")],
    "offset 2.5. Expected a whole number",
  ],
  [
    "no blob in common",
    [layer("DummyData", "", "z", "dummy_data_param { shape { dim: 1 } }"), crop("a", "z")],
    "'a' and 'z' come from no blob in common",
  ],
  [
    "a layer without coordinates",
    [layer("InnerProduct", "a", "z", "inner_product_param { num_output: 2 }"), crop("z", "a")],
    'layer "z" (InnerProduct) lies between the bottoms and keeps no coordinates',
  ],
  ["an offset of its own", [crop("a", "a", "offset: 1")], "has offset and align: true"],
  ["one bottom", [layer("Crop", "a", "y", "crop_param { align: true }")], "exactly 2"],
])("%s is told of", (_what, layers, message) => {
  const net = () => netOf([input, ...layers].join("\n"));
  if (message === "exactly 2") expect(net).toThrow("takes 2 bottom blob(s)");
  else expect(net).toThrow(message);
});

test("a net without such crops stays as it is", () => {
  const net: NetParameter = { layer: [{ name: "y", type: "Crop", crop_param: { offset: [1] } }] };
  expect(alignCrops(net, new LayerRegistry())).toBe(net);
});
