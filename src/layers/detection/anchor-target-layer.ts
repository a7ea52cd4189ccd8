import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs } from "../base/layer.ts";
import { type AnchorOptions, anchorCount, anchorOptions, anchorsOfMap } from "./anchors.ts";

// What py-faster-rcnn's configuration says by default.
const POSITIVE = 0.7;
const NEGATIVE = 0.3;
const BATCH = 256;
const MOST_POSITIVE = 128;

/**
 * Says what each anchor is to learn: the `rpn.anchor_target_layer` of py-faster-rcnn, with its default configuration.
 *
 * Bottoms: scores 1×2A×H×W, objects G×5 `[xmin ymin xmax ymax label]`, im_info 1×3 (height, width, scale), the image (not
 * read). Tops: labels 1×1×A·H×W (1, 0, −1: nothing), targets, inside weights and outside weights, 1×4A×H×W each.
 */
export class AnchorTargetLayer {
  param_str = "";
  readonly #random: Random;
  #options!: AnchorOptions;

  constructor(random: Random) {
    this.#random = random;
  }

  setup(): void {
    this.#options = anchorOptions(this.param_str);
  }

  reshape(bottom: Blobs, top: Blobs): void {
    const [scores, objects] = bottom as [Blob, Blob];
    if (scores.shape.length !== 4 || scores.shape[0] !== 1) {
      throw new CaffeError(
        `scores have shape ${shapeText(scores.shape)}. Expected 1×2A×H×W: a single image.`,
      );
    }
    if (objects.shape.length < 2 || objects.count(1) !== 5) {
      throw new CaffeError(`objects have shape ${shapeText(objects.shape)}. Expected G×5.`);
    }
    const [height = 0, width = 0] = scores.shape.slice(2);
    const each = anchorCount(this.#options);
    top[0]?.reshape([1, 1, each * height, width]);
    for (const y of top.slice(1)) y.reshape([1, 4 * each, height, width]);
  }

  forward(bottom: Blobs, top: Blobs): void {
    const [scores, objects, info] = bottom as [Blob, Blob, Blob];
    const [height = 0, width = 0] = scores.shape.slice(2);
    const [imageHeight = 0, imageWidth = 0] = info.dataMem.cpu();
    const { border } = this.#options;
    const anchors = anchorsOfMap(this.#options, height, width);
    const inside = [...anchors.keys()].filter((i) => {
      const [x0, y0, x1, y1] = anchors[i]!;
      return (
        x0 >= -border && y0 >= -border && x1 < imageWidth + border && y1 < imageHeight + border
      );
    });
    const values = objects.dataMem.cpu();
    const truths = Array.from(
      { length: objects.shape[0] ?? 0 },
      (_, g): Box => [values[5 * g]!, values[5 * g + 1]!, values[5 * g + 2]!, values[5 * g + 3]!],
    );
    const { labels, best } = this.#label(inside, anchors, truths);
    const examples = labels.filter((label) => label >= 0).length;
    const [each, plane] = [anchorCount(this.#options), height * width];
    const [all, targets, within, of] = top.map((y) => y.dataMem.overwriteCpu());
    all?.fill(-1);
    for (const weights of [targets, within, of]) weights?.fill(0);
    inside.forEach((i, k) => {
      const [position, a] = [Math.floor(i / each), i % each];
      const label = labels[k]!;
      if (all) all[a * plane + position] = label;
      const truth = truths[best[k]!];
      const target = truth ? difference(anchors[i]!, truth) : [0, 0, 0, 0];
      target.forEach((value, edge) => {
        const at = (4 * a + edge) * plane + position;
        if (targets) targets[at] = value;
        if (within) within[at] = label === 1 ? 1 : 0;
        if (of) of[at] = label >= 0 ? 1 / examples : 0;
      });
    });
  }

  /** A label for each anchor that lies inside, and the object that it overlaps most. */
  #label(
    inside: readonly number[],
    anchors: readonly Box[],
    truths: readonly Box[],
  ): { readonly labels: number[]; readonly best: readonly number[] } {
    const overlaps = inside.map((i) => truths.map((truth) => pixelOverlap(anchors[i]!, truth)));
    const best = overlaps.map((row) => row.indexOf(Math.max(...row)));
    const most = overlaps.map((row) => Math.max(0, ...row));
    const labels = most.map((overlap): number => (overlap < NEGATIVE ? 0 : -1));
    truths.forEach((_, g) => {
      const greatest = overlaps.reduce((so, row) => Math.max(so, row[g]!), 0);
      overlaps.forEach((row, k) => {
        if (row[g] === greatest) labels[k] = 1;
      });
    });
    most.forEach((overlap, k) => {
      if (overlap >= POSITIVE) labels[k] = 1;
    });
    this.#leaveOut(labels, 1, MOST_POSITIVE);
    this.#leaveOut(labels, 0, BATCH - labels.filter((label) => label === 1).length);
    return { labels, best };
  }

  /** Leaves `most` anchors of a label, drawn by chance. */
  #leaveOut(labels: number[], label: number, most: number): void {
    const own = [...labels.keys()].filter((k) => labels[k] === label);
    while (own.length > most) {
      const [k = 0] = own.splice(this.#random.below(own.length), 1);
      labels[k] = -1;
    }
  }

  backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }
}

/** The overlap of boxes whose edges are both within. */
function pixelOverlap(a: Box, b: Box): number {
  const w = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 1;
  const h = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 1;
  if (!(w > 0 && h > 0)) return 0;
  const area = ([x0, y0, x1, y1]: Box): number => (x1 - x0 + 1) * (y1 - y0 + 1);
  return (w * h) / (area(a) + area(b) - w * h);
}

/** How an anchor is to be moved and stretched to be the object. */
function difference(anchor: Box, truth: Box): readonly number[] {
  const frame = ([x0, y0, x1, y1]: Box): readonly [number, number, number, number] => {
    const [width, height] = [x1 - x0 + 1, y1 - y0 + 1];
    return [x0 + 0.5 * width, y0 + 0.5 * height, width, height];
  };
  const [[x, y, w, h], [tx, ty, tw, th]] = [frame(anchor), frame(truth)];
  return [(tx - x) / w, (ty - y) / h, Math.log(tw / w), Math.log(th / h)];
}
