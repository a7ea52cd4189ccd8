import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const gaussian = (more = ""): string =>
  `type: "GaussianYolov3" bottom: "a" bottom: "b" top: "y" yolov3_param { num: 1 num_class: 2 biases: 32 biases: 32 mask: 0 anchors_scale: 32 ${more} }`;
const shapes = [
  [1, 11, 1, 1],
  [1, 1, 1, 5],
];
const nothing = new Array<number>(11).fill(0);

describeEngines("GaussianYolov3", (engines) => {
  test.each([
    [[0, 0, 0, 0, 0], 1 / 4],
    // The box that is predicted: object −½, classes ½ and −½.
    [[1, 0.5, 0.5, 1, 1], 3 / 4],
  ])("adds up δ² of objects and classes: %j", async (labels, loss) => {
    const net = layerNet(gaussian("thresh: 1"), shapes, { engines });
    expect((await forward(net, nothing, labels))[0]).toBeAllClose([loss]);
  });
});

test("GaussianYolov3 makes predictions that are right surer", async () => {
  const net = layerNet(gaussian("thresh: 1 coord_scale: 1 iou_normalizer: 1"), shapes);
  await forward(net, nothing, [1, 0.5, 0.5, 1, 1]);
  await net.backward();
  const d = Array.from(net.blob("a").diffValues(), (value) => value + 0);
  // μ is where it should be; σ is ½, and ½ / (½ + 0.3) draws it down.
  const down = 0.5 / 0.8;
  expect(d.slice(0, 8)).toBeAllClose([0, down, 0, down, 0, down, 0, down]);
});

test("GaussianYolov3 wants eight numbers before the object", () => {
  expect(() =>
    layerNet(gaussian(), [
      [1, 7, 1, 1],
      [1, 1, 1, 5],
    ]),
  ).toThrow("Expected 11: 8 coordinates, an object and 2 classes");
});
