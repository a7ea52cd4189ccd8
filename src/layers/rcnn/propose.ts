import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import type { Suppress } from "../../engines/engine.ts";
import { allocate } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import { boxAt } from "../detection/boxes.ts";
import { type AnchorOptions, anchorsOf } from "./anchors.ts";

/** How regions are proposed. */
export interface ProposalOptions {
  readonly anchors: AnchorOptions;
  /** How many of the best are looked at, and how many stay. */
  readonly candidates: number;
  readonly most: number;
  /** What two regions may overlap by. */
  readonly overlap: number;
  /** The least edge, in pixels of the image before it was scaled. */
  readonly leastSize: number;
}

/** Regions of an image, the best first, with their scores. */
interface Proposals {
  readonly boxes: readonly Box[];
  readonly scores: readonly number[];
}

/**
 * Looks at the shapes of scores N×2A×H×W, deltas N×4A×H×W and im_info N×3.
 * @param fail called where they do not fit
 */
export function checkProposalShapes(
  [scores, deltas, info]: readonly [Blob, Blob, Blob],
  anchors: number,
  images: number,
  fail: (message: string) => never,
): void {
  const [height = 0, width = 0] = scores.shape.slice(2);
  const expect = (what: string, blob: Blob, channels: number): void => {
    const wanted = [images, channels, height, width];
    if (shapeText(blob.shape) === shapeText(wanted)) return;
    const batch = images === 1 ? "a single image" : `${images} images`;
    fail(
      `${what} have shape ${shapeText(blob.shape)}. Expected ${shapeText(wanted)}: ${anchors} anchors, ${batch}.`,
    );
  };
  expect("scores", scores, 2 * anchors);
  expect("deltas", deltas, 4 * anchors);
  if (info.count() < 3 * images) fail("im_info has less than 3 numbers.");
}

/**
 * The regions that a map proposes for one of its images: anchors moved and stretched, within the image, large enough, the
 * best that do not overlap.
 */
export function propose(
  [scores, deltas, info]: readonly [Blob, Blob, Blob],
  image: number,
  { anchors: options, candidates, most, overlap, leastSize }: ProposalOptions,
  suppress: Suppress,
): Proposals {
  const [height = 0, width = 0] = scores.shape.slice(2);
  const each = info.count() / (scores.shape[0] || 1);
  const [imageHeight = 0, imageWidth = 0, scale = 1] = info.dataMem.cpu().subarray(image * each);
  const [own, plane] = [anchorsOf(options), height * width];
  const count = own.length;
  const values = scores.dataMem.cpu().subarray(image * 2 * count * plane);
  const moves = deltas.dataMem.cpu().subarray(image * 4 * count * plane);
  const least = leastSize * scale;
  const { fround } = Math;
  const boxes = new Float32Array(4 * count * plane);
  const found: number[] = [];
  for (let position = 0; position < plane; position++) {
    const x = (position % width) * options.stride;
    const y = Math.floor(position / width) * options.stride;
    for (let a = 0; a < count; a++) {
      const [x0, y0, x1, y1] = own[a]!;
      const [move, at] = [4 * a * plane + position, 4 * (position * count + a)];
      moveAlong(x0 + x, x1 + x, moves[move]!, moves[move + 2 * plane]!, imageWidth, boxes, at);
      moveAlong(
        y0 + y,
        y1 + y,
        moves[move + plane]!,
        moves[move + 3 * plane]!,
        imageHeight,
        boxes,
        at + 1,
      );
      const w = fround(fround(boxes[at + 2]! - boxes[at]!) + 1);
      const h = fround(fround(boxes[at + 3]! - boxes[at + 1]!) + 1);
      if (w >= least && h >= least) found.push(position * count + a);
    }
  }
  const objects = allocate(scores.dtype, found.length);
  // Of equal scores the last comes first, as numpy's argsort read backwards has them.
  found.reverse();
  found.forEach((i, k) => {
    objects[k] = values[(count + (i % count)) * plane + Math.floor(i / count)]!;
  });
  const best = byScore([...objects.keys()], objects, candidates);
  const looked = new Float32Array(4 * best.length);
  best.forEach((k, j) => {
    looked.set(boxes.subarray(4 * found[k]!, 4 * found[k]! + 4), 4 * j);
  });
  const kept = [...suppress(looked, { boxes: "pixels", threshold: overlap, most })];
  return {
    boxes: kept.map((j) => boxAt(looked, 4 * j)),
    scores: kept.map((j) => objects[best[j]!]!),
  };
}

/**
 * Puts the edges of an anchor along one axis, moved and stretched as a prediction says, within the image, at `at` and
 * `at + 2`; in float32, step by step.
 */
function moveAlong(
  start: number,
  end: number,
  shift: number,
  stretch: number,
  length: number,
  boxes: Float32Array,
  at: number,
): void {
  const { fround, max, min } = Math;
  const [from, to, last] = [fround(start), fround(end), fround(length - 1)];
  const size = fround(fround(to - from) + 1);
  const middle = fround(fround(fround(shift) * size) + fround(from + fround(0.5 * size)));
  const half = fround(0.5 * fround(fround(Math.exp(stretch)) * size));
  boxes[at] = max(min(fround(middle - half), last), 0);
  boxes[at + 2] = max(min(fround(middle + half), last), 0);
}
