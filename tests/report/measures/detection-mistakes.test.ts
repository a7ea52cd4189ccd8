import { expect, test } from "vitest";
import type { DetectedObject } from "../../../src/report/collect/detected.ts";
import { mistakenRecords } from "../../../src/report/measures/detection-mistakes.ts";
import type { Box } from "../../../src/util/box.ts";

const box: Box = [0, 0, 1, 1];
const object = { label: 1, box, isDifficult: false };
const difficult = { ...object, isDifficult: true };
const found = (record: number, score: number, isRight?: boolean, own = object): DetectedObject => ({
  ...{ record, label: 1, score, box, isRight },
  object: isRight ? own : undefined,
});

test("the surest wrong detections first, then what is missed; what scores less does not count", () => {
  const detections = [
    ...[found(0, 0.9, true), found(1, 0.6, false), found(2, 0.8, false), found(2, 0.7, true)],
    ...[found(3, 0.4, true), found(4, 0.95), found(5, 0.3, false)],
  ];
  const truths = new Map([
    [0, [object]],
    [2, [object]],
    [3, [object]],
    [4, [difficult]],
    [6, [object, { ...object }]],
  ]);
  const mistaken = mistakenRecords(detections, truths, () => 0.5, 9);
  const told = mistaken.map((one) => [one.record, one.wrong.length, one.missed.length]);
  expect(told).toEqual([
    [2, 1, 0],
    [1, 1, 0],
    [6, 0, 2],
    [3, 0, 1],
  ]);
  expect(mistaken[0]).toMatchObject({ right: [{ score: 0.7 }], found: [object] });
  expect(mistakenRecords(detections, truths, () => 0.5, 2)).toHaveLength(2);
});
