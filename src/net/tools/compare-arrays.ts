import type { FloatArray } from "../../util/arrays.ts";
import type { NdArray } from "../../util/nd-array.ts";

/** How far two arrays lie apart. */
export interface Difference {
  /** max |aᵢ − bᵢ|; infinite where one is no number and the other is. */
  readonly absolute: number;
  /** That, over the greatest |aᵢ| or |bᵢ|; 0 where both are all 0. */
  readonly relative: number;
  /** Where it is greatest. */
  readonly at: readonly number[];
  readonly values: readonly [number, number];
}

/** The greatest difference of two arrays; undefined where their shapes differ. */
export function differenceOf(
  a: NdArray<FloatArray>,
  b: NdArray<FloatArray>,
): Difference | undefined {
  const isSame = a.shape.length === b.shape.length && a.shape.every((n, i) => n === b.shape[i]);
  if (!isSame) return undefined;
  let [absolute, size, at] = [0, 0, 0];
  for (let i = 0; i < a.data.length; i++) {
    const [x, y] = [a.data[i] as number, b.data[i] as number];
    // Where both are no number, or the same infinity, they agree.
    const apart = Object.is(x, y) || x === y ? 0 : Math.abs(x - y);
    const distance = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    if (distance > absolute) [absolute, at] = [distance, i];
    const larger = Math.max(Math.abs(x), Math.abs(y));
    if (larger > size) size = larger;
  }
  const relative = absolute === 0 ? 0 : absolute === Infinity ? Infinity : absolute / size;
  const values = [a.data[at] ?? 0, b.data[at] ?? 0] as const;
  return { absolute, relative, at: placeOf(at, a.shape), values };
}

/** The indices of an element, counted through row by row. */
function placeOf(element: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  let left = element;
  for (const length of [...shape].reverse()) {
    place.unshift(left % length);
    left = Math.floor(left / length);
  }
  return place;
}
