import type { FloatArray } from "../../util/arrays.ts";
import { type CenterBox, type Nearness, nearnessGradient, nearnessOf } from "../base/yolo-boxes.ts";
import { bounded, type Place, YoloLossLayer } from "../base/yolo-loss.ts";

/**
 * YOLOv3's loss at one scale. δ is what darknet calls the gradient and passes back; it is not the derivative of E.
 *
 *     MSE:  E = 1/N · Σ δ²,  δ of x, y, w, h = −coord_scale·(2 − area)·(t − p)
 *     else: E = 1/N · (Σ δ² of objects and classes + iou_normalizer · the mean of 1 − nearness),
 *           δ of x, y, w, h = −iou_normalizer · the gradient of the nearness, at most max_delta
 *     object: p where there is none, 0 where the box is nearer than `thresh`, −(1 − p) where there is one
 *     class:  −class_scale·(t − p), t smoothed by label_smooth_eps, or with use_focal_loss times the focal loss's factor
 *
 * The anchor that fits a box best, of all biases, is to find it, if it is in the mask; so are those of the mask that are
 * nearer than iou_thresh. p is σ of the bottom, but for w and h; with use_logic_gradient δ is multiplied by σ' and that of
 * the object by object_scale. noobject_scale has no effect.
 *
 * - bottom[0]: N×num·(5 + num_class)×H×W; bottom[1]: N×1×G×5 [class, x, y, w, h], classes from 0, a list ends at 0
 * - top[0]: the loss, a scalar; ∂E/∂x = δ/N
 * - `yolov3_param`: num 5, num_class 20, biases (width and height of every anchor in pixels), mask (which are this scale's),
 *   anchors_scale 32 (pixels of a cell), thresh 0.2, iou_loss MSE, iou_normalizer 0.25, iou_thresh 0.5, max_delta 10,
 *   accumulate true (δ of several boxes in one place), coord_scale 5, class_scale 1, object_scale 1, label_smooth_eps 0.1
 *
 * @see Redmon & Farhadi, YOLOv3, 2018; Zheng et al., Distance-IoU Loss, AAAI 2020; MobileNet-YOLO's Yolov3Layer
 */
export class Yolov3Layer extends YoloLossLayer {
  static override readonly type: string = "Yolov3";
  protected override readonly each = 1;

  protected override get nearness(): Nearness {
    return this.setting.iou_loss;
  }

  protected override get smoothing(): number {
    return this.setting.label_smooth_eps;
  }

  protected override get scaleOfKnownClass(): number {
    return this.setting.class_scale;
  }

  protected override isClassSet(delta: FloatArray, _first: number, own: number): boolean {
    return delta[own] !== 0;
  }

  protected override find(
    active: FloatArray,
    delta: FloatArray,
    place: Place,
    truth: CenterBox,
  ): number {
    const { at, step } = place;
    const { iou_loss, iou_normalizer, max_delta, accumulate, coord_scale } = this.setting;
    const box = this.boxAt(active, place);
    if (iou_loss === "MSE") {
      const scale = coord_scale * (2 - truth[2] * truth[3]);
      this.targetsOf(place, truth).forEach((target, c) => {
        delta[at + c * step] = -scale * (target - active[at + c * step]!);
      });
      return nearnessOf(box, truth, "IOU");
    }
    const near = nearnessOf(box, truth, iou_loss === "IOU" ? "DIOU" : iou_loss);
    const filled = [box[0], box[1], box[2] || 1, box[3] || 1] as const;
    nearnessGradient(filled, truth, iou_loss).forEach((slope, c) => {
      const own = at + c * step;
      const inner = c < 2 ? 1 : Math.exp(active[own]!);
      const change = bounded(slope * inner * iou_normalizer, max_delta);
      delta[own] = (accumulate ? delta[own]! : 0) - change;
    });
    return near;
  }
}
