import { withDefaults } from "../../io/proto/messages.ts";
import { type Axis, fixedCount } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import {
  asFloat,
  lengthAlong,
  line,
  type Reduction,
  reduce,
  reverse,
  softmax,
} from "../graph/operators.ts";
import type { Translation } from "./site.ts";

const eltwise: Translation = (at) => {
  const { graph: g, x, bottoms, param } = at;
  const { operation, coeff, axis } = withDefaults("EltwiseParameter", param.eltwise_param);
  const second = bottoms[1]!;
  const isSmaller = second.rank < x.rank || axis !== 0;
  const values = bottoms.map(({ value, axes }, i) => {
    if (i !== 1 || !isSmaller) return value;
    const behind = x.axes.slice(x.axis(axis) + axes.length).map(() => 1);
    return at.reshape(value, axes, [...axes, ...behind]);
  });
  if (operation === "MAX") return g.op("Max", values);
  if (operation === "PROD") return values.reduce((product, one) => g.op("Mul", [product, one]));
  const terms = values.map((value, i) => line(g, value, coeff[i] ?? 1, 0));
  return terms.reduce((sum, term) => g.op("Add", [sum, term]));
};

const axpy: Translation = (at) => {
  const { graph: g, bottoms } = at;
  const [a, x, y] = bottoms;
  const factor = at.reshape(a!.value, a!.axes, [
    ...a!.axes.slice(0, 2),
    ...x!.axes.slice(2).map(() => 1),
  ]);
  return g.op("Add", [g.op("Mul", [factor, x!.value]), y!.value]);
};

const mul: Translation = (at) =>
  at.graph.op("Mul", [at.x.value, at.bottoms[1]?.value ?? at.weights(0, "factor")]);

/** The greatest values along an axis, of equal ones the later, and where they are, as whole numbers. */
function greatest(
  g: GraphBuilder,
  x: string,
  axis: number,
  count: number,
): readonly [values: string, places: string] {
  // Of equal ones ONNX takes the earlier.
  const [values = "", places = ""] = g.ops("TopK", [reverse(g, x, [axis]), g.ints([count])], 2, {
    axis,
    largest: 1,
    sorted: 1,
  });
  const last = g.op("Sub", [lengthAlong(g, x, axis), g.ints([1])]);
  return [values, g.op("Sub", [last, places])];
}

const argMax: Translation = (at) => {
  const { graph: g, x, y, param } = at;
  const { top_k, out_max_val, axis: given } = withDefaults("ArgMaxParameter", param.argmax_param);
  if (param.argmax_param?.axis !== undefined) {
    const axis = x.axis(given as number);
    if (top_k === 1 && !out_max_val && g.opset >= 12) {
      return asFloat(g, g.op("ArgMax", [x.value], { axis, keepdims: 1, select_last_index: 1 }));
    }
    const [values, places] = greatest(g, x.value, axis, top_k);
    return out_max_val ? values : asFloat(g, places);
  }
  const [n = 1] = x.axes;
  const rows = g.op("Flatten", [x.value], { axis: 1 });
  const [values, places] = greatest(g, rows, 1, top_k);
  const from: Axis[] = [n, out_max_val ? 2 * top_k : top_k];
  const found = out_max_val
    ? g.op("Concat", [asFloat(g, places), values], { axis: 1 })
    : asFloat(g, places);
  return at.reshape(found, from, y.axes);
};

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  SUM: "ReduceSum",
  ASUM: "ReduceL1",
  SUMSQ: "ReduceSumSquare",
  MEAN: "ReduceMean",
};

const reduction: Translation = ({ graph: g, x, param }) => {
  const { operation, axis, coeff } = withDefaults("ReductionParameter", param.reduction_param);
  const axes = x.axes.map((_, i) => i).slice(x.axis(axis));
  const type = REDUCTIONS[operation] as Reduction;
  return line(g, reduce(g, type, x.value, axes, false), coeff, 0);
};

const softmaxed: Translation = ({ graph, x, param }) => {
  const { axis } = withDefaults("SoftmaxParameter", param.softmax_param);
  return softmax(graph, x.value, x.axis(axis), x.rank);
};

/** Distances to learned centres, or to those of a bottom. */
const innerDistance: Translation = (at) => {
  const { graph: g, x, y, bottoms, blobs, param } = at;
  const { axis, distance_type, normalize, update_center_only } = withDefaults(
    "InnerDistanceParameter",
    param.inner_distance_param,
  );
  if (update_center_only) {
    at.fail(
      "update_center_only needs labels, which there are none of outside training. Expected it to be left out.",
    );
  }
  const from = x.axis(axis);
  const features = fixedCount(x.axes.slice(from));
  const outer = x.axes.slice(0, from);
  const rows = at.reshape(x.value, x.axes, [...outer, 1, features]);
  const given = bottoms[1];
  const centres = given
    ? at.reshape(given.value, given.axes, [given.axes[0] as Axis, features])
    : normalize
      ? at.made("centre", [blobs[0]?.shape[0] ?? 1, features], () =>
          unitRows(blobs[0]!.values(), features),
        )
      : at.weights(0, "centre", [blobs[0]?.shape[0] ?? 1, features]);
  const gap = g.op("Sub", [rows, centres]);
  const type = distance_type === "L1" ? "ReduceL1" : "ReduceSumSquare";
  const distance = reduce(g, type, gap, [y.rank], false);
  const bias = blobs[given ? 0 : 1];
  return bias ? g.op("Add", [distance, at.weights(given ? 0 : 1, "bias")]) : distance;
};

/** Rows divided by their lengths, as the layer does with its centres. */
function unitRows(values: ArrayLike<number>, length: number): Float64Array {
  const rows = Float64Array.from(values);
  for (let start = 0; start < rows.length; start += length) {
    const row = rows.subarray(start, start + length);
    const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 1e-6));
    row.forEach((value, i) => {
      row[i] = value / norm;
    });
  }
  return rows;
}

/** Several arrays made one, and arrays made smaller by sums and choices. */
export const combinations: Readonly<Record<string, Translation>> = {
  ArgMax: argMax,
  Axpy: axpy,
  Eltwise: eltwise,
  InnerDistance: innerDistance,
  Mul: mul,
  Reduction: reduction,
  Silence: () => [],
  Softmax: softmaxed,
};
