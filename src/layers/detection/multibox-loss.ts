import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Box } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, Blobs, One, ParamField } from "../base/layer.ts";
import { LossLayer, normalizationOf, normalizer } from "../base/loss.ts";
import { type BoxCode, boxAt, decodeBox, encodeBox } from "./boxes.ts";
import { checkTruthShape, type Truth, truthsOf } from "./ground-truth.ts";
import { LossTerms } from "./loss-terms.ts";
import { type Matches, matchBoxes, UNMATCHED } from "./matching.ts";
import { mine } from "./mining.ts";
import { checkMultiBoxParam, multiBoxParamOf } from "./multibox-param.ts";
import { PriorReader, type Priors } from "./priors.ts";
import { ScoreLosses } from "./score-losses.ts";
import { smoothL1 } from "./smooth-l1.ts";

/** The matches of one image by the label whose locations they are of; undefined where all labels share them. */
type ImageMatches = readonly { readonly label: number | undefined; readonly matches: Matches }[];

/**
 * The loss of a detector that predicts, for each prior, a box and the scores of classes.
 *
 *     E = (loc_weight · Σ loss(location − encoded object) + Σ loss(scores, label)) / z
 *
 * Each object takes the prior that it overlaps most, then (PER_PREDICTION) each prior the object that it overlaps most, by
 * overlap_threshold at least. Priors with an object learn its box and label. Of the others those learn background that are
 * mined: NONE takes all; MAX_NEGATIVE the neg_pos_ratio times as many worst of those that overlap less than neg_overlap;
 * HARD_EXAMPLE the sample_size worst of all, with or without objects.
 * z: priors with an object (VALID), N·P (FULL), N (BATCH_SIZE) or 1 (NONE); at least 1.
 *
 * - bottom[0]: locations, N×(P·4), or with share_location: false N×(P·C·4); bottom[1]: scores, N×(P·C)
 * - bottom[2]: priors, 1×2×(P·4); bottom[3]: objects, 1×1×G×8, a row
 *   `[image label instance xmin ymin xmax ymax difficult]` each; image −1: none. Neither has a gradient
 * - top[0]: the loss, a scalar
 * - `multibox_loss_param`: num_classes (required), loc_loss_type SMOOTH_L1, conf_loss_type SOFTMAX, loc_weight 1,
 *   share_location true, match_type PER_PREDICTION, overlap_threshold 0.5, use_prior_for_matching true,
 *   background_label_id 0, use_difficult_gt true, neg_pos_ratio 3, neg_overlap 0.5, code_type CORNER,
 *   encode_variance_in_target false, map_object_to_agnostic false, ignore_cross_boundary_bbox false, bp_inside false,
 *   mining_type MAX_NEGATIVE, nms_param, sample_size 64, use_prior_for_nms false; `loss_param`: normalization VALID
 *
 * `propagate_down: false` for a bottom takes its part out of the loss too. With encode_variance_in_target the gradient is
 * not divided by the variances, as in SSD: it is not the derivative then.
 *
 * @see MultiBoxLoss of SSD (weiliu89/caffe)
 */
