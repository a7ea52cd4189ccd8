import { countOf, type Shape } from "../../../util/shape.ts";
import type { Parameters } from "../parameters.ts";
import { transposedWindowsOf, windowsOf } from "../windows.ts";
import { broadcastShape } from "./arrays.ts";
import type { ShapeRule } from "./shape-rule.ts";
import { viewRules } from "./view-shapes.ts";

const same: ShapeRule = (p) => [p.shape(0)];

const broadcast: ShapeRule = (p) => {
  const shapes = p.node.inputs.map((_, i) => p.shape(i));
  return [
    shapes.reduce(
      (all, one) =>
        broadcastShape(all, one) ??
        p.fail(`inputs are ${all.join("×")} and ${one.join("×")}. Expected equal lengths, or 1.`),
    ),
  ];
};

/** Makes sure that groups divide channels, and that an input has those that weights are for. */
function checkGroups(p: Parameters, divided: number, wanted: (group: number) => number): void {
  const group = p.number("group", 1);
  const channels = p.shape(0)[1] ?? 0;
  if (group >= 1 && divided % group === 0 && wanted(group) === channels) return;
  p.fail(
    `its weights are ${p.shape(1).join("×")} in ${group} groups, and its input has ${channels} channels. Expected weights for as many.`,
  );
}

const conv: ShapeRule = (p) => {
  const weights = p.shape(1);
  const [n = 1] = p.shape(0);
  checkGroups(p, weights[0] ?? 0, (group) => (weights[1] ?? 0) * group);
  return [[n, weights[0] ?? 0, ...windowsOf(p, weights.slice(2)).counts]];
};

const convTranspose: ShapeRule = (p) => {
  const weights = p.shape(1);
  checkGroups(p, weights[0] ?? 0, () => weights[0] ?? 0);
  const channels = (weights[1] ?? 0) * p.number("group", 1);
  return [[p.shape(0)[0] ?? 1, channels, ...transposedWindowsOf(p, weights.slice(2)).places]];
};

const pool: ShapeRule = (p) => {
  const shape = [...p.shape(0).slice(0, 2), ...windowsOf(p).counts];
  return p.node.outputs.map(() => shape);
};

const globalPool: ShapeRule = (p) => [p.shape(0).map((length, i) => (i < 2 ? length : 1))];

const gemm: ShapeRule = (p) => {
  const [a, b] = [p.shape(0), p.shape(1)];
  return [[a[p.number("transA", 0)] ?? 0, b[1 - p.number("transB", 0)] ?? 0]];
};

const matMul: ShapeRule = (p) => {
  const [a, b] = [p.shape(0), p.shape(1)];
  if (a.length === 0 || b.length === 0) p.fail("an input is a single number. Expected arrays.");
  const outer = broadcastShape(a.slice(0, -2), b.slice(0, -2));
  if (!outer)
    return p.fail(`inputs are ${a.join("×")} and ${b.join("×")}. Expected matching axes.`);
  return [[...outer, ...a.slice(-2, -1), ...(b.length > 1 ? b.slice(-1) : [])]];
};

const concat: ShapeRule = (p) => {
  const shapes = p.node.inputs.map((_, i) => p.shape(i));
  const [first = []] = shapes;
  const axis = p.axis(p.number("axis", 1), first.length);
  const isOdd = shapes.some(
    (shape) => shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i]),
  );
  if (isOdd) {
    p.fail(
      `inputs are ${shapes.map((one) => one.join("×")).join(", ")}. Expected equal lengths but on axis ${axis}.`,
    );
  }
  const length = shapes.reduce((sum, shape) => sum + (shape[axis] as number), 0);
  return [first.map((n, i) => (i === axis ? length : n))];
};

/** Axes that a reduction sums over; all of them where none are named. */
export function reducedAxes(p: Parameters): readonly number[] {
  const rank = p.shape(0).length;
  const given = p.list("axes", 1) ?? [];
  if (given.length === 0 && p.number("noop_with_empty_axes", 0) === 1) return [];
  return given.length === 0 ? p.shape(0).map((_, i) => i) : given.map((axis) => p.axis(axis, rank));
}

const reduce: ShapeRule = (p) => {
  const axes = reducedAxes(p);
  const keeps = p.number("keepdims", 1) === 1;
  const shape = p.shape(0);
  return [
    keeps
      ? shape.map((n, i) => (axes.includes(i) ? 1 : n))
      : shape.filter((_, i) => !axes.includes(i)),
  ];
};

const argMax: ShapeRule = (p) => {
  const shape = p.shape(0);
  const axis = p.axis(p.number("axis", 0), shape.length);
  const keeps = p.number("keepdims", 1) === 1;
  return [keeps ? shape.map((n, i) => (i === axis ? 1 : n)) : shape.filter((_, i) => i !== axis)];
};

const topK: ShapeRule = (p) => {
  const shape = p.shape(0);
  const axis = p.axis(p.number("axis", -1), shape.length);
  const count = p.known(1, "k").values[0] as number;
  const made = shape.map((n, i) => (i === axis ? count : n));
  return [made, made];
};

/** The lengths that Resize and Upsample make: given, or ⌊length · scale⌋. */
const resize: ShapeRule = (p) => {
  const shape = p.shape(0);
  const { sizes, scales } = resizing(p);
  return [sizes ?? shape.map((n, i) => Math.floor(n * (scales?.[i] ?? 1)))];
};

