import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";

/**
 * The axes of a bottom that holds images: N×C×H×W.
 * @param fail ends with a LayerError: called where it has fewer axes, or more
 */
export function planesOf(
  { shape }: Pick<Blob, "shape">,
  fail: (message: string) => never,
): readonly [n: number, c: number, h: number, w: number] {
  if (shape.length !== 4) {
    fail(`bottom has shape ${shapeText(shape)}. Expected four axes: N×C×H×W.`);
  }
  const [n = 0, c = 0, h = 0, w = 0] = shape;
  return [n, c, h, w];
}
