import type { BBoxRegParameter } from "../../io/proto/caffe.ts";
import type { Box } from "../../util/box.ts";

const { fround } = Math;

/** How predictions of boxes are scaled: x, y, width and height each have a mean and a deviation. */
export interface BoxScale {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Four numbers: of an offset's x and y, and the logarithms of width and height. */
export type Offset = Box;

/**
 * What `bbox_reg_param` says; 0 and 1 where it does not.
 * @param fail called where there are not four of each, or a deviation is not positive
 */
export function boxScaleOf(
  { bbox_mean: mean = [], bbox_std: std = [] }: BBoxRegParameter = {},
  fail: (message: string) => never,
): BoxScale {
  if (mean.length === 0 || std.length === 0) return { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] };
  if (mean.length !== 4 || std.length !== 4) {
    fail(
      `bbox_reg_param has ${mean.length} bbox_mean and ${std.length} bbox_std. Expected four each.`,
    );
  }
  const wrong = std.find((value) => !(value > 0));
  if (wrong !== undefined) fail(`bbox_reg_param.bbox_std has ${wrong}. Expected more than 0.`);
  return { mean: Array.from(mean, fround), std: Array.from(std, fround) };
}

/** An offset as a net learns it: (offset − mean) / std. */
export function scaled(offset: Offset, { mean, std }: BoxScale): Offset {
  const one = (i: 0 | 1 | 2 | 3): number => fround(fround(offset[i] - mean[i]!) / std[i]!);
  return [one(0), one(1), one(2), one(3)];
}

/** The offset that a net's prediction means: prediction · std + mean. */
export function unscaled(prediction: Offset, { mean, std }: BoxScale): Offset {
  const one = (i: 0 | 1 | 2 | 3): number => fround(fround(prediction[i] * std[i]!) + mean[i]!);
  return [one(0), one(1), one(2), one(3)];
}
