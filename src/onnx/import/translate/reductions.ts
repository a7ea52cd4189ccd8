import { countOf, sameShape } from "../../../util/shape.ts";
import { reducedAxes } from "../fold/shape-rules.ts";
import type { Spot, Translation } from "./spot.ts";

type Operation = "SUM" | "MEAN" | "ASUM" | "SUMSQ";

const reduce =
  (operation: Operation): Translation =>
  (at) => {
    const shape = at.shape(0);
    const axes = [...reducedAxes(at)].sort((a, b) => a - b);
    if (axes.length === 0) return at.fail("it reduces no axis. Expected one or more.");
    const isPlaces = shape.length === 4 && axes.join() === "2,3";
    if (isPlaces && operation === "MEAN") {
      const pooling_param = { pool: "AVE", global_pooling: true } as const;
      const [n = 1, c = 1] = shape;
      const isKept = at.made().length === 4;
      const pooled = at.layer(
        { type: "Pooling", bottom: [at.blob(0)], pooling_param },
        { part: isKept ? "" : "pool" },
      );
      return at.view(pooled, [n, c, 1, 1], at.made());
    }
    return reduced(at, operation, axes);
  };

/** Reduction takes all axes from one on: those that stay come first. */
function reduced(at: Spot, operation: Operation, axes: readonly number[]): string {
  const shape = at.shape(0);
  const rest = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const isLast = axes[0] === rest.length;
  const bottom = isLast
    ? at.blob(0)
    : at.layer(
        { type: "Permute", bottom: [at.blob(0)], permute_param: { order: [...rest, ...axes] } },
        { part: "order" },
      );
  const kept = rest.map((axis) => shape[axis] as number);
  const isSame = at.made().join() === kept.join();
  const result = at.layer(
    { type: "Reduction", bottom: [bottom], reduction_param: { operation, axis: rest.length } },
    { part: isSame ? "" : "sum" },
  );
  return at.view(result, kept, at.made());
}

/** The greatest over axes: of windows as long as they are. */
function greatest(at: Spot, bottom: string, part: string): string {
  const shape = at.shape(0);
  const axes = [...reducedAxes(at)].sort((a, b) => a - b);
  const [first = 0] = axes;
  if (axes.length === 0 || axes.some((axis, i) => axis !== first + i)) {
    at.fail(`it reduces axes ${axes.join(",")}. Expected one, or several side by side.`);
  }
  const isPlaces = shape.length === 4 && axes.join() === "2,3";
  const length = countOf(shape, first, first + axes.length);
  const rest = countOf(shape, first + axes.length);
  const front = first > 0 ? [shape[0] as number, countOf(shape, 1, first)] : [1, 1];
  const planes = isPlaces ? shape : [...front, length, rest];
  const pooled = isPlaces ? [...shape.slice(0, 2), 1, 1] : [...front, 1, rest];
  const isSame = sameShape(pooled, at.made());
  const most = at.layer(
    {
      type: "Pooling",
      bottom: [at.view(bottom, shape, planes, "planes")],
      pooling_param: {
        pool: "MAX",
        ...(isPlaces ? { global_pooling: true } : { kernel_h: length, kernel_w: 1 }),
      },
    },
    { part: isSame ? part : "greatest" },
  );
  return at.view(most, pooled, at.made(), part);
}

/** min x = −max −x */
const least: Translation = (at) => {
  const negative = (bottom: string, part: string): string =>
    at.layer({ type: "Power", bottom: [bottom], power_param: { scale: -1 } }, { part });
  return negative(greatest(at, negative(at.blob(0), "negative"), "max"), "");
};

/** √Σ x² */
const l2: Translation = (at) => {
  const axes = [...reducedAxes(at)].sort((a, b) => a - b);
  const squares = reduced(at, "SUMSQ", axes);
  return at.layer(
    { type: "Power", bottom: [squares], power_param: { power: 0.5 } },
    { part: "root" },
  );
};

/** Before version 13 a softmax is over all axes from one on. */
function softmaxed(at: Spot, part: string): string {
  const shape = at.shape(0);
  const isOld = at.graph.opset < 13;
  const axis = at.axis(at.number("axis", isOld ? 1 : -1), shape.length);
  const isAlone = shape.slice(axis + 1).every((length) => length === 1);
  const softmax = (bottom: string, own: number, name: string): string =>
    at.layer(
      { type: "Softmax", bottom: [bottom], ...(own !== 1 && { softmax_param: { axis: own } }) },
      { part: name },
    );
  if (!isOld || isAlone) return softmax(at.blob(0), axis, part);
  const rows = [...shape.slice(0, axis), shape.slice(axis).reduce((a, b) => a * b, 1)];
  const flat = at.view(at.blob(0), shape, rows, "rows");
  return at.view(softmax(flat, axis, "softmax"), rows, shape, part);
}

const logSoftmax: Translation = (at) =>
  at.layer({ type: "Log", bottom: [softmaxed(at, "softmax")] });

const argMax: Translation = (at) => {
  const shape = at.shape(0);
  const axis = at.axis(at.number("axis", 0), shape.length);
  const kept = shape.map((n, i) => (i === axis ? 1 : n));
  const isSame = at.made().length === kept.length;
  const places = at.layer(
    { type: "ArgMax", bottom: [at.blob(0)], argmax_param: { axis } },
    { part: isSame ? "" : "places" },
  );
  return at.view(places, kept, at.made());
};

/** Operators that make one number of many, or compare many. */
export const reductions: Readonly<Record<string, Translation>> = {
  ArgMax: argMax,
  LogSoftmax: logSoftmax,
  ReduceL1: reduce("ASUM"),
  ReduceL2: l2,
  ReduceMax: (at) => greatest(at, at.blob(0), ""),
  ReduceMean: reduce("MEAN"),
  ReduceMin: least,
  ReduceSum: reduce("SUM"),
  ReduceSumSquare: reduce("SUMSQ"),
  Softmax: (at) => softmaxed(at, ""),
};
