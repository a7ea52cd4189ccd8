import type { Shape } from "../../../util/shape.ts";
import { countOf } from "../../../util/shape.ts";
import { elementTypeName } from "../../format/message.ts";
import { Constant, type ElementKind } from "../constant.ts";
import type { Parameters } from "../parameters.ts";
import { elementFormats } from "../read/elements.ts";
import { emptyLike, gathered, joined, stretched, stridesOf, transposed } from "./arrays.ts";
import { reducedAxes } from "./shape-rules.ts";
import { orderOf, partsOf, slicesOf } from "./view-shapes.ts";

/** The values of a node's outputs, of inputs that are all known; `shapes` are those that its shape rule gives. */
type Evaluator = (p: Parameters, shapes: readonly Shape[]) => readonly Constant[];

type Binary = (a: number, b: number) => number;

const known = (p: Parameters, index: number): Constant => p.known(index, `input ${index}`);

const elementwise =
  (f: (x: number) => number, kind?: ElementKind): Evaluator =>
  (p) => {
    const x = known(p, 0);
    return [
      new Constant(kind ?? x.kind, x.dims, () => {
        const values = emptyLike(x.values, x.count);
        for (let i = 0; i < values.length; i++) values[i] = f(x.values[i] as number);
        return values;
      }),
    ];
  };

const binary =
  (f: Binary, kind?: ElementKind): Evaluator =>
  (p, [shape = []]) => {
    const first = stretched(known(p, 0), shape);
    const rest = p.node.inputs.slice(1).map((_, i) => stretched(known(p, i + 1), shape));
    const make = (): Float32Array | Float64Array => {
      const values = first.values.slice();
      for (const { values: others } of rest) {
        for (let i = 0; i < values.length; i++)
          values[i] = f(values[i] as number, others[i] as number);
      }
      return values;
    };
    return [new Constant(kind ?? first.kind, shape, make)];
  };

/** Whole numbers divide to whole ones. */
const divide: Evaluator = (p, shapes) =>
  binary(known(p, 0).kind === "float" ? (a, b) => a / b : (a, b) => Math.trunc(a / b))(p, shapes);

/** The remainder has the divisor's sign, or with fmod the dividend's. */
const modulo: Evaluator = (p, shapes) =>
  binary(p.number("fmod", 0) === 1 ? (a, b) => a % b : (a, b) => a - Math.floor(a / b) * b)(
    p,
    shapes,
  );

const where: Evaluator = (p, [shape = []]) => {
  const [condition, a, b] = [0, 1, 2].map((i) => stretched(known(p, i), shape)) as [
    Constant,
    Constant,
    Constant,
  ];
  const make = (): Float32Array | Float64Array => {
    const values = a.values.slice();
    for (let i = 0; i < values.length; i++)
      if (condition.values[i] === 0) values[i] = b.values[i] as number;
    return values;
  };
  return [new Constant(a.kind, shape, make)];
};

const cast: Evaluator = (p) => {
  const x = known(p, 0);
  const kind = elementFormats[elementTypeName(p.number("to", 1))]?.kind;
  if (!kind) return p.fail("to is no type of numbers. Expected one.");
  if (kind === "bool") return elementwise((v) => Number(v !== 0), kind)(p, []);
  return kind === "int" && x.kind === "float"
    ? elementwise(Math.trunc, kind)(p, [])
    : [new Constant(kind, x.dims, () => x.values)];
};

const constant: Evaluator = (p) => {
  const tensor = p.tensor("value");
  if (tensor) return [tensor];
  const floats = p.numbers("value_floats") ?? p.numbers("value_ints");
  const kind: ElementKind = p.has("value_float") || p.has("value_floats") ? "float" : "int";
  if (floats) return [new Constant(kind, [floats.length], Float64Array.from(floats))];
  if (!p.has("value_float") && !p.has("value_int")) {
    p.fail("it holds neither numbers nor an array of them. Expected either.");
  }
  const value = p.number("value_float", p.number("value_int", 0));
  return [new Constant(kind, [], Float64Array.of(value))];
};

