/** Operators whose form depends on the version of the set, from 11 to 21: what was a parameter became an input. */
import { float } from "./attributes.ts";
import type { GraphBuilder } from "./graph-builder.ts";

/** The lowest and the highest version that are written. */
export const OPSETS = { least: 11, most: 21 } as const;

/** What a file's messages are called where the operators are of that version. */
export function irVersion(opset: number): number {
  const known: Readonly<Record<number, number>> = {
    11: 6,
    12: 7,
    13: 7,
    14: 7,
    19: 9,
    20: 9,
    21: 10,
  };
  return known[opset] ?? 8;
}

/** Reductions of these names. */
export type Reduction =
  | "ReduceSum"
  | "ReduceMean"
  | "ReduceMax"
  | "ReduceL1"
  | "ReduceL2"
  | "ReduceSumSquare";

/** One number for all elements of these axes, which stay with length 1 where `keeps`. */
export function reduce(
  g: GraphBuilder,
  type: Reduction,
  x: string,
  axes: readonly number[],
  keeps = true,
): string {
  const keepdims = Number(keeps);
  const isInput = g.opset >= (type === "ReduceSum" ? 13 : 18);
  return isInput
    ? g.op(type, [x, g.ints(axes)], { keepdims })
    : g.op(type, [x], { axes, keepdims });
}

/** Elements from `starts` up to `ends` of these axes; what lies beyond the array does not count. */
export function slice(
  g: GraphBuilder,
  x: string,
  axes: readonly number[],
  starts: readonly number[],
  ends: readonly number[],
): string {
  return g.op("Slice", [x, g.ints(starts), g.ints(ends), g.ints(axes)]);
}

/** Pieces of these lengths along an axis. */
export function split(
  g: GraphBuilder,
  x: string,
  axis: number,
  lengths: readonly number[],
): readonly string[] {
  return g.opset < 13
    ? g.ops("Split", [x], lengths.length, { axis, split: lengths })
    : g.ops("Split", [x, g.ints(lengths)], lengths.length, { axis });
}

/** Values around an array: so many in front of each axis and behind it. */
export function pad(
  g: GraphBuilder,
  x: string,
  before: readonly number[],
  behind: readonly number[],
  value = 0,
): string {
  if ([...before, ...behind].every((length) => length === 0)) return x;
  return g.op("Pad", [x, g.ints([...before, ...behind]), g.floats([value])], { mode: "constant" });
}

/** Values within bounds. */
export function clip(g: GraphBuilder, x: string, min: number, max: number): string {
  return g.op("Clip", [x, g.floats([min]), g.floats([max])]);
}

/** eˣ over its sum along an axis. */
export function softmax(g: GraphBuilder, x: string, axis: number, rank: number): string {
  if (g.opset >= 13 || axis === rank - 1) return g.op("Softmax", [x], { axis });
  // Before 13 all axes from this one on are taken together.
  const perm = Array.from({ length: rank }, (_, i) => i);
  [perm[axis], perm[rank - 1]] = [rank - 1, axis];
  const moved = g.op("Transpose", [x], { perm });
  return g.op("Transpose", [g.op("Softmax", [moved], { axis: rank - 1 })], { perm });
}

/** x · factor + summand, without the parts that change nothing. */
export function line(g: GraphBuilder, x: string, factor: number, summand: number): string {
  const scaled = factor === 1 ? x : g.op("Mul", [x, g.floats([factor])]);
  return summand === 0 ? scaled : g.op("Add", [scaled, g.floats([summand])]);
}

/** A number where a condition holds, 1, and 0 elsewhere. */
export function asFloat(g: GraphBuilder, x: string): string {
  return g.op("Cast", [x], { to: 1 });
}

/** Floats, which are whole numbers, as such: what lies behind the point is dropped. */
export function asInteger(g: GraphBuilder, x: string): string {
  return g.op("Cast", [x], { to: 7 });
}

/** max(x, 0) + slope · min(x, 0). */
export function leakyRelu(g: GraphBuilder, x: string, slope: number): string {
  if (slope === 0) return g.op("Relu", [x]);
  return slope === 1 ? x : g.op("LeakyRelu", [x], { alpha: float(slope) });
}

/** Beyond every end: up to the last element. */
export const TO_END: number = Number.MAX_SAFE_INTEGER;

/** Axes turned round: the last element comes first. */
export function reverse(g: GraphBuilder, x: string, axes: readonly number[]): string {
  const all = (value: number): string => g.ints(axes.map(() => value));
  return g.op("Slice", [x, all(-1), all(-TO_END), g.ints(axes), all(-1)]);
}

/** The length of an axis as the graph runs, a list of one number. */
export function lengthAlong(g: GraphBuilder, x: string, axis: number): string {
  return slice(g, g.op("Shape", [x]), [0], [axis], [axis + 1]);
}

/** How places of a larger or smaller array lie on those of another. */
interface Resizing {
  readonly mode: "nearest" | "linear";
  readonly coordinates: "align_corners" | "asymmetric" | "half_pixel" | "pytorch_half_pixel";
  /** What "nearest" does between two places. */
  readonly rounding?: "floor" | "round_prefer_ceil";
}

/** An array of other lengths, given as a list of whole numbers for all axes. */
export function resize(
  g: GraphBuilder,
  x: string,
  lengths: string,
  { mode, coordinates, rounding = "floor" }: Resizing,
): string {
  // Version 11 has no input that is left out here.
  const none = g.opset < 13 ? g.floats([], [0]) : "";
  return g.op("Resize", [x, none, none, lengths], {
    mode,
    coordinate_transformation_mode: coordinates,
    ...(mode === "nearest" && { nearest_mode: rounding }),
  });
}

/** As `resize`, each axis so many times as long; places are repeated. */
export function repeatPlaces(g: GraphBuilder, x: string, factors: readonly number[]): string {
  const none = g.opset < 13 ? g.floats([], [0]) : "";
  return g.op("Resize", [x, none, g.floats(factors, [factors.length])], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
}
