/** The shape of a mean image as K×H×W: H×W is of one channel, and an axis of 1 in front (files have N) goes. */
export function meanShape(shape: readonly number[]): readonly number[] {
  if (shape.length === 2) return [1, ...shape];
  return shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
}
