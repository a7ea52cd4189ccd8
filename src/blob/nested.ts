import { allocate, type FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { valueText } from "../util/options.ts";
import { countOf, type Shape, sameShape, shapeText } from "../util/shape.ts";

/** Numbers in lists within lists, as deep as there are axes; a lone number has no axis. */
export type Nested = number | readonly Nested[];

/**
 * What a blob can be given: a flat array, lists within lists, an array that knows its shape, or several such
 * arrays of one shape (a batch).
 */
export type Values = ArrayLike<number> | Nested | NdArray | readonly NdArray[];

/**
 * The shape and elements of what a person gives. A flat list or typed array has one axis; several arrays lie
 * one after the other along a new first axis.
 * @throws CaffeError where lists within lists are not all equally long and deep, or a shape does not fit
 */
export function ndArrayOf(values: Values): NdArray {
  if (typeof values === "number") return { shape: [], data: [values] };
  if (typeof values !== "object" || values === null) throw noValues(values);
  if ("shape" in values) {
    if (!isList(values.shape) || !isList(values.data)) {
      throw new CaffeError(
        `an array whose shape is ${valueText(values.shape)} and whose data is ${valueText(values.data)}. Expected a list of lengths, and a list or a typed array of numbers.`,
      );
    }
    if (values.data.length !== countOf(values.shape)) {
      throw new CaffeError(
        `an array of shape ${shapeText(values.shape)} with ${values.data.length} values. Expected ${countOf(values.shape)}.`,
      );
    }
    return values;
  }
  if (!Array.isArray(values)) {
    if (!isList(values)) throw noValues(values);
    return { shape: [values.length], data: values as ArrayLike<number> };
  }
  if (isArrayWithShape(values[0])) return stack(values);
  const shape = shapeOf(values);
  const data: number[] = [];
  flatten(values, shape, 0, data);
  return { shape, data };
}

/** Whether something has a length, as lists and typed arrays have: a program in JavaScript may give anything. */
function isList(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Number.isInteger((value as ArrayLike<number>).length);
}

function isArrayWithShape(value: unknown): boolean {
  return typeof value === "object" && value !== null && "shape" in value;
}

function noValues(given: unknown): CaffeError {
  return new CaffeError(
    `${valueText(given)} is given as numbers. Expected a typed array, lists of numbers, or { shape, data }.`,
  );
}

/** The same numbers in an array of their own. */
export function copyOf(data: ArrayLike<number>): ArrayLike<number> {
  // Typed arrays have one method for all; that of Node's Buffer would give the same memory.
  return ArrayBuffer.isView(data) ? Float32Array.prototype.slice.call(data) : Array.from(data);
}

/**
 * Arrays of one shape as one array, along a new first axis: images C×H×W as a batch N×C×H×W.
 * @throws CaffeError where shapes differ
 */
export function stack(arrays: readonly NdArray[]): NdArray {
  const shape = arrays[0]?.shape ?? [];
  const size = countOf(shape);
  const isDouble = arrays.some(({ data }) => data instanceof Float64Array || Array.isArray(data));
  const data = allocate(isDouble ? "f64" : "f32", arrays.length * size);
  arrays.forEach((array, i) => {
    if (!sameShape(array.shape, shape)) {
      throw new CaffeError(
        `arrays of shapes ${shapeText(shape)} and ${shapeText(array.shape)} in one batch. Expected equal shapes.`,
      );
    }
    data.set(ndArrayOf(array).data, i * size);
  });
  return { shape: [arrays.length, ...shape], data };
}

/** Lists within lists of the elements, as deep as the shape has axes. */
export function nestedOf(data: FloatArray, shape: Shape): Nested {
  const nest = (axis: number, from: number): Nested => {
    if (axis === shape.length) return data[from] ?? 0;
    const size = countOf(shape, axis + 1);
    return Array.from({ length: shape[axis] ?? 0 }, (_, i) => nest(axis + 1, from + i * size));
  };
  return nest(0, 0);
}

/** Lengths along the first entry of each list. */
function shapeOf(nested: Nested): number[] {
  if (!Array.isArray(nested)) return [];
  return [nested.length, ...(nested[0] === undefined ? [] : shapeOf(nested[0]))];
}

function flatten(nested: Nested, shape: Shape, axis: number, to: number[]): void {
  if (typeof nested === "number" && axis === shape.length) {
    to.push(nested);
    return;
  }
  if (typeof nested !== "number" && !Array.isArray(nested)) throw noValues(nested);
  if (typeof nested === "number" || axis === shape.length || nested.length !== shape[axis]) {
    throw new CaffeError(
      `lists within lists that do not fit shape ${shapeText(shape)}. Expected equal lengths along each axis.`,
    );
  }
  for (const entry of nested) flatten(entry, shape, axis + 1, to);
}
