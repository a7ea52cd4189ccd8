import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Box } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, type LayerState, type ParamField } from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { RandomStream } from "../base/random-stream.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { boxAt, roundAway } from "../detection/boxes.ts";
import { boxScaleOf, scaled } from "./box-scale.ts";
import { edgesOf, type LastPixel, offsetTo, type Patch, patchOf, patchOverlap } from "./patches.ts";

/** An object, and a region of an image. */
interface Region {
  readonly image: number;
  readonly patch: Patch;
}
interface Truth extends Region {
  readonly label: number;
  readonly isIgnored: boolean;
}

/** A region that is to be learnt, with the object that it overlaps most. */
interface Sample {
  readonly region: Region;
  readonly truth: Truth | undefined;
  readonly overlap: number;
}

/** No random region is smaller. */
const LEAST_SIZE = 32;
/** How often a random region is drawn anew because it lies on an object. */
const TRIES = 1000;

/**
 * Chooses regions to learn from, and says what each is to learn.
 *
 * Regions, and the objects themselves, are foreground where they overlap an object by fg_thr or more, and background from
 * bg_thr_lw up to bg_thr_hg. Of batch_size regions fg_fraction are foreground at most, drawn by chance; the rest is background, with
 * pickup_discard from what overlaps less or in between where there is not enough. Without any region at all one is drawn.
 *
 * - bottom[0]: regions R×5 `[image xmin ymin xmax ymax]`; bottom[1]: objects G×8 `[image xmin ymin xmax ymax label ignored
 *   difficult]`, or G×7 as in MS-CNN, image −1: none; neither has a gradient
 * - top[0]: regions K×5×1×1; top[1]: labels K×1×1×1, 0 background; top[2]: targets K×4C×1×1, K×8×1×1 with cls_aware: false;
 *   top[3], top[4]: weights of these, 1 where they count; top[5]: the objects matched, K×6×1×1 `[label xmin ymin xmax ymax
 *   overlap]`, 0 for background; top[6], optional: weights of samples, K×1×1×1, which even out both kinds
 * - `proposal_target_param`: cls_num, batch_size 128 (−1: all), fg_fraction 0.25, num_img_per_batch 4, fg_thr 0.5,
 *   bg_thr_hg 0.5, bg_thr_lw 0.1, img_width, img_height, iou_weighted false, bbox_thr_lw 0 and bbox_thr_hg 10 (targets count where
 *   the overlap lies between), pickup_discard true, append_gtbox true
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each), cls_aware true
 *
 * With rows of 7 it is MS-CNN's: boxes are one pixel smaller when overlaps are worked out, and what is missing of the batch
 * is drawn from the background of all images. Draws come from the layer's own stream, which snapshots carry.
 *
 * @see ProposalTarget of MS-CNN (zhaoweicai/mscnn) and Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class ProposalTargetLayer extends ToldLayer<Blobs, Blobs> {
  static override readonly type: string = "ProposalTarget";
  static override readonly paramFields: readonly ParamField[] = [
    "proposal_target_param",
    "bbox_reg_param",
  ];
  static override readonly bottoms: Arity = arity.two;
  static override readonly tops: Arity = { min: 6, max: 7 };

  readonly #stream = new RandomStream(this.randomOfRank("regions"));

  get #param() {
    return withDefaults("ProposalTargetParameter", this.param.proposal_target_param);
  }

  /** Whether each class has offsets of its own. */
  get #isAware(): boolean {
    return this.param.bbox_reg_param?.cls_aware ?? true;
  }

  /** Numbers of a row of targets. */
  get #wide(): number {
    return this.#isAware ? 4 * (this.param.proposal_target_param?.cls_num ?? 0) : 8;
  }

  override setUp(): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const { batch_size, fg_thr, bg_thr_hg, cls_num = 0 } = this.#param;
    const expect = (field: string, value: number, wanted: string, isRight: boolean): void => {
      if (!isRight) this.fail(`proposal_target_param.${field} is ${value}. Expected ${wanted}.`);
    };
    expect("batch_size", batch_size, "1 or more, or -1: all", batch_size === -1 || batch_size > 0);
    expect("bg_thr_hg", bg_thr_hg, `fg_thr ${fg_thr} or less`, fg_thr >= bg_thr_hg);
    expect("cls_num", cls_num, "2 or more", !this.#isAware || cls_num >= 2);
  }

  override reshape([rois, objects]: Blobs, top: Blobs): void {
    if (!rois || rois.shape.length < 2 || rois.count(1) !== 5) {
      this.fail(`regions have shape ${shapeText(rois?.shape ?? [])}. Expected R×5.`);
    }
    if (!objects || objects.shape.length < 2 || ![7, 8].includes(objects.count(1))) {
      this.fail(
        `objects have shape ${shapeText(objects?.shape ?? [])}. Expected G×8 ` +
          "`[image xmin ymin xmax ymax label ignored difficult]`, or G×7.",
      );
    }
    const { batch_size } = this.#param;
    // How many are chosen is known after forward.
    this.#shape(top, batch_size === -1 ? Math.max(1, rois.shape[0] ?? 0) : batch_size);
  }

  #shape(top: Blobs, count: number): void {
    const wide = this.#wide;
    [5, 1, wide, wide, wide, 6, 1].forEach((each, i) => {
      top[i]?.reshape([count, each, 1, 1]);
    });
  }

  override forward([rois, objects]: Blobs, top: Blobs): void {
    const last: LastPixel = objects!.count(1) === 7 ? 0 : 1;
    const truths = this.#readTruths(objects!);
    const regions = this.#readRegions(rois!);
    if (this.#param.append_gtbox) regions.push(...truths);
    const samples = regions.map((region) => matched(region, truths, last));
    const { foreground, background } = this.#choose(samples, last === 0);
    if (foreground.length + background.length === 0) {
      background.push(...this.#drawn(1, truths, last));
    } else if (last === 0) {
      const missing = this.#param.batch_size - foreground.length - background.length;
      background.push(...this.#drawn(missing, truths, last));
    }
    this.#write([...foreground, ...background], foreground.length, top);
  }

  #readRegions(rois: Blob): Region[] {
    const values = rois.dataMem.cpu();
    const { num_img_per_batch } = this.#param;
    return Array.from({ length: rois.shape[0] ?? 0 }, (_, r): Region => {
      const image = values[5 * r]!;
      if (!(image >= 0 && image < num_img_per_batch)) {
        this.fail(
          `region ${r} lies in image ${image}. Expected 0 to ${num_img_per_batch - 1}: num_img_per_batch is ${num_img_per_batch}.`,
        );
      }
      return { image, patch: patchOf(boxAt(values, 5 * r + 1)) };
    });
  }

  #readTruths(objects: Blob): Truth[] {
    const values = objects.dataMem.cpu();
    const { num_img_per_batch, cls_num = 0 } = this.#param;
    const most = this.#isAware ? cls_num - 1 : Number.POSITIVE_INFINITY;
    const wide = objects.count(1);
    const truths: Truth[] = [];
    for (let at = 0; at < objects.count(); at += wide) {
      const [image, label] = [Math.trunc(values[at]!), Math.trunc(values[at + 5]!)];
      if (image === -1) continue;
      if (!(image >= 0 && image < num_img_per_batch)) {
        this.fail(
          `object ${at / wide} lies in image ${image}. Expected 0 to ${num_img_per_batch - 1}, or -1: num_img_per_batch is ${num_img_per_batch}.`,
        );
      }
      const isIgnored = values[at + 6]! !== 0;
      if (!isIgnored && !(label >= 1 && label <= most)) {
        this.fail(`object ${at / wide} has label ${label}. Expected 1 to ${most}.`);
      }
      truths.push({ image, patch: patchOf(boxAt(values, at + 1)), label, isIgnored });
    }
    return truths;
  }

  /** Which regions are learnt, and as what. */
  #choose(
    samples: readonly Sample[],
    fillsUp: boolean,
  ): { readonly foreground: Sample[]; readonly background: Sample[] } {
    const param = this.#param;
    const { fround } = Math;
    const positive: Sample[] = [];
    const negative: Sample[] = [];
    const discarded: Sample[] = [];
    for (const sample of samples) {
      if (sample.truth && sample.overlap >= fround(param.fg_thr)) {
        if (!sample.truth.isIgnored) positive.push(sample);
      } else if (
        sample.overlap >= fround(param.bg_thr_lw) &&
        sample.overlap < fround(param.bg_thr_hg)
      ) {
        negative.push(sample);
      } else discarded.push(sample);
    }
    const all = param.batch_size === -1;
    const size = all ? positive.length + negative.length : param.batch_size;
    const most = all ? positive.length : roundAway(fround(fround(param.fg_fraction) * size));
    const foreground = this.#stream.sample(positive, most);
    const room = size - foreground.length;
    const background = this.#stream.sample(negative, room);
    if (param.pickup_discard || fillsUp) {
      background.push(...discarded.slice(0, room - background.length));
    }
    return { foreground, background };
  }

  /** Regions of background that lie anywhere in the images. */
  #drawn(count: number, truths: readonly Truth[], last: LastPixel): Sample[] {
    if (count <= 0) return [];
    const { img_width = 0, img_height = 0, num_img_per_batch, fg_thr } = this.#param;
    if (!(img_width > LEAST_SIZE && img_height > LEAST_SIZE)) {
      this.fail(
        `there are ${count} regions too few, and proposal_target_param says img_width ${img_width} and img_height ${img_height}. Expected more than ${LEAST_SIZE}: regions are drawn from it.`,
      );
    }
    const { random } = this.#stream;
    return Array.from({ length: count }, () => {
      for (let tries = 0; ; tries++) {
        const image = random.below(num_img_per_batch);
        const [x, y] = [
          random.below(img_width - LEAST_SIZE),
          random.below(img_height - LEAST_SIZE),
        ];
        const width = Math.max(LEAST_SIZE, random.below(img_width - x));
        const height = Math.max(LEAST_SIZE, random.below(img_height - y));
        const region: Region = { image, patch: [x, y, width, height] };
        const { overlap } = matched(region, truths, last);
        if (overlap < fg_thr || tries === TRIES) return { region, truth: undefined, overlap: 0 };
      }
    });
  }

  #write(samples: readonly Sample[], positives: number, top: Blobs): void {
    const param = this.#param;
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    this.#shape(top, samples.length);
    const wide = this.#wide;
    const [rois, labels, targets, within, of, matches, weights] = top.map((y) =>
      y.dataMem.overwriteCpu().fill(0),
    );
    samples.forEach(({ region, truth, overlap }, i) => {
      const label = i < positives ? truth!.label : 0;
      rois!.set([region.image, ...edgesOf(region.patch)], 5 * i);
      labels![i] = label;
      if (label === 0 || !truth) return;
      const at = wide * i + 4 * (this.#isAware ? label : 1);
      targets!.set(scaled(offsetTo(region.patch, truth.patch), scale), at);
      const { fround } = Math;
      if (overlap >= fround(param.bbox_thr_lw) && overlap <= fround(param.bbox_thr_hg)) {
        within!.fill(1, at, at + 4);
        of!.fill(1, at, at + 4);
      }
      const edges: Box = edgesOf(truth.patch);
      matches!.set([label, ...edges, overlap], 6 * i);
    });
    weights?.set(this.#weights(samples, positives));
  }

  /** Weights that make fg_fraction of the whole the foreground's, each by its overlap with iou_weighted. */
  #weights(samples: readonly Sample[], positives: number): readonly number[] {
    const { fg_fraction, iou_weighted } = this.#param;
    const own = samples.map(({ overlap }, i) => (iou_weighted && i < positives ? overlap : 1));
    const sum = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0);
    const [front, back] = [sum(own.slice(0, positives)), sum(own.slice(positives))];
    if (front === 0) return own;
    return own.map((weight, i) =>
      i < positives
        ? (weight * fg_fraction * own.length) / front
        : (weight * (1 - fg_fraction) * own.length) / back,
    );
  }

  override state(): LayerState {
    return this.#stream.state();
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#stream.restore(state);
  }
}

/** A region with the object of its image that it overlaps most; the first of equal ones. */
function matched(region: Region, truths: readonly Truth[], last: LastPixel): Sample {
  let [overlap, best]: [number, Truth | undefined] = [0, undefined];
  for (const truth of truths) {
    if (truth.image !== region.image) continue;
    const own = patchOverlap(region.patch, truth.patch, last);
    if (best === undefined || own > overlap) [overlap, best] = [own, truth];
  }
  return { region, truth: best, overlap };
}
