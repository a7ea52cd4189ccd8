import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const yolo = (more = ""): string =>
  `type: "Yolov3" bottom: "a" bottom: "b" top: "y" yolov3_param { num: 1 num_class: 2 biases: 32 biases: 32 biases: 320 biases: 320 mask: 0 anchors_scale: 32 ${more.includes("smooth") ? "" : "label_smooth_eps: 0"} ${more} }`;
const shapes = [
  [1, 7, 1, 2],
  [1, 1, 2, 5],
];
const nothing = new Array<number>(14).fill(0);
/** One cell, in the middle of the second: what is predicted there, but for the object and the class. */
const box = [1, 0.75, 0.5, 0.5, 1, 0, 0, 0, 0, 0];

async function gradient(layer: string, labels: readonly number[]): Promise<number[]> {
  const net = layerNet(layer, shapes);
  await forward(net, nothing, labels);
  await net.backward();
  await net.toHost();
  return Array.from(net.blob("a").diffValues(), (d) => d + 0);
}

describeEngines("Yolov3", (engines) => {
  test.each([
    ["", new Array<number>(10).fill(0), 2 / 4],
    // Cell 1: ½; cell 2: object −½, classes ½ and −½.
    ["thresh: 0.9", box, 4 / 4],
    ["thresh: 0.9 label_smooth_eps: 0.5", box, 2 / 4 + 2 / 16],
    ["thresh: 0.9 class_scale: 2", box, 2 / 4 + 2],
  ])("adds up δ²: %s", async (more, labels, loss) => {
    const net = layerNet(yolo(more), shapes, { engines });
    expect((await forward(net, nothing, labels))[0]).toBeAllClose([loss]);
  });
});

test("Yolov3 passes δ back, with use_logic_gradient times σ'", async () => {
  const delta = [0, 0, 0, 0, 0, 0, 0, 0, 0.5, -0.5, 0, 0.5, 0, -0.5];
  expect(await gradient(yolo("thresh: 0.9"), box)).toBeAllClose(delta);
  expect(await gradient(yolo("thresh: 0.9 use_logic_gradient: true"), box)).toBeAllClose(
    delta.map((d) => d / 4),
  );
});

test("Yolov3 leaves a box to the scale whose anchor fits it best", async () => {
  const large = [1, 0.75, 0.5, 5, 10, 0, 0, 0, 0, 0];
  expect((await gradient(yolo("iou_thresh: 1"), large)).slice(10)).toEqual([0, 0, 0, 0]);
});

test.each(["IOU", "GIOU", "DIOU", "CIOU"])(
  "Yolov3 draws a box towards the truth: %s",
  async (kind) => {
    const off = [1, 0.9, 0.7, 0.3, 0.8, 0, 0, 0, 0, 0];
    const d = await gradient(yolo(`thresh: 0.9 iou_loss: ${kind}`), off);
    // In the second cell x and y have to grow; in the first there is nothing.
    expect([d[0], d[1], d[2], d[3]].map((value) => Math.sign(value ?? 0))).toEqual([0, -1, 0, -1]);
  },
);

test.each([
  [[2, 0.5, 0.5, 0.5, 0.5], "a box has class 2"],
  [[0, 0.5, 1.5, 0.5, 0.5], "a box has its middle at 0.5, 1.5"],
])("Yolov3 refuses a box %j", async (given, message) => {
  await expect(gradient(yolo(), [...given, 0, 0, 0, 0, 0])).rejects.toThrow(message);
});

test.each([
  [
    yolo(),
    [
      [1, 8, 1, 2],
      [1, 1, 2, 5],
    ],
    "bottom has 8 channels",
  ],
  [
    yolo(),
    [
      [1, 7, 1, 2],
      [1, 1, 1, 8],
    ],
    "Expected (1,1,G,5)",
  ],
  [yolo().replace("num: 1", "num: 2"), shapes, "Expected a mask entry for each of num 2"],
  [yolo().replace("mask: 0", "mask: 7"), shapes, "two biases for each anchor"],
])("Yolov3 refuses %s of shapes %j", (layer, given, message) => {
  expect(() => layerNet(layer, given)).toThrow(message);
});
