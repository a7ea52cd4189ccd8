import { describe, expect, test } from "vitest";
import { planar } from "../../../src/io/images/raster.ts";
import {
  type MaskForm,
  maskShape,
  type View,
  viewOf,
  writeMask,
} from "../../../src/io/loaders/masks.ts";

/** 1 and 2 are classes 1 and 2, 7 is class 1 too, others are none. */
const TWO: MaskForm = {
  classes: 2,
  classOf: Array.from({ length: 256 }, (_, value) => (value === 7 ? 1 : value < 3 ? value : 0)),
  size: 1,
};
const WHOLE: View = { region: [0, 0, 1, 1], within: [0, 0, 1, 1], isMirrored: false };
const MASK = planar(Uint8Array.of(0, 1, 2, 255, 7, 1, 2, 2), 1, 2, 4);

const planes = (form: MaskForm, view: View, rows: number, columns: number): number[] => {
  const to = new Float64Array(form.classes * rows * columns);
  writeMask(form, MASK, view, [rows, columns], to);
  return [...to];
};

describe("masks", () => {
  test("tell each cell's share of each class", () => {
    expect(planes(TWO, WHOLE, 1, 2)).toBeAllClose([0.75, 0, 0, 0.75]);
    expect(planes(TWO, WHOLE, 2, 4)).toBeAllClose([0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1]);
    // Three cells over four columns: a pixel and a third each.
    const [a = 0, b = 0, c = 0] = planes(TWO, WHOLE, 1, 3);
    expect([a, b, c]).toBeAllClose([(0.5 * 1 + 1 / 3) / (4 / 3), 2 / 3 / (4 / 3), 0]);
  });

  test("follow a view: a part, what lies beyond, and left and right exchanged", () => {
    const part: View = { ...WHOLE, region: [0.5, 0.5, 1, 1] };
    expect(planes(TWO, part, 1, 2)).toBeAllClose([0, 0, 1, 1]);
    const wide: View = { ...WHOLE, region: [-1, 0, 1, 1] };
    expect(planes(TWO, wide, 1, 4)).toBeAllClose([0, 0, 0.75, 0, 0, 0, 0, 0.75]);
    const apart: View = { ...WHOLE, region: [2, 2, 3, 3] };
    expect(planes(TWO, apart, 1, 2)).toEqual([0, 0, 0, 0]);
    const half: View = { ...WHOLE, within: [0, 0, 0.5, 1] };
    expect(planes(TWO, half, 1, 2)).toBeAllClose([0.75, 0, 0, 0]);
    expect(planes(TWO, { ...WHOLE, isMirrored: true }, 1, 2)).toBeAllClose([0, 0.75, 0.75, 0]);
    expect(viewOf([0.5, 0, 1, 2], [0, 0.25, 0.5, 0.5])).toEqual([0.5, 0.5, 0.75, 1]);
  });

  test("of one class are 1 where the mean is above 100 of 255", () => {
    const one: MaskForm = { classes: 1, classOf: undefined, size: 1 };
    const bright = (...values: readonly number[]): number[] => {
      const to = new Float32Array(1);
      writeMask(one, planar(Uint8Array.from(values), 1, 1, 2), WHOLE, [1, 1], to);
      return [...to];
    };
    expect(bright(255, 0)).toEqual([1]);
    expect(bright(101, 100)).toEqual([0]);
    expect(bright(102, 100)).toEqual([1]);
  });

  test("have the image's size, divided, or one of their own", () => {
    expect(maskShape({ ...TWO, size: 8 }, 3, [20, 17])).toEqual([3, 2, 2, 2]);
    expect(maskShape({ ...TWO, size: [5, 7] }, 1, [2, 2])).toEqual([1, 2, 5, 7]);
    expect(() => maskShape({ ...TWO, size: 8 }, 1, [20, 7])).toThrow(/seg_scales is 8: no mask/);
  });
});