export class MultiBoxLossLayer extends LossLayer<Blobs, One> {
  static override readonly type: string = "MultiBoxLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "multibox_loss_param",
    "loss_param",
  ];
  static override readonly hostBottoms: readonly number[] = [0, 1, 2, 3];
  static override readonly bottoms: Arity = { min: 4, max: 4 };

  #classes = 0;
  #priors = 0;
  #matched = 0;
  #locations = new LossTerms();
  #scores = new LossTerms();
  #scoreLosses!: ScoreLosses;

  readonly #param = multiBoxParamOf(this.param);
  readonly #priorReader: PriorReader = new PriorReader(this.#param.code_type as BoxCode);

  override setUp(): void {
    const param = this.#param;
    this.#classes = param.num_classes ?? 0;
    this.#scoreLosses = new ScoreLosses(this.#classes, param.conf_loss_type === "SOFTMAX");
    checkMultiBoxParam(this.param, (message) => this.fail(message));
    if (param.mining_type !== "NONE" && param.nms_param && param.nms_param.top_k === undefined) {
      this.context.warn("nms_param has no top_k, which counts as 0: nothing is mined, as in SSD.");
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const [loc, conf, priors, label] = bottom as [Blob, Blob, Blob, Blob];
    y.reshape([]);
    this.#priors = Math.floor((priors.shape[2] ?? 0) / 4);
    const kinds = this.#param.share_location ? 1 : this.#classes;
    const batch = loc.shape[0] ?? 1;
    this.#expect("locations", loc, batch, this.#priors * kinds * 4);
    this.#expect("scores", conf, batch, this.#priors * this.#classes);
    checkTruthShape(label, (message) => this.fail(message));
  }

  #expect(what: string, blob: Blob, batch: number, each: number): void {
    if (blob.shape[0] === batch && blob.count(1) === each) return;
    this.fail(
      `${what} have shape ${shapeText(blob.shape)}. Expected ${batch} times ${each}: there are ${this.#priors} priors and ${this.#classes} classes.`,
    );
  }

  override forward(bottom: Blobs, [y]: One): void {
    const [loc, conf, priorBlob, label] = bottom as [Blob, Blob, Blob, Blob];
    const param = this.#param;
    const fail = (message: string): never => this.fail(message);
    const priors = this.#priorReader.read(priorBlob, fail);
    const images = truthsOf(label, param.background_label_id, param.use_difficult_gt, fail);
    this.#checkLabels(images);
    this.#matched = 0;
    this.#locations = new LossTerms();
    this.#scores = new LossTerms();
    const batch = loc.shape[0] ?? 1;
    const targets =
      param.mining_type === "NONE"
        ? new Float64Array(batch * this.#priors * this.#classes).fill(param.background_label_id)
        : undefined;
    for (let image = 0; image < batch; image++) {
      const truths = images.get(image) ?? [];
      const matched = this.#match(loc, image, truths, priors);
      const negatives = this.#mine(loc, conf, image, truths, priors, matched);
      this.#addLocations(loc, image, truths, priors, matched);
      if (targets) this.#setTargets(targets, image, truths, matched);
      else this.#addMined(conf, image, truths, matched, negatives);
    }
    if (targets) {
      for (let p = 0; p < batch * this.#priors; p++) {
        if (param.conf_loss_type === "SOFTMAX")
          this.#scoreLosses.ofLabel(conf, p, targets[p]!, 0, this.#scores);
        else
          this.#scoreLosses.ofTargets(conf, p, targets.subarray(p * this.#classes), this.#scores);
      }
    }
    const [usesLocations, usesScores] = this.#parts();
    const loss =
      (usesLocations ? param.loc_weight * this.#locations.loss : 0) +
      (usesScores ? this.#scores.loss : 0);
    y.dataMem.overwriteCpu()[0] = loss / this.#normalizer(batch);
  }

  /** Which parts of the loss count. */
  #parts(): readonly [boolean, boolean] {
    const [locations = true, scores = true] = this.param.propagate_down ?? [];
    return [locations, scores];
  }

  #normalizer(batch: number): number {
    const mode = normalizationOf(this.param.loss_param);
    return normalizer(mode, batch, this.#priors, this.#matched);
  }

  #checkLabels(images: ReadonlyMap<number, readonly Truth[]>): void {
    const param = this.#param;
    if (param.map_object_to_agnostic && param.mining_type === "NONE") return;
    for (const [image, truths] of images) {
      for (const { label } of truths) {
        if (label >= 0 && label < this.#classes) continue;
        this.failAt(image, `an object has label ${label}. Expected 0 to ${this.#classes - 1}.`);
      }
    }
  }

  /** The boxes that an image's locations mean, for a label. */
  #decoded(loc: Blob, image: number, label: number | undefined, priors: Priors): Box[] {
    const param = this.#param;
    const values = loc.dataMem.cpu();
    return priors.boxes.map((prior, p) =>
      decodeBox(
        boxAt(values, this.#locationAt(loc, image, label, p)),
        prior,
        param.code_type as BoxCode,
        param.encode_variance_in_target ? undefined : priors.variances[p],
      ),
    );
  }

  #locationAt(loc: Blob, image: number, label: number | undefined, prior: number): number {
    const kinds = this.#param.share_location ? 1 : this.#classes;
    return image * loc.count(1) + 4 * (prior * kinds + (label ?? 0));
  }

  #match(loc: Blob, image: number, truths: readonly Truth[], priors: Priors): ImageMatches {
    const param = this.#param;
    if (truths.length === 0) return [];
    const options = {
      perPrediction: param.match_type === "PER_PREDICTION",
      threshold: param.overlap_threshold,
      ignoresCrossing: param.ignore_cross_boundary_bbox,
    };
    const labels = param.share_location
      ? [undefined]
      : [...Array(this.#classes).keys()].filter((label) => label !== param.background_label_id);
    if (!param.use_prior_for_matching) {
      return labels.map((label) => {
        const boxes = this.#decoded(loc, image, label, priors);
        return { label, matches: matchBoxes(truths, boxes, { ...options, label }) };
      });
    }
    const matches = matchBoxes(truths, priors.boxes, options);
    return labels.map((label) => {
      if (label === undefined) return { label, matches };
      const indices = matches.indices.map((g) =>
        g > UNMATCHED && truths[g]!.label === label ? g : UNMATCHED,
      );
      return { label, matches: { indices, overlaps: matches.overlaps } };
    });
  }

  /** Which priors learn background; with HARD_EXAMPLE objects that are not mined are taken from their priors. */
  #mine(
    loc: Blob,
    conf: Blob,
    image: number,
    truths: readonly Truth[],
    priors: Priors,
    [matched]: ImageMatches,
  ): readonly number[] {
    const param = this.#param;
    if (param.mining_type === "NONE" || !matched) return [];
    const losses = this.#losses(loc, conf, image, truths, priors, matched.matches.indices);
    const { nms_threshold } = withDefaults("NonMaximumSuppressionParameter", param.nms_param);
    const boxes = (): readonly Box[] =>
      param.use_prior_for_nms ? priors.boxes : this.#decoded(loc, image, undefined, priors);
    return mine(matched.matches, losses, {
      most: param.mining_type === "HARD_EXAMPLE" ? param.sample_size : undefined,
      overlap: param.neg_overlap,
      ratio: param.neg_pos_ratio,
      ...(param.nms_param &&
        nms_threshold > 0 && {
          suppression: { threshold: nms_threshold, most: param.nms_param.top_k ?? 0, boxes },
        }),
    });
  }

  /** What each prior adds to the loss by its scores; with HARD_EXAMPLE by its location too. */
  #losses(
    loc: Blob,
    conf: Blob,
    image: number,
    truths: readonly Truth[],
    priors: Priors,
    indices: Int32Array,
  ): Float32Array {
    const { mining_type, background_label_id } = this.#param;
    const losses = new Float32Array(indices.length);
    for (let p = 0; p < indices.length; p++) {
      const g = indices[p]!;
      const label = g > UNMATCHED ? truths[g]!.label : background_label_id;
      const at = image * this.#priors + p;
      losses[p] = this.#scoreLosses.ofLabel(conf, at, label, 0);
      if (mining_type !== "HARD_EXAMPLE" || g <= UNMATCHED) continue;
      const found = new LossTerms();
      this.#addLocation(loc, image, undefined, p, truths[g]!, priors, found);
      losses[p]! += found.loss;
    }
    return losses;
  }

  #addLocations(
    loc: Blob,
    image: number,
    truths: readonly Truth[],
    priors: Priors,
    matched: ImageMatches,
  ): void {
    for (const { label, matches } of matched) {
      matches.indices.forEach((g, p) => {
        if (g <= UNMATCHED) return;
        this.#matched++;
        this.#addLocation(loc, image, label, p, truths[g]!, priors, this.#locations);
      });
    }
  }

  /** Adds the four terms of one location. */
  #addLocation(
    loc: Blob,
    image: number,
    label: number | undefined,
    p: number,
    truth: Truth,
    priors: Priors,
    terms: LossTerms,
  ): void {
    const param = this.#param;
    const code = param.code_type as BoxCode;
    const [prior, variance] = [priors.boxes[p]!, priors.variances[p]!];
    if (code === "CENTER_SIZE" && !(truth.box[2] > truth.box[0] && truth.box[3] > truth.box[1])) {
      this.failAt(
        image,
        `an object has the box (${truth.box.join(", ")}). Expected xmax above xmin and ymax above ymin.`,
      );
    }
    if (!variance.every((value) => value > 0)) {
      this.fail(`prior ${p} has variances (${variance.join(", ")}). Expected more than 0.`);
    }
    const isWithin = param.encode_variance_in_target;
    const target = encodeBox(truth.box, prior, code, isWithin ? undefined : variance);
    const values = loc.dataMem.cpu();
    const at = this.#locationAt(loc, image, label, p);
    const inside = !param.bp_inside
      ? undefined
      : param.use_prior_for_matching
        ? prior
        : decodeBox(boxAt(values, at), prior, code, isWithin ? undefined : variance);
    for (let k = 0; k < 4; k++) {
      // An edge outside the image has no gradient.
      const isOutside = inside !== undefined && (inside[k]! < 0 || inside[k]! > 1);
      const difference = isOutside ? 0 : values[at + k]! - target[k]!;
      const scaled = isWithin ? difference / variance[k]! : difference;
      const [loss, gradient] =
        param.loc_loss_type === "L2" ? [(scaled * scaled) / 2, scaled] : smoothL1(scaled);
      terms.add(at + k, gradient);
      terms.loss += loss;
    }
  }

  /** Without mining: what the scores of every prior are to be. */
  #setTargets(
    targets: Float64Array,
    image: number,
    truths: readonly Truth[],
    matched: ImageMatches,
  ): void {
    const { conf_loss_type } = this.#param;
    const first = image * this.#priors;
    for (const { matches } of matched) {
      matches.indices.forEach((g, p) => {
        if (g <= UNMATCHED) return;
        const label = this.#labelOf(truths[g]!);
        if (conf_loss_type === "SOFTMAX") targets[first + p] = label;
        // SSD goes on by one number for each prior from image to image here, too.
        else targets[first + p * this.#classes + label] = 1;
      });
    }
  }

  #labelOf({ label }: Truth): number {
    const { map_object_to_agnostic, background_label_id } = this.#param;
    return map_object_to_agnostic ? background_label_id + 1 : label;
  }

  /** Adds the scores of priors with objects and of those that were mined. */
  #addMined(
    conf: Blob,
    image: number,
    truths: readonly Truth[],
    matched: ImageMatches,
    negatives: readonly number[],
  ): void {
    const { background_label_id: background } = this.#param;
    const add = (p: number, label: number): void => {
      this.#scoreLosses.ofLabel(conf, image * this.#priors + p, label, background, this.#scores);
    };
    for (const { matches } of matched) {
      matches.indices.forEach((g, p) => {
        if (g > UNMATCHED) add(p, this.#labelOf(truths[g]!));
      });
    }
    for (const p of negatives) add(p, background);
  }

  override backward([y]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    const [loc, conf, ...given] = bottom as readonly [Blob, Blob, ...Blob[]];
    // As in SSD, what is not said is true, true, false, false.
    given.forEach((blob, i) => {
      if (propagateDown[i + 2]) blob.diffMem.zero();
    });
    if (this.param.propagate_down?.slice(2).includes(true)) {
      this.fail(
        "Layer cannot backpropagate to priors or labels. Expected propagate_down: false for bottoms 2 and 3.",
      );
    }
    const weight = y.diffMem.cpu()[0]! / this.#normalizer(loc.shape[0] ?? 1);
    if (propagateDown[0]) this.#locations.write(weight * this.#param.loc_weight, loc);
    if (propagateDown[1]) this.#scores.write(weight, conf);
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < 2;
  }
}
