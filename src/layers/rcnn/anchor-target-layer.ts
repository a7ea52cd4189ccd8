import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs, LayerState } from "../base/layer.ts";
import { RandomStream } from "../base/random-stream.ts";
import {
  ANCHOR_KEYS,
  type AnchorOptions,
  anchorCount,
  anchorOptions,
  anchorsOfMap,
} from "./anchors.ts";
import { ParamStr } from "./param-str.ts";
import { offsetOf, pixelOverlap } from "./pixels.ts";

const KEYS = [
  ...ANCHOR_KEYS,
  "allowed_border",
  "RPN_POSITIVE_OVERLAP",
  "RPN_NEGATIVE_OVERLAP",
  "RPN_BATCHSIZE",
  "RPN_FG_FRACTION",
];

/** How anchors are labelled. */
interface TargetOptions {
  readonly anchors: AnchorOptions;
  /** How far anchors may reach beyond the image and still be trained. */
  readonly border: number;
  readonly positive: number;
  readonly negative: number;
  readonly batch: number;
  readonly mostPositive: number;
}

/**
 * Says what each anchor is to learn: the `rpn.anchor_target_layer` of py-faster-rcnn, with its default configuration.
 *
 * Bottoms: scores 1×2A×H×W, objects G×5 `[xmin ymin xmax ymax label]`, im_info 1×3 (height, width, scale), the image (not
 * read). Tops: labels 1×1×A·H×W (1, 0, −1: nothing), targets, inside weights and outside weights, 1×4A×H×W each.
 */
export class AnchorTargetLayer {
  param_str = "";
  readonly #stream: RandomStream;
  #options!: TargetOptions;

  constructor(random: Random) {
    this.#stream = new RandomStream(random);
  }

  setup(): void {
    const param = new ParamStr(this.param_str, KEYS);
    const batch = param.number("RPN_BATCHSIZE", 256);
    this.#options = {
      anchors: anchorOptions(param),
      border: param.number("allowed_border", 0, Number.NEGATIVE_INFINITY),
      positive: param.number("RPN_POSITIVE_OVERLAP", 0.7),
      negative: param.number("RPN_NEGATIVE_OVERLAP", 0.3, 0),
      batch,
      mostPositive: Math.trunc(param.number("RPN_FG_FRACTION", 0.5, 0) * batch),
    };
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
    const each = anchorCount(this.#options.anchors);
    top[0]?.reshape([1, 1, each * height, width]);
    for (const y of top.slice(1)) y.reshape([1, 4 * each, height, width]);
  }

  forward(bottom: Blobs, top: Blobs): void {
    const [scores, objects, info] = bottom as [Blob, Blob, Blob];
    const [height = 0, width = 0] = scores.shape.slice(2);
    const [imageHeight = 0, imageWidth = 0] = info.dataMem.cpu();
    const { border } = this.#options;
    const anchors = anchorsOfMap(this.#options.anchors, height, width);
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
    const [each, plane] = [anchorCount(this.#options.anchors), height * width];
    const [all, targets, within, of] = top.map((y) => y.dataMem.overwriteCpu());
    all?.fill(-1);
    for (const weights of [targets, within, of]) weights?.fill(0);
    inside.forEach((i, k) => {
      const [position, a] = [Math.floor(i / each), i % each];
      const label = labels[k]!;
      if (all) all[a * plane + position] = label;
      const truth = truths[best[k]!];
      const target = truth ? offsetOf(anchors[i]!, truth) : [0, 0, 0, 0];
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
    const { positive, negative, batch, mostPositive } = this.#options;
    const overlaps = inside.map((i) => truths.map((truth) => pixelOverlap(anchors[i]!, truth)));
    const best = overlaps.map((row) => row.indexOf(Math.max(...row)));
    const most = overlaps.map((row) => Math.max(0, ...row));
    const labels = most.map((overlap): number => (overlap < negative ? 0 : -1));
    truths.forEach((_, g) => {
      const greatest = overlaps.reduce((so, row) => Math.max(so, row[g]!), 0);
      overlaps.forEach((row, k) => {
        if (row[g] === greatest) labels[k] = 1;
      });
    });
    most.forEach((overlap, k) => {
      if (overlap >= positive) labels[k] = 1;
    });
    this.#leaveOut(labels, 1, mostPositive);
    this.#leaveOut(labels, 0, batch - labels.filter((label) => label === 1).length);
    return { labels, best };
  }

  /** Leaves `most` anchors of a label, drawn by chance. */
  #leaveOut(labels: number[], label: number, most: number): void {
    const own = [...labels.keys()].filter((k) => labels[k] === label);
    if (own.length <= most) return;
    for (const k of own) labels[k] = -1;
    for (const k of this.#stream.sample(own, Math.max(0, most))) labels[k] = label;
  }

  state(): LayerState {
    return this.#stream.state();
  }

  restore(state: LayerState): void {
    this.#stream.restore(state);
  }

  backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }
}
