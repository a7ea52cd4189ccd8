import type { FloatArray } from "../../util/arrays.ts";

/** A box by its middle and its size, as shares of the image. */
export type CenterBox = readonly [x: number, y: number, width: number, height: number];

/** How the nearness of two boxes is measured. IOU: what they have in common over both together; MSE takes that too. */
export type Nearness = "IOU" | "GIOU" | "MSE" | "DIOU" | "CIOU";

// YOLO's forks compute boxes in float32, step by step; where an overlap meets a threshold that decides.
const { fround: f } = Math;

/** The logistic function in float32. */
export function logistic(x: number): number {
  return f(1 / (1 + Math.exp(-x)));
}

function common(x1: number, w1: number, x2: number, w2: number): number {
  const left = Math.max(f(x1 - f(w1 / 2)), f(x2 - f(w2 / 2)));
  const right = Math.min(f(x1 + f(w1 / 2)), f(x2 + f(w2 / 2)));
  return f(right - left);
}

function intersectionOf(a: CenterBox, b: CenterBox): number {
  const [width, height] = [common(a[0], a[2], b[0], b[2]), common(a[1], a[3], b[1], b[3])];
  return width < 0 || height < 0 ? 0 : f(width * height);
}

function unionOf(a: CenterBox, b: CenterBox, intersection: number): number {
  return f(f(f(a[2] * a[3]) + f(b[2] * b[3])) - intersection);
}

/** Intersection over union. */
export function iouOf(a: CenterBox, b: CenterBox): number {
  const intersection = intersectionOf(a, b);
  return f(intersection / unionOf(a, b, intersection));
}

/** The edges of a box. */
export function edgesOf([x, y, width, height]: CenterBox): {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
} {
  return {
    left: f(x - f(width / 2)),
    top: f(y - f(height / 2)),
    right: f(x + f(width / 2)),
    bottom: f(y + f(height / 2)),
  };
}

/** The size of the smallest box around two. */
function hullOf(a: CenterBox, b: CenterBox): readonly [width: number, height: number] {
  const [p, q] = [edgesOf(a), edgesOf(b)];
  return [
    f(Math.max(p.right, q.right) - Math.min(p.left, q.left)),
    f(Math.max(p.bottom, q.bottom) - Math.min(p.top, q.top)),
  ];
}

/** How near two boxes are, by that measure; 1 where they are one. */
export function nearnessOf(a: CenterBox, b: CenterBox, kind: Nearness): number {
  const iou = iouOf(a, b);
  if (kind === "IOU" || kind === "MSE") return iou;
  const [width, height] = hullOf(a, b);
  if (kind === "GIOU") {
    const area = f(width * height);
    if (area === 0) return iou;
    return f(iou - f((area - unionOf(a, b, intersectionOf(a, b))) / area));
  }
  const diagonal = f(f(width * width) + f(height * height));
  if (diagonal === 0) return iou;
  const distance = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
  if (kind === "DIOU") return f(iou - (distance / diagonal) ** 0.6);
  const shape = (4 / Math.PI ** 2) * (Math.atan(b[2] / b[3]) - Math.atan(a[2] / a[3])) ** 2;
  const alpha = shape / (1 - iou + shape + 0.000001);
  return f(iou - (distance / diagonal + alpha * shape));
}

/**
 * How the nearness of a prediction to the truth grows with the prediction's x, y, width and height, as darknet has it:
 * that of the size is not halved.
 */
