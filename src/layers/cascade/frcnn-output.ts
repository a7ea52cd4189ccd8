import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { Box } from "../../util/box.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, Blobs, LayerRole, One, ParamField } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { boxAt, scaleBox } from "../detection/boxes.ts";
import { suppressBy } from "../detection/nms.ts";
import { type ResultFiles, resultFilesOf } from "../detection/result-files.ts";
import { boxScaleOf, unscaled } from "./box-scale.ts";
import { boxOverlap, clipped, movedBox, overlapModeOf } from "./patches.ts";

/** A detection in pixels of the net's input. */
interface Detection {
  readonly label: number;
  readonly score: number;
  readonly box: Box;
}

/**
 * Makes boxes of what a detector says of its regions, and keeps the best of those that overlap.
 *
 * For each class but the background: regions whose probability is conf_thr or more, their boxes cut to the image; of those,
 * from the best on, each that overlaps none kept by more than iou_thr. Then the max_det_num best of all classes.
 *
 * - bottom[0]: probabilities R×C; bottom[1]: offsets R×4C, R×8 with cls_aware: false; bottom[2]: regions R×5
 *   `[image xmin ymin xmax ymax]`, or R×6 with a score behind, all of image 0; bottom[3]: 1×2, the height and width of the
 *   input; none has a gradient
 * - top[0]: (K + 1)×7×1×1: a row `[0 −1 −1 −1 −1 −1 −1]`, then `[0 xmin ymin xmax ymax label score]` each: by label and
 *   falling score
 * - `frcnn_output_param`: conf_thr 0, iou_thr 0.5, nms_type IOU, IOMU (over the smaller box) or IOFU (over the better one),
 *   max_det_num 0 (all), save_output_param as in DetectionOutput
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each), cls_aware true
 *
 * @see FrcnnOutput of Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class FrcnnOutputLayer extends ToldLayer<Blobs, One> {
  static override readonly type: string = "FrcnnOutput";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = [
    "frcnn_output_param",
    "bbox_reg_param",
  ];
  static override readonly bottoms: Arity = { min: 4, max: 4 };

  #files: ResultFiles | undefined;

  get #param() {
    return withDefaults("FrcnnOutputParameter", this.param.frcnn_output_param);
  }

  get #isAware(): boolean {
    return this.param.bbox_reg_param?.cls_aware ?? true;
  }

  override setUp([scores]: Blobs): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const save = this.#param.save_output_param;
    if (save?.output_directory) this.checkWritesAlone(save.output_directory);
    this.#files = this.named(() =>
      resultFilesOf(
        save,
        { classes: scores!.shape[1] ?? 0, background: 0 },
        (path) => this.locate(path),
        (message) => this.context.warn(message),
      ),
    );
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const [scores, offsets, rois, size] = bottom as [Blob, Blob, Blob, Blob];
    const count = rois.shape[0] ?? 0;
    const expect = (what: string, blob: Blob, wanted: string, ...each: number[]): void => {
      const fits = blob.shape.length >= 2 && each.includes(blob.count(1));
      if (fits && blob.shape[0] === (blob === size ? 1 : count)) return;
      this.fail(`${what} have shape ${shapeText(blob.shape)}. Expected ${wanted}.`);
    };
    const classes = scores.shape[1] ?? 0;
    const wide = this.#isAware ? 4 * classes : 8;
    expect("regions", rois, "R×5, or R×6 with a score behind", 5, 6);
    expect("probabilities", scores, `${count}×C`, classes);
    expect("offsets", offsets, `${count}×${wide}`, wide);
    expect("input sizes", size, "1×2: height and width of one image", 2);
    // How many there are is known after forward.
    y.reshape([1, 7, 1, 1]);
  }

  override forward(bottom: Blobs, [y]: One): void {
    const { max_det_num: most } = this.#param;
    const boxOf = this.#reader(bottom);
    const classes = bottom[0]!.shape[1] ?? 0;
    const all = Array.from({ length: Math.max(0, classes - 1) }, (_, c) =>
      this.#detect(bottom[0]!, c + 1, boxOf),
    ).flat();
    const found = most > 0 && all.length > most ? best(all, most) : all;
    const rows = found.map(({ label, score, box }) => [0, ...box, label, score]);
    y.reshape([found.length + 1, 7, 1, 1]);
    y.dataMem.overwriteCpu().set([0, -1, -1, -1, -1, -1, -1, ...rows.flat()]);
    const [height = 1, width = 1] = bottom[3]!.dataMem.cpu();
    const { fround } = Math;
    this.#files?.add(found, (box, image) =>
      scaleBox(box, fround(image.width / width), fround(image.height / height)),
    );
  }

  /** The detections of a class, the best first. */
  #detect(scores: Blob, label: number, boxOf: (r: number, label: number) => Box): Detection[] {
    const { conf_thr, iou_thr, nms_type } = this.#param;
    const classes = scores.shape[1] ?? 0;
    const values = scores.dataMem.cpu();
    const own = Array.from({ length: scores.shape[0] ?? 0 }, (_, r) =>
      Math.fround(values[r * classes + label]!),
    );
    const candidates = [...own.keys()].filter((r) => own[r]! >= Math.fround(conf_thr));
    const boxes = new Map(candidates.map((r) => [r, boxOf(r, label)]));
    const mode = overlapModeOf(nms_type);
    return suppressBy(
      byScore(candidates, own),
      (a, b) => boxOverlap(boxes.get(a)!, boxes.get(b)!, mode),
      iou_thr,
    ).map((r) => ({ label, score: own[r]!, box: boxes.get(r)! }));
  }

  /** Reads the box of a region for a class. */
  #reader(bottom: Blobs): (r: number, label: number) => Box {
    const [, offsets, rois, size] = bottom.map((blob) => blob.dataMem.cpu());
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const [wide, row] = [bottom[1]!.count(1), bottom[2]!.count(1)];
    const [height = 0, width = 0] = size!;
    for (let r = 0; r < bottom[2]!.shape[0]!; r++) {
      const [x0, y0, x1, y1] = boxAt(rois!, row * r + 1);
      if (rois![row * r] === 0 && x1 >= x0 && y1 >= y0) continue;
      this.fail(
        `region ${r} is (${x0}, ${y0}, ${x1}, ${y1}) of image ${rois![row * r]}. Expected image 0, and edges the right way round.`,
      );
    }
    return (r, label) => {
      const kind = this.#isAware ? label : 1;
      const offset = unscaled(boxAt(offsets!, wide * r + 4 * kind), scale);
      return clipped(movedBox(boxAt(rois!, row * r + 1), offset), width, height);
    };
  }
}

/** The `most` best detections, in the order of their labels. */
function best(detections: readonly Detection[], most: number): readonly Detection[] {
  const scores = detections.map(({ score }) => score);
  return byScore([...scores.keys()], scores)
    .slice(0, most)
    .map((i) => detections[i]!)
    .sort((a, b) => a.label - b.label);
}
