/** Cascade R-CNN's layers of regions: moved from stage to stage, chosen by size, and what is found in the end. */
import { withDefaults } from "../../io/proto/messages.ts";
import { type BoxScale, boxScaleOf } from "../../layers/cascade/box-scale.ts";
import type { Axis, Operand } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { lengthAlong, line, pad, reduce, slice } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import {
  ascending,
  atMost,
  checkUnion,
  columnOf,
  coordinates,
  countTo,
  LOWEST,
  listOf,
  NO_SCORE,
  orMore,
  suppress,
} from "./suppression.ts";

/** Edges of boxes, each an array of its own, of one shape. */
type Edges = readonly [x0: string, y0: string, x1: string, y1: string];

/** What predictions …×4 mean: prediction · std + mean. */
function unscaledInGraph(g: GraphBuilder, x: string, { mean, std }: BoxScale): string {
  const scaled = std.every((one) => one === 1) ? x : g.op("Mul", [x, g.floats(std, [4])]);
  return mean.every((one) => one === 0) ? scaled : g.op("Add", [scaled, g.floats(mean, [4])]);
}

/** Boxes R×1×4 moved and stretched by offsets R×K×4: edges R×K×1. */
function moved(g: GraphBuilder, boxes: string, offsets: string): Edges {
  const [x0 = "", y0 = "", x1 = "", y1 = ""] = coordinates(g, boxes, 3);
  const [dx = "", dy = "", dw = "", dh = ""] = coordinates(g, offsets, 3);
  const along = (from: string, to: string, move: string, grow: string): [string, string] => {
    const size = line(g, g.op("Sub", [to, from]), 1, 1);
    const half = line(g, g.op("Add", [to, from]), 0.5, 0);
    const middle = g.op("Add", [g.op("Mul", [move, size]), half]);
    const length = g.op("Mul", [size, g.op("Exp", [grow])]);
    const start = g.op("Sub", [middle, line(g, line(g, length, 1, -1), 0.5, 0)]);
    return [start, line(g, g.op("Add", [start, length]), 1, -1)];
  };
  const [left, right] = along(x0, x1, dx, dw);
  const [top, bottom] = along(y0, y1, dy, dh);
  return [left, top, right, bottom];
}

/** Regions R×5 (or R×6, their score behind), as images R×1 and boxes R×1×4. */
function regionsOf(at: Site, rois: Operand): { readonly images: string; readonly boxes: string } {
  const g = at.graph;
  const width = rois.axes.slice(1).reduce<number>((count, _, i) => count * rois.length(i + 1), 1);
  const rows = g.op("Reshape", [rois.value, g.ints([-1, width])]);
  const boxes = g.op("Reshape", [slice(g, rows, [1], [1], [5]), g.ints([-1, 1, 4])]);
  return { images: slice(g, rows, [1], [0], [1]), boxes };
}

const decodeBBox: Translation = (at) => {
  const { graph: g, bottoms, param, y } = at;
  const { images, boxes } = regionsOf(at, bottoms[1]!);
  // Behind the offset of the background is that of an object.
  const both = g.op("Reshape", [at.x.value, g.ints([-1, 2, 4])]);
  const offsets = slice(g, both, [1], [1], [2]);
  const edges = moved(
    g,
    boxes,
    unscaledInGraph(g, offsets, boxScaleOf(param.bbox_reg_param, at.failing)),
  );
  const rows = g.op("Concat", [images, ...edges.map((edge) => columnOf(g, edge))], { axis: 1 });
  return at.reshape(rows, [y.axes[0] as Axis, 5], y.axes);
};

/** The middle of all scales, where no bound is given. */
const MIDDLE = 256;

const scaleRoute: Translation = (at) => {
  const { graph: g, bottoms, param } = at;
  const { low_scale: low, high_scale: high } = param.scale_route_param ?? {};
  const { boxes } = regionsOf(at, at.x);
  const [x0 = "", y0 = "", x1 = "", y1 = ""] = coordinates(g, boxes, 3);
  const along = (from: string, to: string): string =>
    g.op("Max", [line(g, g.op("Sub", [to, from]), 1, 1), g.floats([0])]);
  const scales = listOf(g, g.op("Sqrt", [g.op("Mul", [along(x0, x1), along(y0, y1)])]));
  const bounds = [
    ...(low === undefined ? [] : [orMore(g, scales, low)]),
    ...(high === undefined ? [] : [g.op("Less", [scales, g.floats([high])])]),
  ];
  if (bounds.length === 0) return bottoms.map(({ value }) => value);
  const isOf = bounds.length === 2 ? g.op("And", bounds) : bounds[0]!;
  const middle =
    low !== undefined && high !== undefined ? Math.sqrt(low * high) : (low ?? high ?? MIDDLE);
  const distances = g.op("Abs", [g.op("Log", [line(g, scales, 1 / middle, 0)])]);
  const nearest = g.op("ArgMin", [distances], { axis: 0 });
  const isNearest = g.op("Equal", [countTo(g, lengthAlong(g, scales, 0)), nearest]);
  const count = reduce(g, "ReduceSum", g.op("Cast", [isOf], { to: 7 }), [0]);
  const isNone = g.op("Equal", [count, g.ints([0])]);
  const taken = g.op("Or", [isOf, g.op("And", [isNone, isNearest])]);
  return bottoms.map(({ value }) => g.op("Compress", [value, taken], { axis: 0 }));
};

