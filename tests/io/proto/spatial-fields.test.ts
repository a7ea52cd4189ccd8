import { expect, test } from "vitest";
import {
  type SpatialField,
  type SpatialParameter,
  spatialLengths,
  writtenLengths,
} from "../../../src/io/proto/spatial-fields.ts";
import { CaffeError } from "../../../src/util/errors.ts";

const lengths = (field: SpatialField, param: SpatialParameter, count?: number) =>
  spatialLengths(field, param, {
    name: "p",
    ...(count !== undefined && { count }),
    fail: (message) => {
      throw new CaffeError(message);
    },
  });

test.each([
  ["kernel", { kernel_size: 3 }, 2, [3, 3]],
  ["kernel", { kernel_size: [3] }, 3, [3, 3, 3]],
  ["kernel", { kernel_size: [3, 5] }, 2, [3, 5]],
  ["kernel", { kernel_h: 3, kernel_w: 5 }, 2, [3, 5]],
  ["kernel", {}, 0, []],
  ["kernel", { kernel_size: [3] }, 0, []],
  ["kernel", { kernel_size: [3] }, undefined, [3]],
  ["kernel", { kernel_h: 3, kernel_w: 5 }, undefined, [3, 5]],
  ["stride", {}, 2, [1, 1]],
  ["stride", { stride_h: 2 }, 2, [2, 1]],
  ["stride", {}, undefined, [1]],
  ["pad", {}, 3, [0, 0, 0]],
  ["pad", { pad: 0 }, 2, [0, 0]],
  ["pad", { pad_w: 4 }, 2, [0, 4]],
  ["pad", { pad_h: 0, pad_w: 0 }, 2, [0, 0]],
  ["dilation", { dilation: [] }, 2, [1, 1]],
  ["dilation", { dilation: [2, 1] }, 2, [2, 1]],
] as const)("the %s of %j over %s axes is %j", (field, param, count, want) => {
  expect(lengths(field, param, count)).toEqual(want);
});

test.each([
  ["kernel", {}, 2, "p has no kernel_size. Expected 1 or more."],
  ["kernel", { kernel_size: [] }, undefined, "p has no kernel_size. Expected 1 or more."],
  ["kernel", { kernel_w: 2 }, 2, "p has only one of kernel_h and kernel_w. Expected both."],
  ["kernel", { kernel_size: 0 }, 2, "p.kernel_size is 0. Expected 1 or more."],
  ["kernel", { kernel_h: 0, kernel_w: 0 }, undefined, "p.kernel_size is 0. Expected 1 or more."],
  ["kernel", { kernel_size: Number.NaN }, 2, "p.kernel_size is NaN. Expected 1 or more."],
  [
    "kernel",
    { kernel_size: 3, kernel_h: 3, kernel_w: 3 },
    2,
    "p: kernel_size and kernel_h, kernel_w are both given. Expected one form.",
  ],
  ["stride", { stride: [1, 0] }, 2, "p.stride is 0. Expected 1 or more."],
  ["stride", { stride_h: 0, stride_w: 1 }, 2, "p.stride is 0. Expected 1 or more."],
  [
    "stride",
    { stride: [1, 1, 1] },
    2,
    "p.stride is given 3 times. Expected once, or once for each of 2 spatial axes.",
  ],
  [
    "pad",
    { pad_h: 1, pad_w: 1 },
    3,
    "p: pad_h and pad_w are for two spatial axes; there are 3. Expected pad for each.",
  ],
  ["pad", { pad: -1 }, 2, "p.pad is -1. Expected 0 or more."],
  ["dilation", { dilation: [0] }, 2, "p.dilation is 0. Expected 1 or more."],
] as const)("the %s of %j over %s axes is refused: %s", (field, param, count, message) => {
  expect(() => lengths(field, param, count)).toThrow(message);
});

test("what is written is told as it is, whether a layer would take it or not", () => {
  expect(writtenLengths("kernel", {})).toEqual([]);
  expect(writtenLengths("kernel", { kernel_h: 0, kernel_w: 0 })).toEqual([0, 0]);
  expect(writtenLengths("stride", { stride_w: 3 })).toEqual([undefined, 3]);
  expect(writtenLengths("pad", { pad: [1, 2] })).toEqual([1, 2]);
});