export function nearnessGradient(
  pred: CenterBox,
  truth: CenterBox,
  kind: Nearness,
): readonly [dx: number, dy: number, dw: number, dh: number] {
  const [p, t] = [edgesOf(pred), edgesOf(truth)];
  const [top, bottom] = [Math.min(p.top, p.bottom), Math.max(p.top, p.bottom)];
  const [left, right] = [Math.min(p.left, p.right), Math.max(p.left, p.right)];
  const area = (bottom - top) * (right - left);
  const truthArea = (t.bottom - t.top) * (t.right - t.left);
  const height = Math.min(bottom, t.bottom) - Math.max(top, t.top);
  const width = Math.min(right, t.right) - Math.max(left, t.left);
  const shared = width * height;
  const all = area + truthArea - shared;
  const isApart = width <= 0 || height <= 0;
  const [hullWidth, hullHeight] = [
    Math.max(right, t.right) - Math.min(left, t.left),
    Math.max(bottom, t.bottom) - Math.min(top, t.top),
  ];
  // By the edges top, bottom, left, right: of the area, of what is shared, and of the hull.
  const dArea = [left - right, right - left, top - bottom, bottom - top];
  const dShared = [
    top > t.top ? -width : 0,
    bottom < t.bottom ? width : 0,
    left > t.left ? -height : 0,
    right < t.right ? height : 0,
  ];
  const dHull = [
    top < t.top ? -hullWidth : 0,
    bottom > t.bottom ? hullWidth : 0,
    left < t.left ? -hullHeight : 0,
    right > t.right ? hullHeight : 0,
  ];
  const hull = hullWidth * hullHeight;
  let [dt, db, dl, dr] = dArea.map((da, i) => {
    const dAll = da - dShared[i]!;
    return all > 0 ? (all * dShared[i]! - shared * dAll) / (all * all) : 0;
  }) as [number, number, number, number];
  if (!(p.top < p.bottom)) dt = db;
  if (!(p.left < p.right)) dl = dr;
  if (kind === "GIOU") {
    const [et, eb, el, er] = dArea.map(
      (da, i) => (hull * (da - dShared[i]!) - all * dHull[i]!) / (hull * hull),
    ) as [number, number, number, number];
    if (isApart) [dt, db, dl, dr] = [et, eb, el, er];
    else if (hull > 0) [dt, db, dl, dr] = [dt + et, db + eb, dl + el, dr + er];
  }
  const overlap = [dl + dr, dt + db, dr - dl, db - dt] as const;
  if (kind !== "DIOU" && kind !== "CIOU") return overlap;

  const distance = (pred[0] - truth[0]) ** 2 + (pred[1] - truth[1]) ** 2;
  const diagonal = hullWidth ** 2 + hullHeight ** 2;
  const [beyondLeft, beyondRight] = [left < t.left ? 1 : 0, right > t.right ? 1 : 0];
  const [beyondTop, beyondBottom] = [top < t.top ? 1 : 0, bottom > t.bottom ? 1 : 0];
  // Of the hull's squared diagonal by x, y, width, height.
  const dDiagonal = [
    2 * hullWidth * (beyondRight - beyondLeft),
    2 * hullHeight * (beyondBottom - beyondTop),
    2 * hullWidth * 0.5 * (beyondRight + beyondLeft),
    2 * hullHeight * 0.5 * (beyondBottom + beyondTop),
  ];
  const square = diagonal * diagonal;
  const apart = [
    (2 * (truth[0] - pred[0]) * diagonal - dDiagonal[0]! * distance) / square,
    (2 * (truth[1] - pred[1]) * diagonal - dDiagonal[1]! * distance) / square,
    (dDiagonal[2]! * distance) / square,
    (dDiagonal[3]! * distance) / square,
  ];
  if (kind === "CIOU") {
    const angle = Math.atan(truth[2] / truth[3]) - Math.atan(pred[2] / pred[3]);
    const shape = (4 / Math.PI ** 2) * angle ** 2;
    const alpha = shape / (1 - shared / all + shape + 0.000001);
    apart[2]! += alpha * (8 / Math.PI ** 2) * angle * pred[3];
    apart[3]! -= alpha * (8 / Math.PI ** 2) * angle * pred[2];
  }
  const [x, y, w, h] = apart as [number, number, number, number];
  if (isApart) return [x, y, w, h];
  if (!(diagonal > 0)) return overlap;
  return [overlap[0] + x, overlap[1] + y, overlap[2] + w, overlap[3] + h];
}

/** The softmax of `classes` numbers, `step` apart from `at` on, into `to`. */
export function softmaxAt(
  from: FloatArray,
  at: number,
  step: number,
  classes: number,
  to: FloatArray,
): void {
  let largest = from[at]!;
  for (let k = 1; k < classes; k++) largest = Math.max(largest, from[at + k * step]!);
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    to[k] = Math.exp(from[at + k * step]! - largest);
    sum += to[k]!;
  }
  for (let k = 0; k < classes; k++) to[k]! /= sum;
}