const frcnnOutput: Translation = (at) => {
  const { graph: g, bottoms, param } = at;
  const [scores, offsets, rois, size] = bottoms as [Operand, Operand, Operand, Operand];
  const own = withDefaults("FrcnnOutputParameter", param.frcnn_output_param);
  checkUnion(at, own.nms_type);
  const classes = scores.length(1);
  if (classes < 2) at.fail(`bottom 0 has ${classes} classes. Expected 2 or more, for ONNX.`);
  const isAware = param.bbox_reg_param?.cls_aware ?? true;
  const { boxes } = regionsOf(at, rois);
  const kinds = isAware ? classes : 2;
  const all = g.op("Reshape", [offsets.value, g.ints([-1, kinds, 4])]);
  const moves = unscaledInGraph(
    g,
    slice(g, all, [1], [1], [kinds]),
    boxScaleOf(param.bbox_reg_param, at.failing),
  );
  const [x0, y0, x1, y1] = moved(g, boxes, moves);
  const input = listOf(g, size.value);
  const [height, width] = [slice(g, input, [0], [0], [1]), slice(g, input, [0], [1], [2])];
  const zero = g.floats([0]);
  const cut: Edges = [
    g.op("Max", [x0, zero]),
    g.op("Max", [y0, zero]),
    g.op("Min", [x1, width]),
    g.op("Min", [y1, height]),
  ];
  // Regions by classes turn into classes by regions: each class is an image of its own to the suppression.
  const byClass = (x: string): string => g.op("Transpose", [x], { perm: [1, 0, 2] });
  const found = byClass(g.op("Concat", cut, { axis: 2 }));
  const [a = "", b = "", c = "", d = ""] = coordinates(g, found, 3);
  const isTurned = g.op("Or", [g.op("Less", [c, a]), g.op("Less", [d, b])]);
  const pixels = g.op("Add", [found, g.floats([0, 0, 1, 1], [4])]);
  const single = g.op("Where", [isTurned, zero, pixels]);
  const areas = isAware ? single : g.op("Expand", [single, g.ints([classes - 1, 1, 1])]);
  const objects = slice(
    g,
    g.op("Transpose", [scores.value], { perm: [1, 0] }),
    [0],
    [1],
    [classes],
  );
  const isSure = orMore(g, objects, own.conf_thr);
  const looked = g.op("Where", [isSure, objects, g.floats([LOWEST])]);
  const kept = suppress(g, areas, g.op("Reshape", [looked, g.ints([classes - 1, 1, -1])]), {
    overlap: own.iou_thr,
    least: NO_SCORE,
    most: lengthAlong(g, areas, 1),
  });
  const place = (first: string): string =>
    g.op("Concat", [columnOf(g, first), columnOf(g, kept.box)], { axis: 1 });
  const kind = isAware ? kept.image : g.op("Mul", [kept.image, g.ints([0])]);
  const score = g.op("GatherND", [objects, place(kept.image)]);
  const label = g.op("Cast", [g.op("Add", [kept.image, g.ints([1])])], { to: 1 });
  const columns = [g.op("GatherND", [found, place(kind)]), columnOf(g, label), columnOf(g, score)];
  let rows = pad(g, g.op("Concat", columns, { axis: 1 }), [0, 1], [0, 0]);
  if (own.max_det_num > 0) {
    const most = atMost(g, lengthAlong(g, score, 0), own.max_det_num);
    const [, best = ""] = g.ops("TopK", [score, most], 2, { axis: 0, largest: 1, sorted: 1 });
    rows = g.op("Gather", [rows, ascending(g, best)], { axis: 0 });
  }
  const first = g.floats([0, -1, -1, -1, -1, -1, -1], [1, 7]);
  return g.op("Reshape", [g.op("Concat", [first, rows], { axis: 0 }), g.ints([-1, 7, 1, 1])]);
};

/** Regions on their way through the stages of a cascade. */
export const cascades: Readonly<Record<string, Translation>> = {
  DecodeBBox: decodeBBox,
  FrcnnOutput: frcnnOutput,
  ScaleRoute: scaleRoute,
};
