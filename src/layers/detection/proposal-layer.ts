import type { Blob } from "../../blob/blob.ts";
import type { Phase } from "../../io/proto/caffe.ts";
import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs } from "../base/layer.ts";
import { type AnchorOptions, anchorCount, anchorOptions, anchorsOfMap } from "./anchors.ts";
import { suppressPixels } from "./nms.ts";

/** What py-faster-rcnn's configuration says by default. */
const DEFAULTS = {
  TRAIN: { candidates: 12_000, most: 2000 },
  TEST: { candidates: 6000, most: 300 },
};
const OVERLAP = 0.7;
const LEAST_SIZE = 16;

/**
 * Proposes regions: the `rpn.proposal_layer` of py-faster-rcnn, with its default configuration.
 *
 * Bottoms: scores 1×2A×H×W (background, then objects), deltas 1×4A×H×W, im_info 1×3 (height, width, scale). Tops: R×5
 * `[0 xmin ymin xmax ymax]`, the best first, and, optional, their scores, R×1. Nothing flows back.
 */
export class ProposalLayer {
  param_str = "";
  phase: Phase = "TRAIN";
  #options!: AnchorOptions;

  setup(_bottom: Blobs, top: Blobs): void {
    this.#options = anchorOptions(this.param_str);
    top[0]?.reshape([1, 5]);
    top[1]?.reshape([1, 1]);
  }

  reshape(bottom: Blobs): void {
    const [scores, deltas, info] = bottom as [Blob, Blob, Blob];
    const anchors = anchorCount(this.#options);
    const [height = 0, width = 0] = scores.shape.slice(2);
    const expect = (what: string, blob: Blob | undefined, channels: number): void => {
      const wanted = [1, channels, height, width];
      if (blob && shapeText(blob.shape) === shapeText(wanted)) return;
      throw new CaffeError(
        `${what} have shape ${shapeText(blob?.shape ?? [])}. Expected ${shapeText(wanted)}: ${anchors} anchors, a single image.`,
      );
    };
    expect("scores", scores, 2 * anchors);
    expect("deltas", deltas, 4 * anchors);
    if (!info || info.count() < 3) throw new CaffeError("im_info has less than 3 numbers.");
  }

  forward(bottom: Blobs, top: Blobs): void {
    const [scores, deltas, info] = bottom as [Blob, Blob, Blob];
    const [height = 0, width = 0] = scores.shape.slice(2);
    const [imageHeight = 0, imageWidth = 0, scale = 1] = info.dataMem.cpu();
    const { candidates, most } = DEFAULTS[this.phase === "TRAIN" ? "TRAIN" : "TEST"];
    const anchors = anchorsOfMap(this.#options, height, width);
    const [each, plane] = [anchorCount(this.#options), height * width];
    const [values, moves] = [scores.dataMem.cpu(), deltas.dataMem.cpu()];
    const boxes: Box[] = [];
    const own: number[] = [];
    anchors.forEach((anchor, i) => {
      const [position, a] = [Math.floor(i / each), i % each];
      const delta = [0, 1, 2, 3].map((k) => moves[(4 * a + k) * plane + position]!);
      const box = moved(anchor, delta, imageWidth, imageHeight);
      const least = LEAST_SIZE * scale;
      const [w, h] = [Math.fround(box[2] - box[0]) + 1, Math.fround(box[3] - box[1]) + 1];
      if (!(Math.fround(w) >= least && Math.fround(h) >= least)) return;
      boxes.push(box);
      own.push(values[(each + a) * plane + position]!);
    });
    // Equal scores come in reversed order, as numpy's argsort read backwards has them.
    const order = [...own.keys()].sort((a, b) => own[a]! - own[b]! || 0).reverse();
    const kept = suppressPixels(order.slice(0, candidates), boxes, OVERLAP, most);
    top[0]!.reshape([kept.length, 5]);
    top[0]!.dataMem.overwriteCpu().set(kept.flatMap((i) => [0, ...boxes[i]!]));
    top[1]?.reshape([kept.length, 1]);
    top[1]?.dataMem.overwriteCpu().set(kept.map((i) => own[i]!));
  }

  backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }
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
