import type { LayerParameter } from "../../io/proto/caffe.ts";
import {
  type SpatialField,
  type SpatialParameter,
  spatialLengths,
  spatialPadding,
} from "../../io/proto/spatial-fields.ts";
import { CaffeError } from "../../util/errors.ts";

/**
 * Where an element of one blob lies in another: coordinate i of the one is `scale · i + shift` of the other, for
 * each spatial axis (one entry stands for all).
 */
export interface CoordMap {
  /** The axis before the first spatial one, the channels; undefined where no layer between has any. */
  readonly axis: number | undefined;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/**
 * How a layer of these parameters maps coordinates of its top to those of a bottom; undefined where the bottom's places
 * are not the top's.
 * @throws CaffeError where its fields say no window
 */
export type CoordMapOf = (param: LayerParameter, bottomIndex: number) => CoordMap | undefined;

const identity: CoordMap = { axis: undefined, scale: [1], shift: [0] };

/** That of elementwise layers and those along channels: nothing moves. */
export function unmoved(): CoordMap {
  return identity;
}

/** The map of a window that goes over the bottom. */
export function windowMap(name: string, param: SpatialParameter | undefined, axis = 1): CoordMap {
  const { size, stride, pad } = windowOf(name, param);
  const scale = stride.map((s) => 1 / s);
  const offset = along((p, s) => p - (s - 1) / 2, pad, size);
  return { axis, scale, shift: along((o, s) => o / s, offset, stride) };
}

/** The map of a window that goes over the top. */
export function transposedMap(
  name: string,
  param: SpatialParameter | undefined,
  axis = 1,
): CoordMap {
  const { size, stride, pad } = windowOf(name, param);
  return { axis, scale: stride, shift: along((s, p) => (s - 1) / 2 - p, size, pad) };
}

interface Window {
  /** With dilation: from the first element to the last. */
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
}

/** @throws CaffeError where a field is not as a layer would take it */
function windowOf(name: string, param: SpatialParameter = {}): Window {
  const fail = (message: string): never => {
    throw new CaffeError(message);
  };
  const read = (field: SpatialField): readonly number[] =>
    spatialLengths(field, param, { name, fail });
  const padding = spatialPadding(param, { name, fail });
  if (padding === "same") {
    return fail(
      `${name}.pad_type: 1 pads by the size of the image, so its places are not known. Expected pad.`,
    );
  }
  return {
    size: along((k, d) => (k - 1) * d + 1, read("kernel"), read("dilation")),
    stride: read("stride"),
    pad: padding.before,
  };
}

/** f of two lists, a list of one entry standing for any length. */
function along(
  f: (a: number, b: number) => number,
  a: readonly number[],
  b: readonly number[],
): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) =>
    f(a[a.length === 1 ? 0 : i] ?? 0, b[b.length === 1 ? 0 : i] ?? 0),
  );
}

/**
 * First `next`, then `base`.
 * @throws CaffeError where they see coordinates from different axes on
 */
export function compose(base: CoordMap, next: CoordMap): CoordMap {
  if (base.axis !== undefined && next.axis !== undefined && base.axis !== next.axis) {
    throw new CaffeError(
      `the layers between see coordinates from axis ${base.axis} and ${next.axis} on. Expected one axis.`,
    );
  }
  const moved = along((scale, shift) => scale * shift, base.scale, next.shift);
  return {
    axis: base.axis ?? next.axis,
    scale: along((a, b) => a * b, base.scale, next.scale),
    shift: along((a, b) => a + b, moved, base.shift),
  };
}

/** From the other blob to the one. */
export function inverse({ axis, scale, shift }: CoordMap): CoordMap {
  return {
    axis,
    scale: scale.map((value) => 1 / value),
    shift: along((b, a) => -b / a, shift, scale),
  };
}

/**
 * The axis and offset of a Crop layer that cuts a blob to the place of another.
 * @param map from the first to the second
 * @param between begins messages
 * @throws CaffeError where the two differ in scale, or the offset is negative or no whole number
 */
export function cropOf(
  { axis, scale, shift }: CoordMap,
  between: string,
): { axis: number; offset: number[] } {
  const isOne = (value: number): boolean => Math.abs(value - 1) < 1e-9;
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-9;
  if (!scale.every(isOne)) {
    const [factor = 1] = scale.filter((value) => !isOne(value));
    const which = factor > 1 ? `the first by ${factor}` : `the second by ${1 / factor}`;
    throw new CaffeError(
      `${between} scale ${scale.join(",")}, one step of the first is as many of the second. Expected 1: upsample ${which}, with a Deconvolution.`,
    );
  }
  const offset = shift.map((value) => 0 - value);
  if (!offset.every(isWhole)) {
    throw new CaffeError(
      `${between} offset ${offset.join(",")}. Expected a whole number: change kernel, stride or pad of a layer between them.`,
    );
  }
  if (!offset.every((value) => value > -0.5)) {
    throw new CaffeError(
      `${between} offset ${offset.join(",")}, the first begins inside the second and is smaller. Expected 0 or more: pad more in the layers of the first.`,
    );
  }
  return { axis: (axis ?? 1) + 1, offset: shift.map((value) => Math.abs(Math.round(value))) };
}
