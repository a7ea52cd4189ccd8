import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const output = (more = ""): string =>
  `type: "YoloDetectionOutput" bottom: "a" top: "y" yolo_detection_output_param { num_classes: 2 num_box: 1 biases: 1 biases: 0.5 ${more} }`;
/** Two cells: x, y, w, h, object and two classes; the second is surer. */
const values = [0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 40, 40];

describeEngines("YoloDetectionOutput", (engines) => {
  test.each([
    ["", [0, 2, 1, 0.5, 0.25, 1, 0.75, 0, 2, 0.5, 0, 0.25, 0.5, 0.75]],
    ["confidence_threshold: 0.7", [0, 2, 1, 0.5, 0.25, 1, 0.75]],
    ["confidence_threshold: 0.5", [0, 2, 1, 0.5, 0.25, 1, 0.75, 0, 2, 0.5, 0, 0.25, 0.5, 0.75]],
    ["confidence_threshold: 2", [0, -1, -1, -1, -1, -1, -1]],
  ])("gives boxes, the best first: %s", async (more, rows) => {
    const net = layerNet(output(more), [[1, 7, 1, 2]], { engines });
    expect((await forward(net, values))[0]).toBeAllClose(rows);
    expect(net.blob("y").shape).toEqual([1, 1, rows.length / 7, 7]);
  });
});

test("YoloDetectionOutput keeps the better of boxes that overlap", async () => {
  // The first box is moved to the second by half a cell, and twice as wide.
  const near = [40, 0, 0, 0, Math.log(2), 0, 0, 0, 0, 40, 0, 0, 40, 40];
  const kept = async (more: string): Promise<number> => {
    const net = layerNet(output(more), [[1, 7, 1, 2]]);
    await forward(net, near);
    return net.blob("y").shape[2] ?? 0;
  };
  expect(await kept("nms_threshold: 0.3")).toBe(1);
  expect(await kept("nms_threshold: 0.6")).toBe(2);
});

test("YoloDetectionOutput passes NaN over", async () => {
  const net = layerNet(output(), [[1, 7, 1, 2]]);
  const [rows] = await forward(net, new Array<number>(14).fill(Number.NaN));
  expect(rows).toEqual([0, -1, -1, -1, -1, -1, -1]);
});

test.each([
  [2, [1, 14, 1, 1], "biases is given 2 times. Expected 4"],
  [1, [1, 8, 1, 1], "bottom has 8 channels"],
])("YoloDetectionOutput refuses %i boxes of shape %j", (boxes, shape, message) => {
  const layer = output().replace("num_box: 1", `num_box: ${boxes}`);
  expect(() => layerNet(layer, [shape])).toThrow(message);
});