/** What Resize and Upsample say of lengths, for every axis: the one or the other. */
export function resizing(p: Parameters): {
  readonly sizes?: readonly number[];
  readonly scales?: readonly number[];
} {
  const isUpsample = p.node.type === "Upsample";
  const list = (index: number, what: string): readonly number[] | undefined => {
    if (p.input(index) === undefined || p.shape(index)[0] === 0) return undefined;
    return Array.from(p.known(index, what).values);
  };
  const old = p.graph.opset < 11;
  const scales = isUpsample || old ? p.list("scales", 1) : list(2, "scales");
  const sizes = isUpsample || old ? undefined : list(3, "sizes");
  const rank = p.shape(0).length;
  const axes = (p.numbers("axes") ?? p.shape(0).map((_, i) => i)).map((axis) => p.axis(axis, rank));
  const given = sizes ?? scales;
  if (!given || given.length !== axes.length || given.some((one) => !(one >= 0))) {
    p.fail(
      `its ${sizes ? "sizes" : "scales"} are ${given?.join(",") ?? "left out"}. Expected a number for each of ${axes.length} axes.`,
    );
  }
  const spread = (usual: (axis: number) => number): number[] =>
    p.shape(0).map((_, axis) => given?.[axes.indexOf(axis)] ?? usual(axis));
  if (sizes && p.text("keep_aspect_ratio_policy", "stretch") !== "stretch") {
    p.fail("keep_aspect_ratio_policy is given. Expected sizes that are to be met.");
  }
  return sizes
    ? { sizes: spread((axis) => p.shape(0)[axis] as number) }
    : { scales: spread(() => 1) };
}

const depthToSpace: ShapeRule = (p) => {
  const [n = 1, c = 1, h = 1, w = 1] = p.shape(0);
  const side = p.number("blocksize", 1);
  return [[n, c / side ** 2, h * side, w * side]];
};

const spaceToDepth: ShapeRule = (p) => {
  const [n = 1, c = 1, h = 1, w = 1] = p.shape(0);
  const side = p.number("blocksize", 1);
  return [[n, c * side ** 2, Math.floor(h / side), Math.floor(w / side)]];
};

/** LSTM, GRU, RNN: all steps, and the last one's states. */
const recurrence: ShapeRule = (p) => {
  const [steps = 1, batch = 1] = p.shape(0);
  const size = p.number("hidden_size", p.shape(2)[2] ?? 0);
  const directions = p.shape(1)[0] ?? 1;
  const last = [directions, batch, size];
  return [[steps, directions, batch, size], last, last].slice(0, p.node.outputs.length);
};

const SAME: readonly string[] = [
  ...["Abs", "Acos", "Asin", "Atan", "BatchNormalization", "Cast", "Ceil", "Celu", "Clip", "Cos"],
  ...["Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish", "Identity"],
  ...["InstanceNormalization", "IsInf", "IsNaN", "LRN", "LayerNormalization", "LeakyRelu", "Log"],
  ...["LogSoftmax", "LpNormalization", "MeanVarianceNormalization", "Mish", "Neg", "Not", "PRelu"],
  ...["Reciprocal", "Relu", "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Softmax"],
  ...["Softplus", "Softsign", "Sqrt", "Tan", "Tanh", "ThresholdedRelu", "GroupNormalization"],
  ...["CumSum", "Sinh", "Cosh", "Hardmax"],
];

const BROADCAST: readonly string[] = [
  ...["Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max"],
  ...["Mean", "Min", "Mod", "Mul", "Or", "Pow", "Sub", "Sum", "Where", "Xor"],
];

const REDUCTIONS: readonly string[] = [
  ...["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean"],
  ...["ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"],
];

const each = (types: readonly string[], rule: ShapeRule): (readonly [string, ShapeRule])[] =>
  types.map((type) => [type, rule]);

/** The shapes that operators make, by their types. */
export const shapeRules: ReadonlyMap<string, ShapeRule> = new Map([
  ...each(SAME, same),
  ...each(BROADCAST, broadcast),
  ...each(REDUCTIONS, reduce),
  ...each(["ArgMax", "ArgMin"], argMax),
  ...each(["AveragePool", "LpPool", "MaxPool"], pool),
  ...each(["GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool"], globalPool),
  ...each(["GRU", "LSTM", "RNN"], recurrence),
  ...each(["Resize", "Upsample"], resize),
  ...viewRules,
  ["Concat", concat],
  ["Conv", conv],
  ["ConvTranspose", convTranspose],
  ["DepthToSpace", depthToSpace],
  ["Gemm", gemm],
  ["MatMul", matMul],
  [
    "Shape",
    (p) => [[p.shape(0).slice(p.number("start", 0), p.number("end", p.shape(0).length)).length]],
  ],
  ["Size", () => [[]]],
  ["SpaceToDepth", spaceToDepth],
  ["TopK", topK],
]);

/** Whether a shape can be that of an array: whole lengths, and not more elements than a file could mean. */
export function isShape(shape: Shape): boolean {
  return shape.every((n) => Number.isSafeInteger(n) && n >= 0) && countOf(shape) <= 2 ** 40;
}
