import { countOf, type Shape } from "../../util/shape.ts";
import type { Picks } from "./picked-rows.ts";

/** Rows of a shape whose `axes` run backwards. */
export function reversedAxes(shape: Shape, axes: readonly number[]): Picks {
  const last = Math.max(-1, ...axes);
  const strides = axes.map((axis) => countOf(shape, axis + 1, last + 1));
  return {
    rows: countOf(shape, 0, last + 1),
    from(row) {
      let from = row;
      axes.forEach((axis, i) => {
        const [length, stride] = [shape[axis]!, strides[i]!];
        const place = Math.floor(row / stride) % length;
        from += (length - 1 - 2 * place) * stride;
      });
      return from;
    },
  };
}
