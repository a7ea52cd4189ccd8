import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, Blobs, One, ParamField } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { boxAt } from "../detection/boxes.ts";
import { boxScaleOf, unscaled } from "./box-scale.ts";
import { movedBox } from "./patches.ts";

/** A region's numbers: image and four edges. */
const ROI = 5;
/** Where the offset of an object stands, behind that of the background. */
const OBJECT = 4;

/**
 * Moves regions as one stage of a cascade predicts, for the next stage to look at.
 *
 * In TRAIN regions whose edges come to lie the wrong way round are left out, and with bottom[2] those that are objects
 * themselves: whose overlap is gt_iou_thr or more. At least one region has to stay.
 *
 * - bottom[0]: offsets R×8, of the background and of an object; bottom[1]: regions R×5 `[image xmin ymin xmax ymax]`;
 *   bottom[2], optional, in TRAIN: the objects matched, R×6, whose last number is the overlap; none has a gradient
 * - top[0]: regions K×5×1×1
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each); `decode_bbox_param`: gt_iou_thr 0.95
 *
 * @see DecodeBBox of MS-CNN (zhaoweicai/mscnn) and Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class DecodeBBoxLayer extends ToldLayer<Blobs, One> {
  static override readonly type: string = "DecodeBBox";
  static override readonly paramFields: readonly ParamField[] = [
    "bbox_reg_param",
    "decode_bbox_param",
  ];
  static override readonly bottoms: Arity = { min: 2, max: 3 };

  override setUp(bottom: Blobs): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    if (bottom.length === 3 && this.phase !== "TRAIN") {
      this.fail("3 bottoms in TEST. Expected 2: objects are matched in TRAIN alone.");
    }
  }

  override reshape(bottom: Blobs, [y]: One): void {
    const [offsets, rois, matched] = bottom as [Blob, Blob, Blob?];
    const count = rois.shape[0] ?? 0;
    const expect = (what: string, blob: Blob, each: number): void => {
      if (blob.shape[0] === count && blob.count(1) === each) return;
      this.fail(`${what} have shape ${shapeText(blob.shape)}. Expected ${count} times ${each}.`);
    };
    expect("regions", rois, ROI);
    expect("offsets", offsets, 2 * OBJECT);
    if (matched) expect("matched objects", matched, 6);
    y.reshape([count, ROI, 1, 1]);
  }

  override forward(bottom: Blobs, [y]: One): void {
    const [offsets, rois, matched] = bottom.map((blob) => blob.dataMem.cpu());
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const { gt_iou_thr } = withDefaults("DecodeBBoxParameter", this.param.decode_bbox_param);
    const threshold = Math.fround(gt_iou_thr);
    const rows: number[] = [];
    for (let r = 0; r < bottom[1]!.shape[0]!; r++) {
      const offset = unscaled(boxAt(offsets!, 2 * OBJECT * r + OBJECT), scale);
      const box = movedBox(boxAt(rois!, ROI * r + 1), offset);
      const isTurned = this.phase === "TRAIN" && (box[0] > box[2] || box[1] > box[3]);
      const isObject = matched !== undefined && matched[6 * r + 5]! >= threshold;
      if (!isTurned && !isObject) rows.push(rois![ROI * r]!, ...box);
    }
    if (rows.length === 0) {
      this.fail(
        `none of ${bottom[1]!.shape[0]} regions stays. Expected one at least that is no object and whose edges lie the right way round.`,
      );
    }
    y.reshape([rows.length / ROI, ROI, 1, 1]);
    y.dataMem.overwriteCpu().set(rows);
  }
}
