import { withDefaults } from "../../io/proto/messages.ts";
import { float } from "../graph/attributes.ts";
import { type Axis, fixed } from "../graph/axes.ts";
import { asFloat, clip, line, reduce, slice, TO_END } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import { coordinates, countTo } from "./suppression.ts";

const roiPooling: Translation = (at) => {
  const { graph: g, x, bottoms, param } = at;
  const { pooled_h = 1, pooled_w = 1, spatial_scale = 1 } = param.roi_pooling_param ?? {};
  return g.op("MaxRoiPool", [x.value, rowsOf(at, bottoms[1]!.value)], {
    pooled_shape: [pooled_h, pooled_w],
    spatial_scale: float(spatial_scale),
  });
};

/** Regions R×5, whatever axes of length 1 they have besides. */
function rowsOf(at: Site, regions: string): string {
  return at.bottoms[1]!.rank === 2
    ? regions
    : at.graph.op("Reshape", [regions, at.graph.ints([-1, 5])]);
}

/** The image of each region, R×1, and its edges xmin, ymin, xmax, ymax, each R×1. */
function regionsOf(at: Site): { readonly image: string; readonly edges: readonly string[] } {
  const g = at.graph;
  const rows = rowsOf(at, at.bottoms[1]!.value);
  return {
    image: slice(g, rows, [1], [0], [1]),
    edges: coordinates(g, slice(g, rows, [1], [1], [TO_END]), 2),
  };
}

/** 1 where a region lies in an image of the batch: R×N. */
function choiceOf(at: Site, image: string): string {
  const g = at.graph;
  const numbers = g.op("Cast", [countTo(g, at.lengthOf(at.x.axes[0] as Axis))], { to: 1 });
  return asFloat(g, g.op("Equal", [g.op("Floor", [image]), numbers]));
}

/** The places of an axis, 1×1×L. */
function placesOf(at: Site, axis: Axis): string {
  const g = at.graph;
  const all = g.op("Cast", [countTo(g, at.lengthOf(axis))], { to: 1 });
  return g.op("Reshape", [all, g.ints([1, 1, -1])]);
}

/** The nearest whole number; halves go away from 0. */
function roundAway(at: Site, value: string): string {
  const g = at.graph;
  const size = g.op("Floor", [line(g, g.op("Abs", [value]), 1, 0.5)]);
  return g.op("Mul", [g.op("Sign", [value]), size]);
}

/** The mean of each bin, over channels of its own: products with masks of rows and columns. */
const psRoiPooling: Translation = (at) => {
  const { graph: g, x, param } = at;
  const {
    output_dim: dim = 1,
    group_size: group = 1,
    spatial_scale = 1,
  } = param.psroi_pooling_param ?? {};
  const { image, edges } = regionsOf(at);
  const [n = 1, , h = 1, w = 1] = x.axes;
  const bins = g.floats(
    Array.from({ length: group }, (_, i) => i),
    [1, group],
  );
  const masks = [h, w].map((axis, i) => {
    const [from, to] = [edges[1 - i]!, edges[3 - i]!].map((edge) => roundAway(at, edge));
    const start = line(g, from!, spatial_scale, 0);
    const end = line(g, line(g, to!, 1, 1), spatial_scale, 0);
    const size = line(
      g,
      g.op("Max", [g.op("Sub", [end, start]), g.floats([0.1], [1])]),
      1 / group,
      0,
    );
    const edgeAt = (number: string): string => g.op("Add", [g.op("Mul", [number, size]), start]);
    const low = g.op("Floor", [edgeAt(bins)]);
    const high = g.op("Ceil", [edgeAt(line(g, bins, 1, 1))]);
    const places = placesOf(at, axis);
    const column = (value: string): string => g.op("Reshape", [value, g.ints([0, group, 1])]);
    const isIn = g.op("And", [
      g.op("Not", [g.op("Less", [places, column(low)])]),
      g.op("Less", [places, column(high)]),
    ]);
    // R×G×L.
    return asFloat(g, isIn);
  });
  const [rows = "", columns = ""] = masks;
  // N×D×G×G×H×W times 1×1×1×G×W×R: sums along rows.
  const planes = at.reshape(x.value, x.axes, [n, dim, group, group, h, w]);
  const across = g.op("Transpose", [columns], { perm: [1, 2, 0] });
  const sums = g.op("MatMul", [planes, across]);
  // R×N times R×G×L, as N×1×G×1×H×R.
  const chosen = g.op("Mul", [
    g.op("Reshape", [
      choiceOf(at, image),
      g.op("Concat", [g.ints([-1]), at.lengthOf(n), g.ints([1, 1])], { axis: 0 }),
    ]),
    g.op("Reshape", [rows, g.op("Concat", [g.ints([-1, 1, group]), at.lengthOf(h)], { axis: 0 })]),
  ]);
  const down = g.op("Transpose", [chosen], { perm: [1, 2, 3, 0] });
  const shape = g.op(
    "Concat",
    [at.lengthOf(n), g.ints([1, group, 1]), at.lengthOf(h), g.ints([-1])],
    { axis: 0 },
  );
  const weighed = g.op("Mul", [sums, g.op("Reshape", [down, shape])]);
  const totals = g.op("Transpose", [reduce(g, "ReduceSum", weighed, [0, 4], false)], {
    perm: [3, 0, 1, 2],
  });
  const counts = [rows, columns].map((mask) => reduce(g, "ReduceSum", mask, [2]));
  const area = g.op("Mul", [counts[0]!, g.op("Transpose", [counts[1]!], { perm: [0, 2, 1] })]);
  const divisor = g.op("Max", [
    g.op("Reshape", [area, g.ints([-1, 1, group, group])]),
    g.floats([1]),
  ]);
  return g.op("Div", [totals, divisor]);
};

