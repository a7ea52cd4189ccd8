import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const layer = (param = ""): string =>
  `type: "DetectionEvaluate" bottom: "a" bottom: "b" top: "y" detection_evaluate_param { num_classes: 3 ${param} }`;

/** The rows of a pass for detections and objects. */
async function judge(
  param: string,
  detections: readonly (readonly number[])[],
  objects: readonly (readonly number[])[],
  root?: string,
): Promise<number[][]> {
  const shapes = [
    [1, 1, detections.length, 7],
    [1, 1, objects.length, 8],
  ];
  const net = layerNet(layer(param), shapes, root ? { root } : {});
  const [values = []] = await forward(net, detections.flat(), objects.flat());
  return Array.from({ length: values.length / 5 }, (_, i) => values.slice(5 * i, 5 * i + 5));
}

const object = [0, 1, 0, 0, 0, 0.5, 1, 0];
const near = [0, 1, 0.5, 0, 0, 0.5, 0.75];
const far = [0, 1, 0.25, 0.5, 0, 1, 1];

test.each([
  [
    "one object has one right detection, the best",
    "",
    [near, [...near.slice(0, 2), 0.75, ...near.slice(3)], far],
    object,
    [
      [0.75, 1, 0],
      [0.5, 0, 1],
      [0.25, 0, 1],
    ],
  ],
  [
    "an overlap of the threshold itself is right",
    "overlap_threshold: 0.75",
    [near],
    object,
    [[0.5, 1, 0]],
  ],
  ["another class is wrong", "", [near], [0, 2, ...object.slice(2)], [[0.5, 0, 1]]],
  ["another image is wrong", "", [near], [1, ...object.slice(1)], [[0.5, 0, 1]]],
  [
    "a difficult one counts neither way",
    "evaluate_difficult_gt: false",
    [near, far],
    [...object.slice(0, 7), 1],
    [
      [0.5, 0, 0],
      [0.25, 0, 1],
    ],
  ],
  [
    "a box that is no number is wrong",
    "",
    [[0, 1, 0.5, Number.NaN, 0, 1, 1]],
    object,
    [[0.5, 0, 1]],
  ],
])("DetectionEvaluate: %s", async (_title, param, detections, truth, want) => {
  const rows = await judge(param, detections, [truth]);
  expect(rows.slice(2).map((row) => row.slice(2))).toEqual(want);
});

test("first it counts the objects of each class but the background", async () => {
  const two = [object, [2, 2, ...object.slice(2)], [2, 2, ...object.slice(2, 7), 1]];
  expect(await judge("evaluate_difficult_gt: false", [[0, -1, -1, -1, -1, -1, -1]], two)).toEqual([
    [-1, 1, 1, -1, -1],
    [-1, 2, 1, -1, -1],
  ]);
});

test("with sizes boxes are compared in whole pixels of the image", async () => {
  const root = temporaryFolder();
  writeFileSync(join(root, "sizes"), "a 2 4\n");
  // 2 × 2 pixels and 3 × 2.5, both edges counted: an overlap of 7.5 / 9.
  const param = (threshold: number): string =>
    `name_size_file: "sizes" overlap_threshold: ${threshold}`;
  expect((await judge(param(0.83), [near], [object], root))[2]).toEqual([0, 1, 0.5, 1, 0]);
  expect((await judge(param(0.84), [near], [object], root))[2]).toEqual([0, 1, 0.5, 0, 1]);
  writeFileSync(join(root, "sizes"), "a 2\n");
  await expect(judge(param(0.5), [near], [object], root)).rejects.toThrow(
    'sizes:1: "a 2". Expected a name, a height and a width.',
  );
});

test("the background is no object", async () => {
  await expect(judge("", [[0, 0, ...near.slice(2)]], [object])).rejects.toThrow(
    "detection 0 has label 0",
  );
  await expect(judge("", [near], [[0, 0, ...object.slice(2)]])).rejects.toThrow(
    "row 0 of the labels has label 0",
  );
});

test("DetectionEvaluate refuses other shapes and thresholds", () => {
  expect(() =>
    layerNet(layer(), [
      [1, 1, 1, 6],
      [1, 1, 1, 8],
    ]),
  ).toThrow("Expected (1,1,K,7)");
  expect(() =>
    layerNet(layer("overlap_threshold: 0"), [
      [1, 1, 1, 7],
      [1, 1, 1, 8],
    ]),
  ).toThrow("overlap_threshold is 0");
  expect(() =>
    layerNet(layer().replace(/num_classes: \d+/, "num_classes: 4294967295"), [
      [1, 1, 1, 7],
      [1, 1, 1, 8],
    ]),
  ).toThrow("Expected fewer than 2147483648");
});

/** Cascade R-CNN's: detections and objects in pixels of an input of 40×20, of an image twice as high. */
const inPixels = async (
  detections: readonly (readonly number[])[],
  objects: readonly (readonly number[])[],
  param = "",
): Promise<number[]> => {
  const root = temporaryFolder();
  writeFileSync(join(root, "sizes.txt"), "first 80 20\n");
  const text = layer(`name_size_file: "sizes.txt" ${param}`).replace(
    'top: "y"',
    'bottom: "c" top: "y"',
  );
  const net = layerNet(text, [[detections.length, 7], [objects.length, 8], [1, 2]], { root }); // biome-ignore format: short
  const [rows = []] = await forward(net, detections.flat(), objects.flat(), [40, 20]);
  expect(net.blob("y").shape).toEqual([rows.length / 5, 5, 1, 1]);
  return rows;
};

test("DetectionEvaluate with three bottoms compares pixels of the image", async () => {
  const rows = await inPixels(
    [
      [0, -1, -1, -1, -1, -1, -1],
      [0, 1, 1, 9, 8, 1, 0.5],
      [0, 1, 1, 9, 2, 1, 0.75],
      [0, 1, 1, 9, 9, 2, 0.25],
    ],
    [
      [0, 1, 1, 9, 8, 1, 0, 0],
      [-1, 0, 0, 0, 0, 0, 0, 0],
    ],
  );
  expect(rows).toEqual([
    ...[-1, 1, 1, -1, -1, -1, 2, 0, -1, -1],
    ...[0, 1, 0.75, 0, 1],
    ...[0, 1, 0.5, 1, 0],
    ...[0, 2, 0.25, 0, 1],
  ]);
});

test("DetectionEvaluate with three bottoms refuses labels of no object and images without a size", async () => {
  const found = [0, 1, 1, 9, 9, 1, 0.5];
  await expect(inPixels([found], [[0, 1, 1, 9, 9, 0, 0, 0]])).rejects.toThrow("has label 0");
  await expect(inPixels([[1, ...found.slice(1)]], [[1, 1, 1, 9, 9, 1, 0, 0]])).rejects.toThrow(
    "a detection lies in image 1. Expected 0 to 0",
  );
  await expect(inPixels([found], [[0, Number.NaN, 1, 9, 9, 1, 0, 0]])).resolves.toEqual([
    -1, 1, 1, -1, -1, -1, 2, 0, -1, -1, 0, 1, 0.5, 0, 1,
  ]);
});
