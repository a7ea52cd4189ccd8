/** What is said of each spatial axis: how long the kernel is, how far it moves, what is added at both ends, its gaps. */
export type SpatialField = "kernel" | "stride" | "pad" | "dilation";

/** The fields of `convolution_param` and `pooling_param` that say it. */
export interface SpatialParameter {
  readonly kernel_size?: number | readonly number[];
  readonly kernel_h?: number;
  readonly kernel_w?: number;
  readonly stride?: number | readonly number[];
  readonly stride_h?: number;
  readonly stride_w?: number;
  readonly pad?: number | readonly number[];
  readonly pad_h?: number;
  readonly pad_w?: number;
  readonly pad_t?: number;
  readonly pad_l?: number;
  readonly pad_b?: number;
  readonly pad_r?: number;
  readonly pad_type?: number;
  readonly dilation?: readonly number[];
}

/** Of whom the lengths are asked. */
interface SpatialAxes {
  /** How a message names the parameter: `convolution_param`. */
  readonly name: string;
  /** How many spatial axes there are; left out where that is not known yet. */
  readonly count?: number;
  readonly fail: (message: string) => never;
}

interface Forms {
  readonly name: keyof SpatialParameter;
  /** The fields for height and width, where there are such. */
  readonly each?: readonly [keyof SpatialParameter, keyof SpatialParameter];
  /** What holds where nothing is written; a kernel has to be. */
  readonly usual?: number;
  readonly least: number;
}

const forms: Readonly<Record<SpatialField, Forms>> = {
  kernel: { name: "kernel_size", each: ["kernel_h", "kernel_w"], least: 1 },
  stride: { name: "stride", each: ["stride_h", "stride_w"], usual: 1, least: 1 },
  pad: { name: "pad", each: ["pad_h", "pad_w"], usual: 0, least: 0 },
  dilation: { name: "dilation", usual: 1, least: 1 },
};

/** What is written for one field: a length for all axes, one for each, or those of height and width; empty where nothing is. */
export function writtenLengths(
  field: SpatialField,
  param: SpatialParameter,
): readonly (number | undefined)[] {
  const { name, each } = forms[field];
  const pair = each?.map((one) => param[one] as number | undefined) ?? [];
  if (pair.some((length) => length !== undefined)) return pair;
  const written = param[name] ?? [];
  return typeof written === "number" ? [written] : written;
}

/**
 * The lengths that a parameter gives for one field: one for each axis; where the number of axes is not known, a single one
 * stands for all of them.
 *
 *     kernel_size: 3              3 along every axis         required, 1 or more
 *     stride: 2 stride: 1         2 along the first, 1 along the second; 1 where none is written
 *     pad_h: 1 pad_w: 0           of two axes; 0 where none is written, or only one of them
 *
 * It calls `fail` where both forms are written, where the number of lengths is neither one nor that of the axes, and where a
 * length is too small: a 0 that is written counts.
 *
 * @see Caffe's BaseConvolutionLayer::LayerSetUp and PoolingLayer::LayerSetUp
 */
export function spatialLengths(
  field: SpatialField,
  param: SpatialParameter,
  { name: owner, count, fail }: SpatialAxes,
): readonly number[] {
  const { name, each = [], usual, least } = forms[field];
  const written = writtenLengths(field, param);
  const isPair = each.some((one) => param[one] !== undefined);
  const pair = each.join(" and ");
  if (isPair && count !== undefined && count !== 2) {
    fail(
      `${owner}: ${pair} are for two spatial axes; there are ${count}. Expected ${name} for each.`,
    );
  }
  if (isPair && (typeof param[name] === "number" || (param[name] ?? []).length > 0)) {
    fail(`${owner}: ${name} and ${each.join(", ")} are both given. Expected one form.`);
  }
  if (written.length > 1 && count !== undefined && written.length !== count) {
    fail(
      `${owner}.${name} is given ${written.length} times. Expected once, or once for each of ${count} spatial axes.`,
    );
  }
  if (usual === undefined && count !== 0) {
    if (written.length === 0) fail(`${owner} has no ${name}. Expected ${least} or more.`);
    if (written.includes(undefined)) fail(`${owner} has only one of ${pair}. Expected both.`);
  }
  const lengths = (written.length > 0 ? written : [usual]).map(
    (length) => length ?? usual ?? least,
  );
  for (const length of lengths) {
    if (!(length >= least)) fail(`${owner}.${name} is ${length}. Expected ${least} or more.`);
  }
  if (count === undefined || lengths.length === count) return lengths;
  return new Array<number>(count).fill(lengths[0] ?? least);
}

/** What is added along each spatial axis: before its first element and behind its last. */
export interface Padding {
  readonly before: readonly number[];
  readonly behind: readonly number[];
}

/**
 * The padding that a parameter gives; "same" where its length follows from that of the bottom, as `samePadding` tells.
 *
 *     pad: 1, pad_h: 1 pad_w: 0               the same at both ends
 *     pad_t: 0 pad_l: 0 pad_b: 1 pad_r: 1     top, left, bottom and right each by itself, of two axes
 *     pad_type: 1                             as TensorFlow's SAME
 *
 * It calls `fail` where two of these forms are written; a 0 that forks write beside another form does not count.
 *
 * @see synopsys-caffe's BaseConvolutionLayer and PoolingLayer
 */
export function spatialPadding(param: SpatialParameter, axes: SpatialAxes): Padding | "same" {
  const { name, count, fail } = axes;
  const { pad_t = 0, pad_l = 0, pad_b = 0, pad_r = 0, pad_type = 0 } = param;
  const isOneSided = [pad_t, pad_l, pad_b, pad_r].some((length) => length !== 0);
  const both = spatialLengths("pad", param, axes);
  if (pad_type > 1) fail(`${name}.pad_type is ${pad_type}. Expected 0, or 1 for SAME.`);
  const forms = [
    both.some((length) => length !== 0) && "pad",
    isOneSided && "pad_t, pad_l, pad_b, pad_r",
    pad_type === 1 && "pad_type",
  ].filter((form) => form !== false);
  if (forms.length > 1) fail(`${name}: ${forms.join(" and ")} are both given. Expected one form.`);
  if (pad_type === 1) return "same";
  if (!isOneSided) return { before: both, behind: both };
  if (count !== undefined && count !== 2) {
    fail(
      `${name}: pad_t, pad_l, pad_b and pad_r are for two spatial axes; there are ${count}. Expected pad for each.`,
    );
  }
  for (const length of [pad_t, pad_l, pad_b, pad_r]) {
    if (!(length >= 0)) fail(`${name} has a pad of ${length}. Expected 0 or more.`);
  }
  return { before: [pad_t, pad_l], behind: [pad_b, pad_r] };
}