const constantOfShape: Evaluator = (p, [shape = []]) => {
  const value = p.tensor("value");
  const make = (): Float32Array => new Float32Array(countOf(shape)).fill(value?.values[0] ?? 0);
  return [new Constant(value?.kind ?? "float", shape, make)];
};

const range: Evaluator = (p, [shape = []]) => {
  const start = known(p, 0);
  const step = known(p, 2).values[0] as number;
  const first = start.values[0] as number;
  const make = (): Float64Array =>
    Float64Array.from({ length: countOf(shape) }, (_, i) => first + i * step);
  return [new Constant(start.kind, shape, make)];
};

const gather: Evaluator = (p, [shape = []]) => {
  const [x, places] = [known(p, 0), known(p, 1)];
  const axis = p.axis(p.number("axis", 0), x.dims.length);
  const length = x.dims[axis] as number;
  const inner = countOf(x.dims, axis + 1);
  const outer = countOf(x.dims, 0, axis);
  const rows = Array.from(places.values, (place) => p.axis(place, length));
  const make = (): Float32Array | Float64Array => {
    const values = emptyLike(x.values, countOf(shape));
    let at = 0;
    for (let i = 0; i < outer; i++) {
      for (const row of rows) {
        const from = (i * length + row) * inner;
        values.set(x.values.subarray(from, from + inner), at);
        at += inner;
      }
    }
    return values;
  };
  return [new Constant(x.kind, shape, make)];
};

const slice: Evaluator = (p, [shape = []]) => {
  const x = known(p, 0);
  const { starts, steps } = slicesOf(p);
  const strides = stridesOf(x.dims);
  const offset = starts.reduce((sum, start, i) => sum + start * (strides[i] as number), 0);
  return [
    gathered(
      x,
      shape,
      steps.map((step, i) => step * (strides[i] as number)),
      offset,
    ),
  ];
};

const split: Evaluator = (p, shapes) => {
  const x = known(p, 0);
  const { axis, lengths } = partsOf(p);
  const strides = stridesOf(x.dims);
  let start = 0;
  return shapes.map((shape, i) => {
    const offset = start * (strides[axis] as number);
    start += lengths[i] as number;
    return gathered(x, shape, strides, offset);
  });
};

const tile: Evaluator = (p, [shape = []]) => {
  const x = known(p, 0);
  const strides = stridesOf(x.dims);
  const make = (): Float32Array | Float64Array => {
    const values = emptyLike(x.values, countOf(shape));
    const steps = stridesOf(shape);
    for (let i = 0; i < values.length; i++) {
      let [rest, at] = [i, 0];
      steps.forEach((step, axis) => {
        at += (Math.floor(rest / step) % (x.dims[axis] as number)) * (strides[axis] as number);
        rest %= step;
      });
      values[i] = x.values[at] as number;
    }
    return values;
  };
  return [new Constant(x.kind, shape, make)];
};

const concat: Evaluator = (p, [shape = []]) => {
  const parts = p.node.inputs.map((_, i) => known(p, i));
  return [joined(parts, p.axis(p.number("axis", 0), shape.length), shape)];
};

const reduce =
  (start: number, f: Binary, end: (value: number, count: number) => number = (v) => v): Evaluator =>
  (p, [shape = []]) => {
    const x = known(p, 0);
    const axes = reducedAxes(p);
    const kept = x.dims.map((n, i) => (axes.includes(i) ? 1 : n));
    const make = (): Float64Array => {
      const values = new Float64Array(countOf(kept)).fill(start);
      const [from, to] = [stridesOf(x.dims), stridesOf(kept)];
      x.values.forEach((value, i) => {
        let [rest, at] = [i, 0];
        from.forEach((step, axis) => {
          if (!axes.includes(axis)) at += Math.floor(rest / step) * (to[axis] as number);
          rest %= step;
        });
        values[at] = f(values[at] as number, value);
      });
      const count = x.count / Math.max(1, values.length);
      return values.map((value) => end(value, count));
    };
    return [new Constant(x.kind, shape, make)];
  };

