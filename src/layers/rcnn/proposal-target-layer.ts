import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs, LayerState } from "../base/layer.ts";
import { RandomStream } from "../base/random-stream.ts";
import { boxAt } from "../detection/boxes.ts";
import { ParamStr } from "./param-str.ts";
import { offsetOf, pixelOverlap } from "./pixels.ts";

/** An object of the image. */
interface Truth {
  readonly box: Box;
  readonly label: number;
}

/** A region with the object that it overlaps most. */
interface Sample {
  readonly box: Box;
  readonly truth: Truth | undefined;
  readonly overlap: number;
}

/** What is read of `param_str`: `num_classes`, and what py-faster-rcnn's configuration says. */
interface TargetOptions {
  readonly classes: number;
  readonly batch: number;
  readonly fraction: number;
  readonly foreground: number;
  readonly background: readonly [from: number, to: number];
  readonly means: readonly number[];
  readonly stds: readonly number[];
}

const KEYS = [
  "num_classes",
  "BATCH_SIZE",
  "FG_FRACTION",
  "FG_THRESH",
  "BG_THRESH_LO",
  "BG_THRESH_HI",
  "BBOX_NORMALIZE_MEANS",
  "BBOX_NORMALIZE_STDS",
];

/**
 * Chooses regions to learn from, and says what each is to learn: the `rpn.proposal_target_layer` of py-faster-rcnn and
 * R-FCN, with the configuration that they train end to end with.
 *
 * Bottoms: regions R×5 `[0 xmin ymin xmax ymax]`, objects G×5 `[xmin ymin xmax ymax label]`. Tops: regions K×5, labels
 * K×1, targets K×4C, inside weights and outside weights K×4C, 1 where a target counts. Objects join the regions. Of 128
 * a quarter at most overlaps an object by a half or more, the others less, both drawn by chance. Targets are divided by
 * 0.1, 0.1, 0.2, 0.2.
 *
 * With `num_classes` 2 all objects share one target, whatever their labels are, as R-FCN's agnostic nets have it.
 */
export class PythonProposalTargetLayer {
  param_str = "";
  readonly #stream: RandomStream;
  #options!: TargetOptions;

  constructor(random: Random) {
    this.#stream = new RandomStream(random);
  }

  setup(): void {
    const param = new ParamStr(this.param_str, KEYS);
    this.#options = {
      classes: param.number("num_classes"),
      batch: param.number("BATCH_SIZE", 128, -1),
      fraction: param.number("FG_FRACTION", 0.25, 0),
      foreground: param.number("FG_THRESH", 0.5, 0),
      background: [param.number("BG_THRESH_LO", 0, 0), param.number("BG_THRESH_HI", 0.5, 0)],
      means: param.list("BBOX_NORMALIZE_MEANS", [0, 0, 0, 0], Number.NEGATIVE_INFINITY),
      stds: param.list("BBOX_NORMALIZE_STDS", [0.1, 0.1, 0.2, 0.2]),
    };
    const { classes, batch, means, stds } = this.#options;
    if (!(Number.isInteger(classes) && classes >= 2)) {
      throw new CaffeError(
        `num_classes is ${classes}. Expected 2 or more, the background among them.`,
      );
    }
    if (batch === 0) throw new CaffeError("BATCH_SIZE is 0. Expected 1 or more, or -1: all.");
    if (means.length !== 4 || stds.length !== 4) {
      throw new CaffeError(
        `BBOX_NORMALIZE_MEANS has ${means.length} and BBOX_NORMALIZE_STDS ${stds.length} numbers. Expected four each.`,
      );
    }
  }

  reshape(bottom: Blobs, top: Blobs): void {
    const [rois, objects] = bottom as [Blob, Blob];
    for (const [what, blob] of [
      ["regions", rois],
      ["objects", objects],
    ] as const) {
      if (blob.shape.length >= 2 && blob.count(1) === 5) continue;
      throw new CaffeError(
        `${what} have shape ${shapeText(blob.shape)}. Expected a row of 5 each.`,
      );
    }
    // How many there are is known after forward.
    this.#shape(top, 1);
  }

  #shape(top: Blobs, count: number): void {
    const wide = 4 * this.#options.classes;
    [5, 1, wide, wide, wide].forEach((each, i) => {
      top[i]?.reshape([count, each]);
    });
  }

  forward(bottom: Blobs, top: Blobs): void {
    const truths = this.#readTruths(bottom[1]!);
    const boxes = [...this.#readRegions(bottom[0]!), ...truths.map(({ box }) => box)];
    const { foreground, background } = this.#choose(boxes.map((box) => matched(box, truths)));
    const chosen = [...foreground, ...background];
    const { classes, means, stds } = this.#options;
    this.#shape(top, chosen.length);
    const [rois, labels, targets, within, of] = top.map((y) => y.dataMem.overwriteCpu().fill(0));
    chosen.forEach(({ box, truth }, i) => {
      rois?.set([0, ...box], 5 * i);
      if (!truth || i >= foreground.length) return;
      if (labels) labels[i] = truth.label;
      const at = 4 * (classes * i + (classes === 2 ? 1 : truth.label));
      const offset = offsetOf(box, truth.box);
      targets?.set(
        offset.map((value, k) => (value - means[k]!) / stds[k]!),
        at,
      );
      within?.fill(1, at, at + 4);
      of?.fill(1, at, at + 4);
    });
  }

  #readRegions(rois: Blob): readonly Box[] {
    const values = rois.dataMem.cpu();
    return Array.from({ length: rois.shape[0] ?? 0 }, (_, r) => {
      if (values[5 * r] !== 0) {
        throw new CaffeError(
          `region ${r} lies in image ${values[5 * r]}. Expected 0: a single image.`,
        );
      }
      return boxAt(values, 5 * r + 1);
    });
  }

  #readTruths(objects: Blob): readonly Truth[] {
    const values = objects.dataMem.cpu();
    const { classes } = this.#options;
    const most = classes === 2 ? Number.POSITIVE_INFINITY : classes - 1;
    return Array.from({ length: objects.shape[0] ?? 0 }, (_, g) => {
      const label = Math.trunc(values[5 * g + 4]!);
      if (label >= 1 && label <= most) return { box: boxAt(values, 5 * g), label };
      throw new CaffeError(
        `object ${g} has label ${label}. Expected 1 to ${most}: num_classes is ${classes}.`,
      );
    });
  }

  /** Which regions are learnt, and as what. */
  #choose(samples: readonly Sample[]): {
    readonly foreground: readonly Sample[];
    readonly background: readonly Sample[];
  } {
    const { batch, fraction, foreground: least, background: bounds } = this.#options;
    const size = batch === -1 ? samples.length : batch;
    const most = batch === -1 ? size : Math.round(fraction * size);
    const foreground = this.#stream.sample(
      samples.filter(({ truth, overlap }) => truth !== undefined && overlap >= least),
      most,
    );
    const background = this.#stream.sample(
      samples.filter(({ overlap }) => overlap >= bounds[0] && overlap < bounds[1]),
      size - foreground.length,
    );
    return { foreground, background };
  }

  backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }

  state(): LayerState {
    return this.#stream.state();
  }

  restore(state: LayerState): void {
    this.#stream.restore(state);
  }
}

/** A region with the object that it overlaps most, the first of equal ones. */
function matched(box: Box, truths: readonly Truth[]): Sample {
  let [overlap, best]: [number, Truth | undefined] = [0, undefined];
  for (const truth of truths) {
    const own = pixelOverlap(box, truth.box);
    if (best === undefined || own > overlap) [overlap, best] = [own, truth];
  }
  return { box, truth: best, overlap };
}
