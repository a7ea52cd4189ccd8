import type { Blob } from "../../blob/blob.ts";
import type { Primitive, Suppression } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import { byScore } from "../base/by-score.ts";
import {
  type Arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import type { BoxCode } from "./boxes.ts";
import { DecodedBoxes } from "./decoded-boxes.ts";
import { PlanePredictions } from "./plane-predictions.ts";
import { PriorReader } from "./priors.ts";
import { type ResultFiles, resultFilesOf } from "./result-files.ts";

/** One detection of an image: its class, and the number of its prior. */
interface Found {
  readonly label: number;
  readonly prior: number;
  readonly score: number;
}

/** A detector has fewer feature maps than half of this. */
const MOST_BOTTOMS = 63;

/**
 * Makes boxes of a detector's predictions and keeps the best of those that overlap.
 *
 * For each class but the background: priors whose score is above confidence_threshold, the top_k best of them; of those,
 * from the best on, each that overlaps none kept by more than nms_threshold. Then the keep_top_k best of all classes.
 * Boxes are not clipped to the image.
 *
 * - bottom[0]: locations, N×(P·4), or with share_location: false N×(P·C·4); bottom[1]: scores, N×(P·C)
 * - bottom[2]: priors, 1×2×(P·4), boxes and variances; bottom[3], optional: images, which are not read
 * - with `no_permute`, of nbottom 6 feature maps, which have R boxes at each pixel: the scores of each, N×C×R×(H·W), then the
 *   locations of each, N×(R·4)×H×W, and the priors
 * - top[0]: 1×1×K×7, a row `[image label score xmin ymin xmax ymax]` each: by image, label and falling score. A batch
 *   without any has a row of −1 for each image, with the image's number
 * - `detection_output_param`: num_classes (required), share_location true, background_label_id 0 (−1: there is none),
 *   nms_param (nms_threshold 0.3, top_k all, eta 1), code_type CORNER, variance_encoded_in_target false, keep_top_k −1 (all),
 *   confidence_threshold (none), save_output_param; of synopsys-caffe no_permute, nbottom;
 *   of OpenCV's files normalized_bbox true: with false, boxes are of pixels, the last of which is within, as R-CNN has them;
 *   with variance_encoded_in_target the priors may then be 1×1×(P·4), without variances
 *
 * save_output_param writes the detections of every num_test_image images: output_directory, output_name_prefix,
 * output_format VOC (a file for each class), COCO (JSON) or ILSVRC, label_map_file, name_size_file with a line
 * "name height width" for each image, resize_param. Nothing is drawn: `visualize` has no effect.
 *
 * @see DetectionOutput of SSD (weiliu89/caffe)
 */
export class DetectionOutputLayer extends Layer<Blobs, One> {
  static override readonly type: string = "DetectionOutput";
  static override readonly paramFields: readonly ParamField[] = ["detection_output_param"];
  static override readonly role: LayerRole = "result";
  static override readonly needs: readonly Primitive[] = ["suppress"];
  static override readonly hostBottoms: readonly number[] = [0, 1, 2];
  static override readonly bottoms: Arity = { min: 3, max: MOST_BOTTOMS };

  #classes = 0;
  #background = 0;
  #priors = 0;
  readonly #priorReader: PriorReader = new PriorReader(
    this.#param.code_type as BoxCode,
    !this.#param.normalized_bbox,
  );
  #files: ResultFiles | undefined;
  #planes: PlanePredictions | undefined;

  get #param() {
    return withDefaults("DetectionOutputParameter", this.param.detection_output_param);
  }

  override setUp(bottom: Blobs): void {
    const param = this.#param;
    const given = this.param.detection_output_param;
    if (given?.num_classes === undefined) {
      this.fail("detection_output_param needs num_classes. Expected how many there are.");
    }
    this.#classes = given.num_classes;
    this.#background = param.background_label_id;
    if (param.share_location && this.#background === -1) {
      this.fail(
        "background_label_id is -1 with share_location: true: shared locations stand for label -1. Expected the number of a class, or share_location: false.",
      );
    }
    const { nms_threshold, eta } = withDefaults("NonMaximumSuppressionParameter", param.nms_param);
    if (!(nms_threshold >= 0)) {
      this.fail(`nms_param.nms_threshold is ${nms_threshold}. Expected 0 or more.`);
    }
    if (!(eta > 0 && eta <= 1))
      this.fail(`nms_param.eta is ${eta}. Expected more than 0, up to 1.`);
    this.#planes = this.#planesOf(bottom.length);
    if (param.visualize) {
      this.context.warn("visualize has no effect: nothing is drawn. caffe detect draws boxes.");
    }
    if (!param.normalized_bbox && eta < 1) {
      this.context.warn("nms_param.eta has no effect on boxes of pixels (normalized_bbox: false).");
    }
    this.#files = this.named(() =>
      resultFilesOf(
        param.save_output_param,
        { classes: this.#classes, background: this.#background },
        (path) => this.locate(path),
        (message) => this.context.warn(message),
      ),
    );
  }

  #planesOf(bottoms: number): PlanePredictions | undefined {
    const { no_permute, nbottom, share_location } = this.#param;
    const expected = no_permute ? `${2 * nbottom + 1}, as nbottom ${nbottom} has it` : "3 or 4";
    if (no_permute ? bottoms !== 2 * nbottom + 1 : bottoms > 4) {
      this.fail(`${bottoms} bottoms. Expected ${expected}.`);
    }
    if (!no_permute) return undefined;
    const fail = (message: string): never => this.fail(message);
    const kinds = share_location ? 1 : this.#classes;
    return new PlanePredictions(this.#classes, kinds, this.context.dtype, fail);
  }

  /** Locations, scores and priors in the order in which they are read. */
  #predictions(bottom: Blobs): readonly [Blob, Blob, Blob] {
    if (!this.#planes) return bottom as unknown as [Blob, Blob, Blob];
    return [this.#planes.locations, this.#planes.scores, this.#planes.priors];
  }

  override reshape(bottom: Blobs, [y]: One): void {
    this.#planes?.reshape(bottom);
    const [loc, conf, priors] = this.#predictions(bottom);
    this.#priors = Math.floor((priors.shape[2] ?? 0) / 4);
    const { normalized_bbox, variance_encoded_in_target } = this.#param;
    if (!normalized_bbox && priors.shape[1] === 1 && !variance_encoded_in_target) {
      this.fail("priors have no variances. Expected variance_encoded_in_target: true.");
    }
    const locations = this.#priors * (this.#param.share_location ? 1 : this.#classes) * 4;
    this.#expect("locations", loc, loc.shape[0] ?? 1, locations);
    this.#expect("scores", conf, loc.shape[0] ?? 1, this.#priors * this.#classes);
    // How many there are is known after forward alone.
    y.reshape([1, 1, 1, 7]);
  }

  #expect(what: string, blob: Blob, batch: number, each: number): void {
    if (blob.shape[0] === batch && blob.count(1) === each) return;
    this.fail(
      `${what} have shape ${shapeText(blob.shape)}. Expected ${batch} times ${each}: there are ${this.#priors} priors and ${this.#classes} classes.`,
    );
  }

  override forward(bottom: Blobs, [y]: One): void {
    this.#planes?.gather(bottom);
    const [loc, conf, priorBlob] = this.#predictions(bottom);
    const { code_type, share_location, variance_encoded_in_target } = this.#param;
    const read = this.#priorReader.read(priorBlob, (message) => this.fail(message));
    const priors = variance_encoded_in_target ? { boxes: read.boxes, variances: [] } : read;
    const rows: number[] = [];
    const batch = loc.shape[0] ?? 1;
    for (let image = 0; image < batch; image++) {
      const decoded = new DecodedBoxes(
        loc.dataMem.cpu(),
        image * loc.count(1),
        share_location ? 1 : this.#classes,
        priors,
        code_type as BoxCode,
      );
      const found = this.#find(conf, image, decoded);
      for (const { label, prior, score } of found) {
        rows.push(image, label, score, ...decoded.of(label, prior));
      }
      this.#files?.add(
        found.map(({ label, prior, score }) => ({ label, score, box: decoded.of(label, prior) })),
      );
    }
    if (rows.length === 0) {
      for (let image = 0; image < batch; image++) rows.push(image, -1, -1, -1, -1, -1, -1);
    }
    y.reshape([1, 1, rows.length / 7, 7]);
    y.dataMem.overwriteCpu().set(rows);
  }

  /** The detections of an image, by label and falling score. */
  #find(conf: Blob, image: number, decoded: DecodedBoxes): Found[] {
    const param = this.#param;
    const nms = withDefaults("NonMaximumSuppressionParameter", param.nms_param);
    const threshold = param.confidence_threshold ?? Number.NEGATIVE_INFINITY;
    const topK = param.nms_param?.top_k ?? -1;
    const most = topK > -1 ? topK : Number.POSITIVE_INFINITY;
    const suppression: Suppression = {
      boxes: param.normalized_bbox ? "edges" : "pixels",
      threshold: nms.nms_threshold,
      eta: nms.eta,
    };
    const [values, classes, priors] = [conf.dataMem.cpu(), this.#classes, this.#priors];
    const start = image * conf.count(1);
    const [labels, numbers, own]: [number[], number[], number[]] = [[], [], []];
    // Of each class: every prior's score, and the priors above the threshold.
    const scores = new Float32Array(classes * priors);
    const candidates = new Int32Array(classes * priors);
    const counts = new Int32Array(classes);
    for (let p = 0, at = start; p < priors; p++) {
      for (let label = 0, to = p; label < classes; label++, to += priors, at++) {
        scores[to] = values[at]!;
        if (scores[to]! > threshold) candidates[to - p + counts[label]!++] = p;
      }
    }
    for (let label = 0; label < classes; label++) {
      if (label === this.#background) continue;
      const first = label * priors;
      const best = byScore(
        candidates.subarray(first, first + counts[label]!),
        scores.subarray(first, first + priors),
        most,
      );
      const kept = this.engine.suppress(decoded.all(label, best), suppression);
      for (let k = 0; k < kept.length; k++) {
        const prior = best[kept[k]!]!;
        labels.push(label);
        numbers.push(prior);
        own.push(scores[first + prior]!);
      }
    }
    const [all, ranks] = [new Int32Array(own.length), new Float32Array(own.length)];
    for (let i = 0; i < all.length; i++) [all[i], ranks[i]] = [i, own[i]!];
    const isCut = param.keep_top_k > -1 && all.length > param.keep_top_k;
    return (isCut ? byScore(all, ranks, param.keep_top_k) : [...all])
      .map((i) => ({ label: labels[i]!, prior: numbers[i]!, score: own[i]! }))
      .sort((a, b) => a.label - b.label);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) {
      this.fail("DetectionOutput has no gradient. Expected it under no loss.");
    }
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
