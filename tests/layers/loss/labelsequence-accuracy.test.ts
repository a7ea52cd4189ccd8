import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer =
  'type: "LabelsequenceAccuracy" bottom: "a" bottom: "b" top: "y" labelsequence_accuracy_param { blank_label: 2 }';

test("LabelsequenceAccuracy counts the sequences without a mistake", async () => {
  const rows = [
    [0, 0, 2, 0],
    [2, 1, 1, 2],
    [1, 2, 0, 2],
  ];
  const x = rows.flat().flatMap((best) => [0, 1, 2].map((c) => (c === best ? 1 : 0)));
  const net = layerNet(layer, [
    [3, 4, 3],
    [3, 2],
  ]);
  const [[accuracy] = []] = await forward(net, x, [0, 0, 1, 2, 1, 1]);
  expect(accuracy).toBeCloseTo(2 / 3, 6);
  expect((await forward(net, x, [0, 0, 1, -1, 1, 0]))[0]).toEqual([1]);
});

test.each([
  [
    [
      [3, 4],
      [3, 2],
    ],
    "Expected N×T×C.",
  ],
  [
    [
      [3, 4, 2],
      [4, 2],
    ],
    "Expected 3×L.",
  ],
])("LabelsequenceAccuracy refuses %j", (shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
