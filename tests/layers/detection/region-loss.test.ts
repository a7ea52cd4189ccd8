import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const region = (more = ""): string =>
  `type: "RegionLoss" bottom: "a" bottom: "b" top: "y" region_loss_param { num: 1 num_class: 2 biases: 1 biases: 1 ${more} }`;
const shapes = [
  [1, 7, 1, 2],
  [1, 1, 2, 5],
];
const intel = [
  [1, 7, 1, 2],
  [1, 1, 1, 8],
];
const nothing = new Array<number>(14).fill(0);

describeEngines("RegionLoss", (engines) => {
  test("without a box wants no objects, of σ(0) = ½", async () => {
    const net = layerNet(region("noobject_scale: 2"), shapes, { engines });
    // δ = 2 · ½ · ¼ in both cells.
    expect((await forward(net, nothing, new Array<number>(10).fill(0)))[0]).toBeAllClose([2 / 16]);
    await net.backward();
    await net.toHost();
    const dx = Array.from(net.blob("a").diffValues());
    expect(dx.filter((d) => d !== 0)).toBeAllClose([0.25, 0.25]);
  });

  test("wants the box of a cell: its classes, its size and that it is there", async () => {
    const net = layerNet(region("thresh: 0.9 coord_scale: 1"), shapes, { engines });
    // A box of one cell in the middle of the second, as predicted: only object and classes are off.
    await forward(net, nothing, [1, 0.75, 0.5, 0.5, 1, 0, 0, 0, 0, 0]);
    await net.backward();
    await net.toHost();
    const dx = Array.from(net.blob("a").diffValues(), (d) => d + 0);
    // By channel: x, y, w, h, object, classes; two cells each. The overlap of the prediction is 1.
    expect(dx).toBeAllClose([0, 0, 0, 0, 0, 0, 0, 0, 1 / 16, -1 / 8, 0, 0.5, 0, -0.5]);
  });

  test("Intel's reads SSD's labels, of classes from 1, and weighs what it misses", async () => {
    const net = layerNet(region("thresh: 0.9 coord_scale: 1"), intel, { engines });
    await forward(net, nothing, [0, 2, 0, 0.5, 0, 1, 1, 0]);
    await net.backward();
    await net.toHost();
    const dx = Array.from(net.blob("a").diffValues(), (d) => d + 0);
    expect(dx).toBeAllClose([0, 0, 0, 0, 0, 0, 0, 0, 1 / 16, -1 / 16, 0, 0.5, 0, -0.5]);
  });
});

test("RegionLoss of MobileNet-YOLO is divided by the images, and Intel's is not", async () => {
  const both = [2, 7, 1, 2];
  const zeros = new Array<number>(28).fill(0);
  const yolo = layerNet(region("noobject_scale: 2"), [both, [2, 1, 1, 5]]);
  expect((await forward(yolo, zeros, new Array<number>(10).fill(0)))[0]).toBeAllClose([2 / 16]);
  const other = layerNet(region("noobject_scale: 2"), [both, [1, 1, 1, 8]]);
  expect((await forward(other, zeros, [-1, 0, 0, 0, 0, 0, 0, 0]))[0]).toBeAllClose([4 / 16]);
});

test.each([
  [[2, 0.5, 0.5, 0.5, 0.5], "a box has class 2. Expected 0 to 1"],
  [[0, 1, 0.5, 0.5, 0.5], "a box has its middle at 1, 0.5"],
  [[0, 0.5, 0.5, 0.5, 0], "size 0.5 × 0"],
  [[0, 0.5, Number.NaN, 0.5, 0.5], "a box has its middle at 0.5, NaN"],
])("RegionLoss refuses a box %j", async (box, message) => {
  const net = layerNet(region(), shapes);
  await expect(forward(net, nothing, [...box, 0, 0, 0, 0, 0])).rejects.toThrow(message);
});

test("RegionLoss refuses labels of an image that is not there", async () => {
  const net = layerNet(region(), intel);
  await expect(forward(net, nothing, [1, 1, 0, 0, 0, 1, 1, 0])).rejects.toThrow(
    "row 0 of the labels is of image 1. Expected 0 to 0, or -1.",
  );
});

test.each([
  [
    region(),
    [
      [1, 8, 1, 2],
      [1, 1, 2, 5],
    ],
    "bottom has 8 channels",
  ],
  [
    region(),
    [
      [1, 7, 1, 2],
      [1, 1, 2, 6],
    ],
    "Expected (1,1,G,5), or (1,1,G,8)",
  ],
  [region().replace("num: 1", "num: 2"), shapes, "biases is given 2 times. Expected 4"],
  [region('class_map: "m"'), shapes, 'class_map is "m". Expected none'],
])("RegionLoss refuses %s of shapes %j", (layer, given, message) => {
  expect(() => layerNet(layer, given)).toThrow(message);
});
