import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type Blobs, type LayerRole, type ParamField } from "../base/layer.ts";
import { ToldLayer } from "../base/told-layer.ts";
import { boxAt } from "../detection/boxes.ts";
import { boxScaleOf, unscaled } from "./box-scale.ts";
import { movedBox, type Patch, patchOf, patchOverlap } from "./patches.ts";

/** A region that overlaps its object by more is the object itself, and is not counted. */
const ITSELF = 0.975;

/**
 * How well predicted boxes lie on their objects: the mean overlap, over regions whose label is an object.
 *
 * - bottom[0]: offsets R×4C, or R×8 with cls_aware: false; bottom[1]: regions R×5 `[image xmin ymin xmax ymax]`;
 *   bottom[2]: the objects matched, R×6 `[label xmin ymin xmax ymax overlap]`, label 0: none; none has a gradient
 * - top[0]: the mean overlap of predicted boxes; top[1], optional: that of the regions. −1 where nothing is counted
 * - `bbox_reg_param`: bbox_mean, bbox_std (four each), cls_aware true
 *
 * Boxes count with their last row and column, as in Cascade R-CNN; MS-CNN's are one pixel smaller.
 *
 * @see BboxAccuracy of MS-CNN (zhaoweicai/mscnn) and Cascade R-CNN (zhaoweicai/cascade-rcnn)
 */
export class BboxAccuracyLayer extends ToldLayer<Blobs, Blobs> {
  static override readonly type: string = "BboxAccuracy";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["bbox_reg_param"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };
  static override readonly tops: Arity = arity.oneOrTwo;

  get #isAware(): boolean {
    return this.param.bbox_reg_param?.cls_aware ?? true;
  }

  override setUp(): void {
    boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const [offsets, rois, matched] = bottom as [Blob, Blob, Blob];
    const count = rois.shape[0] ?? 0;
    const expect = (what: string, blob: Blob, each: string, fits: boolean): void => {
      if (fits && blob.shape[0] === count) return;
      this.fail(`${what} have shape ${shapeText(blob.shape)}. Expected ${count} times ${each}.`);
    };
    const wide = offsets.shape.length < 2 ? 0 : offsets.count(1);
    expect("regions", rois, "5", rois.shape.length >= 2 && rois.count(1) === 5);
    expect("matched objects", matched, "6", matched.shape.length >= 2 && matched.count(1) === 6);
    if (this.#isAware) expect("offsets", offsets, "4 for each class", wide >= 8 && wide % 4 === 0);
    else expect("offsets", offsets, "8: background and object", wide === 8);
    for (const y of top) y.reshape([1, 1, 1, 1]);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const [offsets, rois, matched] = bottom.map((blob) => blob.dataMem.cpu());
    const scale = boxScaleOf(this.param.bbox_reg_param, (message) => this.fail(message));
    const wide = bottom[0]!.count(1);
    let [counted, after, before] = [0, 0, 0];
    for (let r = 0; r < bottom[0]!.shape[0]!; r++) {
      const label = Math.trunc(matched![6 * r]!);
      if (!(label > 0) || matched![6 * r + 5]! > ITSELF) continue;
      const kind = this.#isAware ? label : 1;
      if (4 * kind >= wide) {
        this.fail(`object ${r} has label ${label}. Expected 1 to ${wide / 4 - 1}.`);
      }
      const object = patchOf(boxAt(matched!, 6 * r + 1));
      const roi = boxAt(rois!, 5 * r + 1);
      const box = movedBox(roi, unscaled(boxAt(offsets!, wide * r + 4 * kind), scale));
      const overlap = (patch: Patch): number => patchOverlap(patch, object, 1);
      counted++;
      after += overlap(patchOf(box));
      before += overlap(patchOf(roi));
    }
    [after, before].forEach((sum, i) => {
      const y = top[i]?.dataMem.overwriteCpu();
      if (y) y[0] = counted > 0 ? sum / counted : -1;
    });
  }
}
