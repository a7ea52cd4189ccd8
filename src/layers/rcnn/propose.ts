import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import { suppressPixels } from "../detection/nms.ts";
import { type AnchorOptions, anchorCount, anchorsOfMap } from "./anchors.ts";

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
): Proposals {
  const [height = 0, width = 0] = scores.shape.slice(2);
  const each = info.count() / (scores.shape[0] || 1);
  const [imageHeight = 0, imageWidth = 0, scale = 1] = info.dataMem.cpu().subarray(image * each);
  const anchors = anchorsOfMap(options, height, width);
  const [count, plane] = [anchorCount(options), height * width];
  const values = scores.dataMem.cpu().subarray(image * 2 * count * plane);
  const moves = deltas.dataMem.cpu().subarray(image * 4 * count * plane);
  const least = leastSize * scale;
  const boxes: Box[] = [];
  const own: number[] = [];
  anchors.forEach((anchor, i) => {
    const [position, a] = [Math.floor(i / count), i % count];
    const delta = [0, 1, 2, 3].map((k) => moves[(4 * a + k) * plane + position]!);
    const box = moved(anchor, delta, imageWidth, imageHeight);
    const [w, h] = [Math.fround(box[2] - box[0]) + 1, Math.fround(box[3] - box[1]) + 1];
    if (!(Math.fround(w) >= least && Math.fround(h) >= least)) return;
    boxes.push(box);
    own.push(values[(count + a) * plane + position]!);
  });
  // Equal scores come in reversed order, as numpy's argsort read backwards has them.
  const order = [...own.keys()].sort((a, b) => own[a]! - own[b]! || 0).reverse();
  const kept = suppressPixels(order.slice(0, candidates), boxes, overlap, most);
  return { boxes: kept.map((i) => boxes[i]!), scores: kept.map((i) => own[i]!) };
}

/** An anchor moved and stretched as a prediction says, within the image; in float32, step by step. */
function moved(
  anchor: Box,
  delta: readonly number[],
  imageWidth: number,
  imageHeight: number,
): Box {
  const { fround } = Math;
  const along = (axis: 0 | 1, length: number): readonly [number, number] => {
    const [from, to] = [fround(anchor[axis]), fround(anchor[axis + 2]!)];
    const size = fround(fround(to - from) + 1);
    const middle = fround(fround(fround(delta[axis]!) * size) + fround(from + fround(0.5 * size)));
    const half = fround(0.5 * fround(fround(Math.exp(delta[axis + 2]!)) * size));
    const within = (edge: number): number => Math.max(Math.min(edge, fround(length - 1)), 0);
    return [within(fround(middle - half)), within(fround(middle + half))];
  };
  const [[x0, x1], [y0, y1]] = [along(0, imageWidth), along(1, imageHeight)];
  return [x0, y0, x1, y1];
}
