import { describe, expect, test } from "vitest";
import {
  type BoxCode,
  decodeBox,
  encodeBox,
  roundAway,
} from "../../../src/layers/detection/boxes.ts";
import { areaOf, type Box, clipBox, overlapOf } from "../../../src/util/box.ts";

describe("boxes", () => {
  test.each<[string, Box, Box, number]>([
    ["half", [0, 0, 2, 1], [1, 0, 3, 1], Math.fround(1 / 3)],
    ["the same", [1, 1, 3, 2], [1, 1, 3, 2], 1],
    ["one within the other", [0, 0, 4, 4], [1, 1, 3, 3], 0.25],
    ["an edge in common", [0, 0, 1, 1], [1, 0, 2, 1], 0],
    ["apart", [0, 0, 1, 1], [2, 2, 3, 3], 0],
    ["no area", [1, 1, 1, 1], [0, 0, 2, 2], 0],
    ["turned inside out", [2, 2, 0, 0], [0, 0, 2, 2], 0],
    ["not a number", [Number.NaN, 0, 1, 1], [0, 0, 1, 1], 0],
  ])("overlap: %s", (_title, a, b, want) => {
    expect(overlapOf(a, b)).toBe(want);
    expect(overlapOf(b, a)).toBe(want);
  });

  test("in pixels both edges count", () => {
    expect(areaOf([0, 0, 1, 1], true)).toBe(4);
    expect(overlapOf([0, 0, 1, 1], [1, 1, 2, 2], 4, 4, true)).toBe(Math.fround(1 / 7));
  });

  test.each<BoxCode>(["CORNER", "CENTER_SIZE", "CORNER_SIZE"])(
    "a prediction that is encoded is the box when decoded: %s",
    (code) => {
      const [box, prior]: [Box, Box] = [
        [0.1, 0.2, 0.5, 0.9],
        [0.2, 0.2, 0.4, 0.6],
      ];
      for (const variance of [undefined, [0.1, 0.1, 0.2, 0.3] as const]) {
        const back = decodeBox(encodeBox(box, prior, code, variance), prior, code, variance);
        expect([...back]).toBeAllClose([...box], { rtol: 1e-5, atol: 1e-6 });
      }
    },
  );

  test("CENTER_SIZE is encoded by middle and size", () => {
    const variance = [0.1, 0.1, 0.2, 0.2] as const;
    const box = decodeBox([1, 2, 0, 5 * Math.log(2)], [0, 0, 1, 1], "CENTER_SIZE", variance);
    expect([...box]).toBeAllClose([0.1, -0.3, 1.1, 1.7], { rtol: 1e-5, atol: 1e-6 });
  });

  test("boxes are clipped to the image, and halves are rounded away from zero", () => {
    expect(clipBox([-1, 0.5, 2, 1])).toEqual([0, 0.5, 1, 1]);
    expect([0.5, -0.5, 2.5, -2.4].map(roundAway)).toEqual([1, -1, 3, -2]);
  });
});
