import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import type { Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { type BoxCode, boxAt, decodeAt } from "./boxes.ts";
import { PlanePredictions } from "./plane-predictions.ts";
import { PriorReader, type Priors } from "./priors.ts";
import { type ResultFiles, resultFilesOf } from "./result-files.ts";

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
  static override readonly needs: readonly Primitive[] = ["suppressClasses"];
  static override readonly hostBottoms: readonly number[] = [0, 1, 2];
  static override readonly bottoms: Arity = { min: 3, max: MOST_BOTTOMS };

  readonly #param: ReturnType<typeof withDefaults<"DetectionOutputParameter">> = withDefaults(
    "DetectionOutputParameter",
    this.param.detection_output_param,
  );
  #classes = 0;
  #background = 0;
  #priors = 0;
  readonly #priorReader: PriorReader = new PriorReader(
    this.#param.code_type as BoxCode,
    !this.#param.normalized_bbox,
  );
  #files: ResultFiles | undefined;
  #planes: PlanePredictions | undefined;

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
    const folder = param.save_output_param?.output_directory;
    if (folder) this.checkWritesAlone(folder);
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
    const param = this.#param;
    const read = this.#priorReader.read(priorBlob, (message) => this.fail(message));
    const priors = param.variance_encoded_in_target ? { boxes: read.boxes, variances: [] } : read;
    const batch = loc.shape[0] ?? 1;
    const values = conf.dataMem.cpu().subarray(0, conf.count());
    const scores = values instanceof Float32Array ? values : Float32Array.from(values);
    const boxes = this.#decode(loc, scores, priors);
    const nms = withDefaults("NonMaximumSuppressionParameter", param.nms_param);
    const topK = param.nms_param?.top_k ?? -1;
    const found = this.engine.suppressClasses(scores, boxes, {
      images: batch,
      priors: this.#priors,
      classes: this.#classes,
      hasOwnBoxes: !param.share_location,
      background: this.#background,
      least: this.#least,
      candidates: topK > -1 ? topK : Number.POSITIVE_INFINITY,
      boxes: param.normalized_bbox ? "edges" : "pixels",
      threshold: nms.nms_threshold,
      eta: nms.eta,
    });
    const kept = this.#bestOf(found, scores, batch);
    const rows = kept.flat();
    y.reshape([1, 1, rows.length === 0 ? batch : rows.length, 7]);
    const to = y.dataMem.overwriteCpu();
    if (rows.length === 0) {
      to.fill(-1, 0, 7 * batch);
      for (let image = 0; image < batch; image++) to[7 * image] = image;
    }
    rows.forEach((row, i) => {
      const [image, label] = [found[row]!, found[row + 1]!];
      to[7 * i] = image;
      to[7 * i + 1] = label;
      to[7 * i + 2] = scores[this.#scoreAt(found, row)]!;
      const box = this.#boxAt(image, label, found[row + 2]!);
      for (let k = 0; k < 4; k++) to[7 * i + 3 + k] = boxes[box + k]!;
    });
    for (const image of this.#files ? kept : []) {
      this.#files?.add(
        image.map((row) => {
          const label = found[row + 1]!;
          const box = boxAt(boxes, this.#boxAt(found[row]!, label, found[row + 2]!));
          return { label, score: scores[this.#scoreAt(found, row)]!, box };
        }),
      );
    }
  }

  get #least(): number {
    return this.#param.confidence_threshold ?? Number.NEGATIVE_INFINITY;
  }

  /** Where the score of a row [image, class, prior] stands. */
  #scoreAt(found: Int32Array, row: number): number {
    return (found[row]! * this.#priors + found[row + 2]!) * this.#classes + found[row + 1]!;
  }

  /** Where a box begins. */
  #boxAt(image: number, label: number, prior: number): number {
    const at = image * this.#priors + prior;
    return 4 * (this.#param.share_location ? at : at * this.#classes + label);
  }

  /** The boxes of all predictions that have a score which is high enough. */
  #decode(loc: Blob, scores: Float32Array, priors: Priors): Float32Array {
    const { share_location, code_type } = this.#param;
    const [classes, least, background] = [this.#classes, this.#least, this.#background];
    const locations = loc.dataMem.cpu();
    const boxes = new Float32Array(loc.count());
    for (let at = 0, first = 0; first < scores.length; at++, first += classes) {
      const p = at % this.#priors;
      for (let label = 0; label < classes; label++) {
        if (label === background || !(scores[first + label]! > least)) continue;
        const box = 4 * (share_location ? at : first + label);
        const code = code_type as BoxCode;
        decodeAt(locations, box, priors.boxes[p]!, code, priors.variances[p], boxes, box);
        if (share_location) break;
      }
    }
    return boxes;
  }

  /** Where the keep_top_k best rows of each image begin, as they stand. */
  #bestOf(found: Int32Array, scores: Float32Array, batch: number): number[][] {
    const { keep_top_k } = this.#param;
    const images: number[][] = Array.from({ length: batch }, () => []);
    for (let row = 0; row < found.length; row += 3) images[found[row]!]!.push(row);
    return images.map((rows) => {
      if (keep_top_k < 0 || rows.length <= keep_top_k) return rows;
      const [own, all] = [new Float32Array(rows.length), new Int32Array(rows.length)];
      for (let i = 0; i < all.length; i++) {
        own[i] = scores[this.#scoreAt(found, rows[i]!)]!;
        all[i] = i;
      }
      const best = Int32Array.from(byScore(all, own, keep_top_k)).sort();
      return Array.from(best, (i) => rows[i]!);
    });
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
