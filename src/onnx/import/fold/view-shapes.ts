import { countOf, type Shape } from "../../../util/shape.ts";
import type { Parameters } from "../parameters.ts";
import { broadcastShape } from "./arrays.ts";
import type { ShapeRule } from "./shape-rule.ts";

/** Lengths of which 0 keeps that of the input and −1 is what is left. */
function reshaped(p: Parameters): Shape {
  const shape = p.shape(0);
  const wanted = Array.from(p.list("shape", 1) ?? p.fail("shape is left out. Expected it."));
  const keepsZeros = p.number("allowzero", 0) === 1;
  const dims = wanted.map((n, i) => (n === 0 && !keepsZeros ? (shape[i] ?? 0) : n));
  const open = dims.indexOf(-1);
  if (open >= 0) {
    const rest = dims.reduce((product, n, i) => (i === open ? product : product * n), 1);
    dims[open] = rest === 0 ? 0 : countOf(shape) / rest;
  }
  if (countOf(dims) !== countOf(shape) || dims.some((n) => !Number.isInteger(n) || n < 0)) {
    p.fail(`shape ${wanted.join(",")} does not fit an input of ${shape.join("×")}.`);
  }
  return dims;
}

const flatten: ShapeRule = (p) => {
  const shape = p.shape(0);
  const given = p.number("axis", 1);
  const axis = given < 0 ? given + shape.length : given;
  return [[countOf(shape, 0, axis), countOf(shape, axis)]];
};

const squeeze: ShapeRule = (p) => {
  const shape = p.shape(0);
  const axes = p.list("axes", 1)?.map((axis) => p.axis(axis, shape.length));
  return [shape.filter((n, i) => (axes ? !axes.includes(i) : n !== 1))];
};

const unsqueeze: ShapeRule = (p) => {
  const given = p.list("axes", 1) ?? [];
  const rank = p.shape(0).length + given.length;
  const axes = given.map((axis) => p.axis(axis, rank));
  const rest = [...p.shape(0)];
  return [Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (rest.shift() ?? 1)))];
};

/** The order of a Transpose, which turns all axes round where none is given. */
export function orderOf(p: Parameters): readonly number[] {
  const axes = p.shape(0).map((_, i) => i);
  const order = p.numbers("perm") ?? [...axes].reverse();
  if ([...order].sort((a, b) => a - b).join() !== axes.join()) {
    p.fail(`perm is ${order.join(",")}. Expected each of ${axes.length} axes once.`);
  }
  return order;
}

/** Where a Slice begins on each axis, how it goes on, and how many elements it takes. */
export function slicesOf(p: Parameters): {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly counts: readonly number[];
} {
  const shape = p.shape(0);
  const first = p.list("starts", 1) ?? [];
  const last = p.list("ends", 2) ?? [];
  const axes = (p.list("axes", 3) ?? first.map((_, i) => i)).map((axis) =>
    p.axis(axis, shape.length),
  );
  const given = p.list("steps", 4) ?? first.map(() => 1);
  const starts = shape.map(() => 0);
  const steps = shape.map(() => 1);
  const counts = [...shape];
  axes.forEach((axis, i) => {
    const length = shape[axis] as number;
    const step = given[i] ?? 1;
    if (step === 0) p.fail("steps has a 0. Expected other numbers.");
    const from = (n: number): number => (n < 0 ? n + length : n);
    const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
    const start = Math.min(Math.max(from(first[i] ?? 0), Math.max(low, 0)), high);
    const end = Math.min(Math.max(from(last[i] ?? length), low), step > 0 ? length : high);
    starts[axis] = start;
    steps[axis] = step;
    counts[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  return { starts, steps, counts };
}

/** Where a Split cuts: the lengths of its parts. */
export function partsOf(p: Parameters): {
  readonly axis: number;
  readonly lengths: readonly number[];
} {
  const shape = p.shape(0);
  const axis = p.axis(p.number("axis", 0), shape.length);
  const all = shape[axis] as number;
  const given = p.list("split", 1);
  const count = p.number("num_outputs", p.node.outputs.length);
  const size = Math.ceil(all / count);
  const lengths = given ?? Array.from({ length: count }, (_, i) => Math.min(size, all - i * size));
  if (lengths.reduce((sum, n) => sum + n, 0) !== all || lengths.some((n) => n < 0)) {
    p.fail(`parts of ${lengths.join(", ")} do not make the ${all} elements of axis ${axis}.`);
  }
  return { axis, lengths };
}

const split: ShapeRule = (p) => {
  const { axis, lengths } = partsOf(p);
  return lengths.map((length) => p.shape(0).map((n, i) => (i === axis ? length : n)));
};

const gather: ShapeRule = (p) => {
  const shape = p.shape(0);
  const axis = p.axis(p.number("axis", 0), shape.length);
  return [[...shape.slice(0, axis), ...p.shape(1), ...shape.slice(axis + 1)]];
};

/** What a Pad adds, all axes' beginnings and then their ends. */
export function paddingOf(p: Parameters): readonly number[] {
  const rank = p.shape(0).length;
  const given = p.list("pads", 1) ?? p.list("paddings", 1) ?? [];
  const axes = p.input(3) === undefined ? undefined : Array.from(p.known(3, "axes").values);
  if (!axes) return given;
  const pads = new Array<number>(2 * rank).fill(0);
  axes.forEach((one, i) => {
    const axis = p.axis(one, rank);
    pads[axis] = given[i] ?? 0;
    pads[axis + rank] = given[i + axes.length] ?? 0;
  });
  return pads;
}

const pad: ShapeRule = (p) => {
  const shape = p.shape(0);
  const pads = paddingOf(p);
  if (pads.length !== 2 * shape.length) {
    p.fail(`pads are ${pads.join(",")}. Expected two for each of ${shape.length} axes.`);
  }
  return [shape.map((n, i) => n + (pads[i] as number) + (pads[i + shape.length] as number))];
};

const expand: ShapeRule = (p) => [
  broadcastShape(p.shape(0), Array.from(p.known(1, "shape").values)) ??
    p.fail(`shape does not fit an input of ${p.shape(0).join("×")}.`),
];

const tile: ShapeRule = (p) => {
  const repeats = p.known(1, "repeats").values;
  return [p.shape(0).map((n, i) => n * (repeats[i] ?? 1))];
};

/** Shapes of what is only arranged anew. */
export const viewRules: readonly (readonly [string, ShapeRule])[] = [
  ["Expand", expand],
  ["Flatten", flatten],
  ["Gather", gather],
  ["Pad", pad],
  ["Reshape", (p) => [reshaped(p)]],
  ["Slice", (p) => [slicesOf(p).counts]],
  ["Split", split],
  ["Squeeze", squeeze],
  ["Tile", tile],
  ["Transpose", (p) => [orderOf(p).map((axis) => p.shape(0)[axis] as number)]],
  ["Unsqueeze", unsqueeze],
];
