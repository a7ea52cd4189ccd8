import { expect, test } from "vitest";
import { anchorsOf } from "../../../src/new-run/detection/anchors.ts";
import type { Anchor } from "../../../src/new-run/yolo-net.ts";

test("boxes of three kinds have three anchors, the means of each, the smallest first", () => {
  const kinds: Anchor[] = [
    [0.8, 0.6],
    [0.1, 0.1],
    [0.1, 0.4],
  ];
  const boxes = kinds.flatMap(([w, h]): Anchor[] => [
    [w * 0.9, h * 0.9],
    [w, h],
    [w * 1.1, h * 1.1],
  ]);
  const found = anchorsOf(boxes, 3);
  [kinds[1], kinds[2], kinds[0]].forEach((kind, i) => {
    expect(found[i]?.[0]).toBeCloseTo(kind?.[0] ?? 0, 12);
    expect(found[i]?.[1]).toBeCloseTo(kind?.[1] ?? 0, 12);
  });
});

test("fewer boxes than anchors, empty ones, and none", () => {
  expect(anchorsOf([[0.5, 0.25]], 2)).toEqual([
    [0.5, 0.25],
    [0.5, 0.25],
  ]);
  expect(
    anchorsOf(
      [
        [0, 0.5],
        [0.2, 0.2],
      ],
      1,
    ),
  ).toEqual([[0.2, 0.2]]);
  expect(anchorsOf([], 2)).toEqual([
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
});
