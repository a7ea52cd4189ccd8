import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const accuracy = (param = ""): string =>
  `type: "SegAccuracy" bottom: "a" bottom: "b" top: "y" seg_accuracy_param { ${param} }`;
const shapes = [
  [1, 3, 1, 4],
  [1, 1, 1, 4],
];
/** Predicts 0, 1, 1, and 1 of two equal ones. */
const scores = [9, 1, 0, 2, 0, 3, 5, 2, 1, 2, 4, 0];

describeEngines("SegAccuracy", (engines) => {
  test.each([
    ["", [0, 1, 1, 1], [1, 1, 1]],
    ["", [0, 0, 1, 1], [0.75, 0.75, (0.5 + 2 / 3 + 1) / 3]],
    ["metric: PixelIOU", [2, 2, 2, 2], [0, 0, 0]],
    ["ignore_label: 2 ignore_label: 255", [2, 255, 1, 0], [0.5, 0.5, (0 + 0.5 + 1) / 3]],
    ["ignore_label: 255", [255, 255, 255, 255], [0, 0, 1]],
  ])("counts positions, recalls and overlaps: %s, labels %j", async (param, labels, output) => {
    const net = layerNet(accuracy(param), shapes, { engines });
    expect(net.blob("y").shape).toEqual([1, 1, 1, 3]);
    expect((await forward(net, scores, labels))[0]).toBeAllClose(output);
  });
});

test.each([
  ["reset: false", 0.5],
  ["", 0],
])("SegAccuracy counts on or begins anew: %s", async (param, share) => {
  const net = layerNet(accuracy(param), shapes);
  await forward(net, scores, [0, 1, 1, 1]);
  expect((await forward(net, scores, [2, 2, 2, 2]))[0]?.[0]).toBe(share);
  const state = net.layers.at(-1)?.state();
  expect(state === undefined).toBe(param === "");
});

test.each([3, -1, Number.NaN])("SegAccuracy refuses label %f", async (label) => {
  const net = layerNet(accuracy("ignore_label: 255"), shapes);
  await expect(forward(net, scores, [0, label, 0, 0])).rejects.toThrow(
    `label ${label} at position 1. Expected 0 to 2, a class, or one of ignore_label.`,
  );
});

test("SegAccuracy refuses labels of another size", () => {
  expect(() =>
    layerNet(accuracy(), [
      [1, 3, 1, 4],
      [1, 1, 1, 5],
    ]),
  ).toThrow("Expected (1,1,1,4)");
});