/** Values between places, at corners of a grid: products with the shares of rows and columns. */
const roiAlign: Translation = (at) => {
  const { graph: g, x, y, param } = at;
  const own = withDefaults("ROIPoolingParameter", param.roi_pooling_param);
  const { pooled_h = 1, pooled_w = 1, spatial_scale: scale, pad_ratio: ratio } = own;
  const { image, edges } = regionsOf(at);
  const [n = 1, c = 1, h = 1, w = 1] = x.axes;
  const shares = [h, w].map((axis, i) => {
    const corners = (i === 0 ? pooled_h : pooled_w) + 1;
    const [from, to] = [edges[1 - i]!, edges[3 - i]!];
    const margin = line(g, line(g, g.op("Sub", [to, from]), 1, 1), ratio, 0);
    const start = line(g, g.op("Sub", [from, margin]), scale, -0.5);
    const end = line(g, g.op("Add", [to, margin]), scale, -0.5);
    const size = g.op("Sub", [end, start]);
    const steps = g.floats(
      Array.from({ length: corners }, (_, k) => k),
      [1, corners],
    );
    const place = g.op("Add", [g.op("Mul", [line(g, size, 1 / (corners - 1), 0), steps]), start]);
    const length = g.op("Cast", [at.lengthOf(axis)], { to: 1 });
    const isSome = g.op("Greater", [size, g.floats([0])]);
    const isIn = g.op("Not", [
      g.op("Or", [
        g.op("Less", [place, g.floats([-0.5])]),
        g.op("Greater", [place, line(g, length, 1, -0.5)]),
      ]),
    ]);
    const inside = g.op("Max", [g.op("Min", [place, line(g, length, 1, -1)]), g.floats([0])]);
    const column = g.op("Reshape", [inside, g.ints([0, corners, 1])]);
    const apart = g.op("Abs", [g.op("Sub", [placesOf(at, axis), column])]);
    const share = clip(g, line(g, g.op("Neg", [apart]), 1, 1), 0, 1);
    const counts = g.op("Reshape", [
      asFloat(g, g.op("And", [isIn, isSome])),
      g.ints([0, corners, 1]),
    ]);
    return g.op("Mul", [share, counts]);
  });
  const [rows = "", columns = ""] = shares;
  const [down, across] = [pooled_h + 1, pooled_w + 1];
  // N×C×H×W times W×(R·J).
  const flat = g.op("Transpose", [columns], { perm: [2, 0, 1] });
  const wide = g.op("Reshape", [flat, g.op("Concat", [at.lengthOf(w), g.ints([-1])], { axis: 0 })]);
  const sums = g.op("MatMul", [x.value, wide]);
  const channels = fixed(c);
  const parts = g.op("Reshape", [
    sums,
    g.op("Concat", [at.lengthOf(n), g.ints([channels]), at.lengthOf(h), g.ints([-1, across])], {
      axis: 0,
    }),
  ]);
  const byRegion = g.op("Transpose", [parts], { perm: [3, 0, 2, 1, 4] });
  const count = at.lengthOf(y.axes[0] as Axis);
  const columnsOfRegion = g.op("Reshape", [
    byRegion,
    g.op("Concat", [count, g.ints([-1, channels * across])], { axis: 0 }),
  ]);
  // R×I×(N·H): a region's own image alone.
  const chosen = g.op("Mul", [
    g.op("Reshape", [
      choiceOf(at, image),
      g.op("Concat", [g.ints([-1, 1]), at.lengthOf(n), g.ints([1])], { axis: 0 }),
    ]),
    g.op("Reshape", [rows, g.op("Concat", [g.ints([-1, down, 1]), at.lengthOf(h)], { axis: 0 })]),
  ]);
  const weights = g.op("Reshape", [
    chosen,
    g.op("Concat", [count, g.ints([down, -1])], { axis: 0 }),
  ]);
  const pooled = g.op("Reshape", [
    g.op("MatMul", [weights, columnsOfRegion]),
    g.ints([-1, down, channels, across]),
  ]);
  return g.op("Transpose", [pooled], { perm: [0, 2, 1, 3] });
};

/** Features of regions. */
export const regions: Readonly<Record<string, Translation>> = {
  PSROIPooling: psRoiPooling,
  ROIAlign: roiAlign,
  ROIPooling: roiPooling,
};
