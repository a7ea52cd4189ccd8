import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const evaluation = (more = "nms: 0.5"): string =>
  `type: "EvalDetection" bottom: "a" bottom: "b" top: "y" eval_detection_param { side: 1 num_class: 2 num_object: 2 biases: 1 biases: 1 biases: 0.2 biases: 0.2 ${more} }`;
const shapes = [
  [1, 14, 1, 1],
  [1, 1, 2, 8],
];
/** A large box and a small one in its middle, both of class 1. */
const values = [0, 0, 0, 0, 40, 0, 40, 0, 0, 0, 0, 0, 0, 40];
const nobody = [-1, 0, 0, 0, 0, 0, 0, 0];

describeEngines("EvalDetection", (engines) => {
  test.each([
    [
      "a right box and one beside the truth",
      [0, 2, 0, 0, 0, 1, 1, 0, ...nobody],
      [0, 1],
      [1, 1, 1, 0, 1, 0.5, 0, 0],
    ],
    [
      "no box of the class",
      [0, 1, 0, 0, 0, 1, 1, 0, ...nobody],
      [1, 0],
      [1, 1, 0, 1, 1, 0.5, 0, 1],
    ],
    ["no box at all", [...nobody, ...nobody], [0, 0], [1, 1, 0, 1, 1, 0.5, 0, 1]],
  ])("tells %s", async (_what, labels, counts, rows) => {
    const net = layerNet(evaluation(), shapes, { engines });
    expect((await forward(net, values, labels))[0]).toBeAllClose([...counts, ...rows]);
  });

  test("finds nothing without nms", async () => {
    const net = layerNet(evaluation(""), shapes, { engines });
    const [y] = await forward(net, values, [0, 2, 0, 0, 0, 1, 1, 0, ...nobody]);
    expect(y).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

test("EvalDetection counts a second box for one truth as wrong", async () => {
  const net = layerNet(evaluation("nms: 1.1 threshold: 0.01"), shapes);
  const [y] = await forward(net, values, [0, 2, 0, 0, 0, 1, 1, 0, ...nobody]);
  expect(y).toBeAllClose([0, 1, 1, 1, 1, 0, 1, 0.5, 0, 1]);
});

test("EvalDetection takes images besides, and reads none", () => {
  const layer = evaluation().replace("top:", 'bottom: "c" top:');
  expect(() => layerNet(layer, [...shapes, [1, 3, 9, 9]])).not.toThrow();
});

test.each([
  [[0, 3, 0, 0, 0, 1, 1, 0], "a box has class 2"],
  [[1, 1, 0, 0, 0, 1, 1, 0], "is of image 1"],
])("EvalDetection refuses a label %j", async (label, message) => {
  const net = layerNet(evaluation(), shapes);
  await expect(forward(net, values, [...label, ...nobody])).rejects.toThrow(message);
});

test.each([
  [
    evaluation(),
    [
      [1, 14, 1, 2],
      [1, 1, 2, 8],
    ],
    "Expected (1,14,1,1)",
  ],
  [
    evaluation(),
    [
      [1, 14, 1, 1],
      [1, 1, 2, 5],
    ],
    "Expected (1,1,G,8)",
  ],
  [evaluation().replace("num_object: 2", "num_object: 3"), shapes, "biases is given 4 times"],
])("EvalDetection refuses %s of shapes %j", (layer, given, message) => {
  expect(() => layerNet(layer, given)).toThrow(message);
});
