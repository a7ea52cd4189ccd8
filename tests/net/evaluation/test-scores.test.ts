import { expect, test } from "vitest";
import { TestScores } from "../../../src/net/evaluation/test-scores.ts";
import { netOf, write } from "../../support/nets.ts";

const input = (...tops: readonly (readonly [string, readonly number[]])[]): string =>
  `layer { name: "in" type: "Input" ${tops.map(([top]) => `top: "${top}"`).join(" ")} input_param {
    ${tops.map(([, shape]) => `shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} }`).join(" ")} } }`;

test("detections of all passes make one curve, other outputs their means", async () => {
  const net = netOf(
    `${input(["det", [1, 1, 2, 7]], ["gt", [1, 1, 1, 8]], ["x", [1, 2]])}
    layer { name: "map" type: "DetectionEvaluate" bottom: "det" bottom: "gt" top: "map" detection_evaluate_param { num_classes: 3 } }
    layer { name: "half" type: "Power" bottom: "x" top: "half" power_param { scale: 0.5 } }`,
    { phase: "TEST" },
  );
  const scores = new TestScores(net);
  const box = [0, 0, 0.5, 0.5];
  const passes = [
    // One is right and one far off; then only one that is far off, and surer.
    [0, 1, 0.8, ...box, 0, 1, 0.6, 0.6, 0.6, 0.9, 0.9],
    [0, 1, 0.9, 0.6, 0.6, 0.9, 0.9, -1, -1, -1, -1, -1, -1, -1],
  ];
  for (const [i, rows] of passes.entries()) {
    write(net.blob("det"), rows);
    write(net.blob("gt"), [0, 1, 0, ...box, 0]);
    write(net.blob("x"), [i, 4]);
    await net.forward();
    scores.add(await net.outputValues());
  }
  expect(scores.isDetection("map")).toBe(true);
  // Outputs stand in the order of their names.
  const [half, other, map] = scores.scores("Integral");
  // The surest is wrong, the next right: half the objects at precision one half. Class 2 has neither objects nor detections.
  expect(map).toMatchObject({ name: "map", value: 0.125 });
  expect(map?.classes).toEqual([
    { label: 1, objects: 2, detections: 3, averagePrecision: 0.25 },
    { label: 2, objects: 0, detections: 0, averagePrecision: 0 },
  ]);
  expect(half).toMatchObject({ name: "half[0]", value: 0.25 });
  expect(other).toMatchObject({ name: "half[1]", value: 2 });
  net.close();
});

test.each([true, false])(
  "pixels of all passes make one confusion, with reset: %s",
  async (reset) => {
    const net = netOf(
      `${input(["x", [1, 3, 1, 2]], ["t", [1, 1, 1, 2]])}
    layer { name: "acc" type: "SegAccuracy" bottom: "x" bottom: "t" top: "acc" seg_accuracy_param { reset: ${reset} } }`,
      { phase: "TEST" },
    );
    const scores = new TestScores(net);
    // Classes 0 and 1 are told as they are; then both places are told 0, where one is 1.
    for (const [x, t] of [
      [
        [1, 0, 0, 1, 0, 0],
        [0, 1],
      ],
      [
        [1, 1, 0, 0, 0, 0],
        [0, 1],
      ],
    ] as const) {
      write(net.blob("x"), x);
      write(net.blob("t"), t);
      await net.forward();
      scores.add(await net.outputValues());
    }
    const pixels = [...scores.pixels.values()][0]!;
    expect(pixels.accuracy()).toBe(0.75);
    expect(pixels.classes()).toEqual([
      { label: 0, places: 2, recall: 1, iou: 2 / 3 },
      { label: 1, places: 2, recall: 0.5, iou: 0.5 },
      { label: 2, places: 0, recall: Number.NaN, iou: Number.NaN },
    ]);
    net.close();
  },
);
