/** Axis lengths, slowest first: (N, C, H, W) for a batch of images. */
export type Shape = readonly number[];

/** Product of the lengths of the axes [from, to); 1 for none. */
export function countOf(shape: Shape, from = 0, to: number = shape.length): number {
  let count = 1;
  for (let i = from; i < to; i++) count *= shape[i] ?? 1;
  return count;
}

/** A shape around one of its axes: elements before it, its length, elements behind it. */
export function aroundAxis(shape: Shape, axis: number): readonly [number, number, number] {
  return [countOf(shape, 0, axis), shape[axis] ?? 1, countOf(shape, axis + 1)];
}

/** Whether both have the same axes. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, i) => length === b[i]);
}

/** A shape as people read it: `(64,50,4,4)`. */
export function shapeText(shape: Shape): string {
  return `(${shape.join(",")})`;
}
