import type { BroadcastDescriptor } from "../../engines/engine.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";

/**
 * The shape of a learned vector that is stretched over a blob: `num_axes` axes from `axis` on; −1 is to the
 * end, 0 a single value.
 */
export function vectorShape(
  shape: Shape,
  axis: number,
  numAxes: number,
  fail: (message: string) => never,
): Shape {
  if (numAxes < -1) fail(`num_axes is ${numAxes}. Expected -1 or more.`);
  if (numAxes === 0) return [];
  if (numAxes === -1) return shape.slice(axis);
  if (axis + numAxes > shape.length) {
    fail(`num_axes ${numAxes} from axis ${axis} goes beyond bottom shape ${shapeText(shape)}.`);
  }
  return shape.slice(axis, axis + numAxes);
}

/** How a vector of that shape lies over a blob, from `axis` on. */
export function broadcast(
  shape: Shape,
  vector: Shape,
  axis: number,
  fail: (message: string) => never,
): BroadcastDescriptor {
  const covered = shape.slice(axis, axis + vector.length);
  if (!sameShape(covered, vector)) {
    fail(
      `shape ${shapeText(vector)} does not lie on bottom shape ${shapeText(shape)} from axis ${axis} on. Expected ${shapeText(covered)}.`,
    );
  }
  return {
    shape,
    outer: countOf(shape, 0, axis),
    length: countOf(vector),
    inner: countOf(shape, axis + vector.length),
  };
}
