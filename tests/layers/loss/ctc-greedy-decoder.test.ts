import { expect, test } from "vitest";
import { forward, keptLog, layerNet } from "../../support/nets.ts";

/** Scores of one sample after the other, whose best classes these are: T×N×3. */
const best = (...samples: readonly (readonly number[])[]): number[] => {
  const steps = samples[0]!.length;
  return Array.from({ length: steps }, (_, t) =>
    samples.flatMap((sample) => [0, 1, 2].map((c) => (c === sample[t] ? 2 : 0.5))),
  ).flat();
};
const layer = (fields: string): string => `type: "CTCGreedyDecoder" bottom: "a" ${fields}`;
const two = best([0, 1, 1, 0, 1], [2, 2, 0, 1, 0]);

test("alone it gives each sample's labels in a row", async () => {
  const net = layerNet(layer('top: "y"'), [[5, 2, 3]]);
  expect(await forward(net, two)).toEqual([[1, 1, -1, -1, -1, 2, 1, -1, -1, -1]]);
  expect(net.blob("y").shape).toEqual([2, 5, 1, 1]);
});

test("repeats stay where they are not merged, and the last class may be the blank", async () => {
  const param = "ctc_decoder_param { ctc_merge_repeated: false blank_index: -1 }";
  const net = layerNet(layer(`top: "y" ${param}`), [[5, 2, 3]]);
  expect(await forward(net, two)).toEqual([[0, 1, 1, 0, 1, 0, 1, 0, -1, -1]]);
});

test("with labels it gives the accuracies", async () => {
  const net = layerNet(layer('bottom: "b" top: "y"'), [
    [5, 2, 3],
    [2, 4],
  ]);
  // Read: 1 1, and 2 1. The first is right, the second lacks one label of three.
  const [y] = await forward(net, two, [1, 0, 1, -1, 2, 1, 2, 0]);
  expect(y).toBeAllClose([1 - 1 / 6, 0.5]);
});

test("with indicators it gives labels in columns, scores and the accuracy", async () => {
  const net = layerNet(layer('bottom: "b" bottom: "c" top: "y" top: "z" top: "x"'), [
    [5, 2, 3],
    [5, 2],
    [2, 2],
  ]);
  const indicators = [0, 0, 1, 1, 1, 1, 1, 0, 1, 1];
  await forward(net, two, indicators, [0, 0, 1, 1]);
  await net.toHost();
  // The blank is class 2: 0 1 0 1, and 0 of the three steps of the second.
  expect(Array.from(net.blob("y").values())).toEqual([0, 0, 1, -1, 0, -1, 1, -1, -1, -1]);
  expect(Array.from(net.blob("z").values())).toEqual([-10, -6]);
  expect(net.blob("x").values()).toBeAllClose([1 - (2 / 4 + 1 / 2) / 2]);
});

test("where two bottoms may be either, labels are taken and a warning says so", () => {
  const { log, lines } = keptLog();
  const shapes = [
    [2, 2, 3],
    [2, 2],
  ];
  const net = layerNet(layer('bottom: "b" top: "y"'), shapes, { log });
  expect(net.blob("y").shape).toEqual([1, 2, 1, 1]);
  expect(lines.join("\n")).toContain('Write fork: "chwick" in the layer for indicators');
  const other = layerNet(layer('bottom: "b" top: "y" fork: "chwick"'), shapes);
  expect(other.blob("y").shape).toEqual([2, 2, 1, 1]);
});

test.each([
  ['top: "y" top: "z"', [[4, 2, 3]], "2 tops with 1 bottoms. Expected 1."],
  [
    'bottom: "b" bottom: "c" top: "y"',
    [
      [4, 2, 3],
      [4, 2],
      [3, 2],
    ],
    "Expected 2 to 3.",
  ],
  ['top: "y"', [[4, 2]], "Expected T×N×C."],
  [
    'bottom: "b" top: "y"',
    [
      [4, 2, 3],
      [3, 2],
    ],
    "Expected 2×L.",
  ],
  [
    'bottom: "b" top: "y" top: "z"',
    [
      [4, 2, 3],
      [3, 2],
    ],
    "Expected 4×2, one number for each",
  ],
])("CTCGreedyDecoder refuses %s of %j", (fields, shapes, message) => {
  expect(() => layerNet(layer(fields), shapes)).toThrow(message);
});
