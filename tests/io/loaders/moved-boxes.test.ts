import { describe, expect, test } from "vitest";
import type { ResizePolicy } from "../../../src/io/images/resize-policy.ts";
import { afterCut, coverage, seenIn } from "../../../src/io/loaders/moved-boxes.ts";
import type { AnnotationGroup } from "../../../src/io/proto/annotated-datum.ts";
import type { Box } from "../../../src/util/box.ts";

const objects = (...boxes: Box[]): AnnotationGroup[] => [
  {
    label: 4,
    annotations: boxes.map((box, instance) => ({ instance, box, isDifficult: false })),
  },
];

const boxesOf = (groups: readonly AnnotationGroup[]): (readonly number[])[] =>
  groups.flatMap(({ annotations }) => annotations.map(({ box }) => box));

const HALF: Box = [0.5, 0, 1, 1];

describe("boxes in a part of an image", () => {
  test("are told in its shares, cut off at its edge, and left out where it shows nothing of them", () => {
    const seen = seenIn(
      HALF,
      objects([0.25, 0.25, 0.75, 0.5], [0, 0, 0.5, 1], [0.5, 0, 1, 1]),
      undefined,
    );
    expect(boxesOf(seen)).toEqual([
      [0, 0.25, 0.5, 0.5],
      [0, 0, 1, 1],
    ]);
    expect(seen[0]?.annotations[1]?.instance).toBe(2);
  });

  test("go where they have no area, or lie outside", () => {
    const gone = objects(
      [0.5, 0.5, 0.5, 0.9],
      [0.9, 0.5, 0.6, 0.7],
      [1.5, 0, 2, 1],
      [-1, -1, 0, 0],
    );
    expect(seenIn([0, 0, 1, 1], gone, undefined)).toEqual([]);
    expect(boxesOf(seenIn([0, 0, 1, 1], objects([-1, 0.5, 2, 3]), undefined))).toEqual([
      [0, 0.5, 1, 1],
    ]);
  });

  test("stay with their middle, or with so much of them", () => {
    const across = objects([0.25, 0, 0.625, 1], [0.25, 0, 0.875, 1]);
    expect(boxesOf(seenIn(HALF, across, { kind: "center" }))).toEqual([[0, 0, 0.75, 1]]);
    expect(coverage([0.25, 0, 0.875, 1], HALF)).toBeCloseTo(0.6);
    const most = seenIn(HALF, across, { kind: "overlap", least: 0.5 });
    expect(boxesOf(most)).toEqual([[0, 0, 0.75, 1]]);
    expect(coverage([0.25, 0, 0.25, 1], HALF)).toBe(0);
  });
});

describe("boxes of an image that was resized, cut and mirrored", () => {
  const policy = (mode: ResizePolicy["mode"], more: Partial<ResizePolicy> = {}): ResizePolicy => ({
    probability: 1,
    mode,
    height: 16,
    width: 16,
    heightScale: 0,
    widthScale: 0,
    padMode: "CONSTANT",
    padValues: [],
    interpolations: [],
    ...more,
  });
  const wide = { height: 20, width: 40 };
  const whole = { channels: 3, top: 0, left: 0, height: 16, width: 16, isMirrored: false };
  const square = { height: 16, width: 16 };
  const box: Box = [0.25, 0.5, 0.5, 1];

  test("WARP leaves shares as they are; mirroring turns them round", () => {
    const of = (isMirrored: boolean): (readonly number[])[] =>
      boxesOf(
        afterCut(objects(box), wide, square, { ...whole, isMirrored }, policy("WARP"), undefined),
      );
    expect(of(false)).toEqual([[0.25, 0.5, 0.5, 1]]);
    expect(of(true)).toEqual([[0.5, 0.5, 0.75, 1]]);
  });

  test("FIT_LARGE_SIZE_AND_PAD moves them into the middle", () => {
    const fit = policy("FIT_LARGE_SIZE_AND_PAD");
    const got = boxesOf(afterCut(objects(box), wide, square, whole, fit, undefined));
    expect(got).toEqual([[0.25, 0.5, 0.5, 0.75]]);
    const tall = { height: 40, width: 20 };
    const upright = boxesOf(afterCut(objects(box), tall, square, whole, fit, undefined));
    expect(upright).toEqual([[0.375, 0.5, 0.5, 1]]);
  });

  test("FIT_SMALL_SIZE tells them in shares of height_scale and width_scale", () => {
    const fit = policy("FIT_SMALL_SIZE", { heightScale: 8, widthScale: 64 });
    const fitted = { height: 16, width: 32 };
    const cut = { ...whole, height: 16, width: 32 };
    expect(boxesOf(afterCut(objects(box), wide, fitted, cut, fit, undefined))).toEqual([
      [0.125, 1, 0.25, 2],
    ]);
  });

  test("a cut takes away what it does not show", () => {
    const cut = { channels: 3, top: 0, left: 8, height: 8, width: 8, isMirrored: false };
    const got = afterCut(objects(box, [0.5, 0.25, 0.75, 0.75]), wide, square, cut, undefined, {
      kind: "center",
    });
    expect(boxesOf(got)).toEqual([[0, 0.5, 0.5, 1]]);
  });
});
