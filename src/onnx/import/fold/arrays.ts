/** Arrays that are moved about, element by element. */
import type { FloatArray } from "../../../util/arrays.ts";
import { countOf, type Shape } from "../../../util/shape.ts";
import { Constant } from "../constant.ts";

/** How far apart neighbours along each axis lie. */
export function stridesOf(dims: Shape): number[] {
  return dims.map((_, axis) => countOf(dims, axis + 1));
}

/**
 * An array of that shape whose element at (i₀, i₁, …) is that of `from` at offset + Σ iₖ·stepₖ.
 */
export function gathered(
  from: Constant,
  dims: Shape,
  steps: readonly number[],
  offset = 0,
): Constant {
  const make = (): FloatArray => {
    const source = from.values;
    const values = emptyLike(source, countOf(dims));
    const place = dims.map(() => 0);
    let at = offset;
    for (let i = 0; i < values.length; i++) {
      values[i] = source[at] as number;
      for (let axis = dims.length - 1; axis >= 0; axis--) {
        at += steps[axis] as number;
        if (++(place[axis] as number) < (dims[axis] as number)) break;
        at -= (steps[axis] as number) * (dims[axis] as number);
        place[axis] = 0;
      }
    }
    return values;
  };
  return new Constant(from.kind, dims, make);
}

/** Zeros, of the same element type. */
export function emptyLike(values: FloatArray, count: number): FloatArray {
  return values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
}

/** The axes in another order: axis i of what is made is axis order[i] of what is given. */
export function transposed(x: Constant, order: readonly number[]): Constant {
  const strides = stridesOf(x.dims);
  return gathered(
    x,
    order.map((axis) => x.dims[axis] as number),
    order.map((axis) => strides[axis] as number),
  );
}

/** The shape of what two are together, axes of length 1 being stretched; undefined where they do not fit. */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const dims: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const one = a[axis - rank + a.length] ?? 1;
    const other = b[axis - rank + b.length] ?? 1;
    if (one !== other && one !== 1 && other !== 1) return undefined;
    dims.push(one === 1 ? other : one);
  }
  return dims;
}

/** An array stretched to a shape that it fits. */
export function stretched(x: Constant, dims: Shape): Constant {
  const strides = stridesOf(x.dims);
  const before = dims.length - x.dims.length;
  const steps = dims.map((_, axis) =>
    axis < before || x.dims[axis - before] === 1 ? 0 : (strides[axis - before] as number),
  );
  return gathered(x, dims, steps);
}

/** Arrays one behind the other along an axis. */
export function joined(parts: readonly Constant[], axis: number, dims: Shape): Constant {
  const [first] = parts as readonly [Constant];
  const make = (): FloatArray => {
    const values = emptyLike(first.values, countOf(dims));
    const outer = countOf(dims, 0, axis);
    let at = 0;
    for (let i = 0; i < outer; i++) {
      for (const part of parts) {
        const size = countOf(part.dims, axis);
        values.set(part.values.subarray(i * size, (i + 1) * size), at);
        at += size;
      }
    }
    return values;
  };
  return new Constant(first.kind, dims, make);
}
