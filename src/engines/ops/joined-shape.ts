import type { Shape } from "../../util/shape.ts";
import type { ConcatDescriptor } from "./copies.ts";

/** The shape of arrays that are joined. */
export function joinedShape({ shapes, axis }: ConcatDescriptor): Shape {
  const [first = []] = shapes;
  const length = shapes.reduce((sum, shape) => sum + (shape[axis] ?? 0), 0);
  return first.map((n, a) => (a === axis ? length : n));
}