/** The same elements in another shape. */
const view: Evaluator = (p, [shape = []]) => [known(p, 0).reshaped(shape)];

const truth = (f: (a: number, b: number) => boolean): Evaluator =>
  binary((a, b) => Number(f(a, b)), "bool");

const ROUND_HALF_EVEN = (x: number): number => {
  const low = Math.floor(x);
  const part = x - low;
  if (part !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
};

/** What operators make of constants, by their types. */
export const evaluators: ReadonlyMap<string, Evaluator> = new Map<string, Evaluator>([
  ["Abs", elementwise(Math.abs)],
  ["Add", binary((a, b) => a + b)],
  ["And", truth((a, b) => a !== 0 && b !== 0)],
  ["Cast", cast],
  ["Ceil", elementwise(Math.ceil)],
  ["Concat", concat],
  ["Constant", constant],
  ["ConstantOfShape", constantOfShape],
  ["Div", divide],
  ["Equal", truth((a, b) => a === b)],
  ["Exp", elementwise(Math.exp)],
  ["Expand", (p, [shape = []]) => [stretched(known(p, 0), shape)]],
  ["Flatten", view],
  ["Floor", elementwise(Math.floor)],
  ["Gather", gather],
  ["Greater", truth((a, b) => a > b)],
  ["GreaterOrEqual", truth((a, b) => a >= b)],
  ["Identity", view],
  ["Less", truth((a, b) => a < b)],
  ["LessOrEqual", truth((a, b) => a <= b)],
  ["Log", elementwise(Math.log)],
  ["Max", binary(Math.max)],
  ["Min", binary(Math.min)],
  ["Mod", modulo],
  ["Mul", binary((a, b) => a * b)],
  ["Neg", elementwise((x) => -x)],
  ["Not", elementwise((x) => Number(x === 0))],
  ["Or", truth((a, b) => a !== 0 || b !== 0)],
  ["Pow", binary((a, b) => a ** b)],
  ["Range", range],
  ["Reciprocal", elementwise((x) => 1 / x)],
  ["ReduceMax", reduce(Number.NEGATIVE_INFINITY, Math.max)],
  [
    "ReduceMean",
    reduce(
      0,
      (a, b) => a + b,
      (sum, count) => sum / count,
    ),
  ],
  ["ReduceMin", reduce(Number.POSITIVE_INFINITY, Math.min)],
  ["ReduceProd", reduce(1, (a, b) => a * b)],
  ["ReduceSum", reduce(0, (a, b) => a + b)],
  ["Reshape", view],
  ["Round", elementwise(ROUND_HALF_EVEN)],
  ["Sign", elementwise(Math.sign)],
  ["Slice", slice],
  ["Split", split],
  ["Sqrt", elementwise(Math.sqrt)],
  ["Squeeze", view],
  ["Sub", binary((a, b) => a - b)],
  ["Tile", tile],
  ["Transpose", (p) => [transposed(known(p, 0), orderOf(p))]],
  ["Unsqueeze", view],
  ["Where", where],
]);

/** Shapes of what follows from the values of inputs alone. */
export const shapesOfValues: ReadonlyMap<string, (p: Parameters) => readonly Shape[]> = new Map<
  string,
  (p: Parameters) => readonly Shape[]
>([
  ["Constant", (p) => constant(p, []).map(({ dims }) => dims)],
  ["ConstantOfShape", (p) => [Array.from(known(p, 0).values)]],
  [
    "Range",
    (p) => {
      const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((i) => known(p, i).values[0] ?? 0);
      return [[Math.max(0, Math.ceil((limit - start) / step))]];
    },
  ],
]);
