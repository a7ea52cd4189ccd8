/** What layers that find things have in common: the best of boxes that overlap, and rows of how many only the run knows. */
import { overlapModeOf } from "../../layers/cascade/patches.ts";
import type { Axis } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { lengthAlong, split } from "../graph/operators.ts";
import type { Site } from "./site.ts";

/** Lower than every score. */
export const NO_SCORE = -3e38;
/** Lower still: what suppression leaves out. */
export const LOWEST = -3.4e38;

/** Boxes that stay, by falling score within a class of an image: lists of whole numbers. */
interface Kept {
  readonly image: string;
  readonly label: string;
  readonly box: string;
  /** The three in rows. */
  readonly rows: string;
}

/** How boxes suppress each other. */
interface Suppression {
  /** What two boxes may overlap by. */
  readonly overlap: number;
  /** A score has to be above it. */
  readonly least: number;
  /** How many of a class stay. */
  readonly most: string;
}

/** Of boxes N×P×4 with scores N×C×P those that no better one of the same class overlaps by too much. */
export function suppress(
  g: GraphBuilder,
  boxes: string,
  scores: string,
  { overlap, least, most }: Suppression,
): Kept {
  const rows = g.op("NonMaxSuppression", [
    boxes,
    scores,
    most,
    g.floats([overlap], [1]),
    g.floats([least], [1]),
  ]);
  const [image = "", label = "", box = ""] = split(g, rows, 1, [1, 1, 1]).map((one) =>
    listOf(g, one),
  );
  return { image, label, box, rows };
}

/** The elements in a row. */
export function listOf(g: GraphBuilder, x: string): string {
  return g.op("Reshape", [x, g.ints([-1])]);
}

/** The elements one below the other. */
export function columnOf(g: GraphBuilder, x: string): string {
  return g.op("Reshape", [x, g.ints([-1, 1])]);
}

/** 0, 1, 2, … up to a list of one whole number. */
export function countTo(g: GraphBuilder, length: string): string {
  const scalar = (list: string): string => g.op("Reshape", [list, g.ints([], [0])]);
  return g.op("Range", [scalar(g.ints([0])), scalar(length), scalar(g.ints([1]))]);
}

/** Whole numbers from the least to the greatest. */
export function ascending(g: GraphBuilder, list: string): string {
  const count = lengthAlong(g, list, 0);
  return g.ops("TopK", [list, count], 2, { axis: 0, largest: 0, sorted: 1 })[0] as string;
}

/** The least of whole numbers and a limit, a list of one. */
export function atMost(g: GraphBuilder, length: string, limit: number): string {
  const isMore = g.op("Greater", [length, g.ints([limit])]);
  return g.op("Where", [isMore, g.ints([limit]), length]);
}

/** Rows `[image label score xmin ymin xmax ymax]`, 1×1×K×7; where there are none, one of −1 for each image. */
export function detections(at: Site, rows: string, images: Axis): string {
  const g = at.graph;
  const count = at.lengthOf(images);
  const numbers = g.op("Cast", [columnOf(g, countTo(g, count))], { to: 1 });
  const rest = g.op("Expand", [
    g.floats([-1], [1, 1]),
    g.op("Concat", [count, g.ints([6])], { axis: 0 }),
  ]);
  const empty = g.op("Concat", [numbers, rest], { axis: 1 });
  const isNone = g.op("Equal", [lengthAlong(g, rows, 0), g.ints([0])]);
  const none = g.op("Compress", [empty, g.op("Expand", [isNone, count])], { axis: 0 });
  const all = g.op("Concat", [rows, none], { axis: 0 });
  return g.op("Reshape", [all, g.ints([1, 1, -1, 7])]);
}

/** The next number below, of single floats: "above this" is "that or more". */
export function below(value: number): number {
  const [float] = Float32Array.of(value);
  if (float === 0) return -(2 ** -149);
  const bits = new Int32Array(Float32Array.of(float as number).buffer);
  bits[0] = (bits[0] as number) + ((float as number) > 0 ? -1 : 1);
  return new Float32Array(bits.buffer)[0] as number;
}

/** Where values are a number or more; a value that is no number is not. */
export function orMore(g: GraphBuilder, x: string, least: number): string {
  return g.op("Greater", [x, g.floats([below(least)])]);
}

/** Ends with an error where overlaps are shares of one of the boxes: ONNX has those of both together. */
export function checkUnion(at: Site, mode: string): void {
  if (overlapModeOf(mode) === "IOU") return;
  at.fail(
    `nms_type is ${mode}, and ONNX's suppression takes the share of both boxes together. Expected IOU, or a net that is cut before.`,
  );
}

/** Coordinates of boxes: the last axis, in four. */
export function coordinates(g: GraphBuilder, boxes: string, rank: number): readonly string[] {
  return split(g, boxes, rank - 1, [1, 1, 1, 1]);
}
