import type { Rectangle } from "../images/resize.ts";

/** Where a window is cut from, and where it lies in the square it is warped to. */
interface WindowPlace {
  readonly from: Rectangle;
  readonly height: number;
  readonly width: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/**
 * Widens a window by its context and clips it to the image.
 *
 * The window grows about its centre so that after warping `contextPad` pixels lie around it; with `square` its
 * shorter side first becomes as long as the other. What lies beyond the image stays empty.
 *
 * @see Caffe's WindowDataLayer
 */
export function placeWindow(
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  image: { readonly height: number; readonly width: number },
  crop: number,
  contextPad: number,
  square: boolean,
  isMirrored: boolean,
): WindowPlace {
  if (contextPad === 0 && !square) {
    const from = { left: x1, top: y1, width: x2 - x1 + 1, height: y2 - y1 + 1 };
    return { from, height: crop, width: crop, padTop: 0, padLeft: 0 };
  }
  const grow = crop / (crop - 2 * contextPad);
  let [halfH, halfW] = [(y2 - y1 + 1) / 2, (x2 - x1 + 1) / 2];
  const [centerX, centerY] = [x1 + halfW, y1 + halfH];
  if (square) halfH = halfW = Math.max(halfH, halfW);
  const columns = clip(centerX - halfW * grow, centerX + halfW * grow, image.width, crop);
  const rows = clip(centerY - halfH * grow, centerY + halfH * grow, image.height, crop);
  const padLeft = isMirrored ? columns.after : columns.before;
  return {
    from: { left: columns.from, top: rows.from, width: columns.length, height: rows.length },
    height: Math.min(rows.size, crop - rows.before),
    width: Math.min(columns.size, crop - padLeft),
    padTop: rows.before,
    padLeft,
  };
}

/** One axis: the part within [0, length), its size when the whole becomes `crop`, and the padding on both sides. */
function clip(
  begin: number,
  end: number,
  limit: number,
  crop: number,
): { from: number; length: number; size: number; before: number; after: number } {
  const [first, last] = [round(begin), round(end)];
  const scale = crop / (last - first + 1);
  const [before, after] = [Math.max(0, -first), Math.max(0, last - limit + 1)];
  const length = last - after - (first + before) + 1;
  return {
    from: first + before,
    length,
    size: round(length * scale),
    before: round(before * scale),
    after: round(after * scale),
  };
}

/** Halves go away from zero, as C's round. */
function round(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}
