import type { FloatArray } from "../../util/arrays.ts";
import { type CenterBox, type Nearness, nearnessOf } from "../base/yolo-boxes.ts";
import { bounded, type Place, YoloLossLayer } from "../base/yolo-loss.ts";

/** What is added to a deviation. */
const LEAST_DEVIATION = 0.3;

/**
 * YOLOv3's loss with coordinates that tell how sure they are: each is a mean μ and a deviation σ.
 *
 *     E = 1/N · (Σ δ² of objects and classes + iou_normalizer · the mean of 1 − overlap)
 *     δ of μ = −c·(t − μ)/σ²,  δ of σ = −c·((t − μ)²/σ³ − 1/(σ + 0.3)),  c = ½·coord_scale·(2 − area)·iou_normalizer
 *
 * Objects, classes, anchors and labels are as in Yolov3, without smoothing.
 *
 * - bottom[0]: N×num·(9 + num_class)×H×W, for each anchor μ and σ of x, y, w, h, an object and the classes
 * - bottom[1]: N×1×G×5; top[0]: the loss, a scalar; ∂E/∂x = δ/N, not the derivative of E
 * - `yolov3_param`: as of Yolov3
 *
 * @see Choi et al., Gaussian YOLOv3, ICCV 2019; MobileNet-YOLO's GaussianYolov3Layer
 */
export class GaussianYolov3Layer extends YoloLossLayer {
  static override readonly type: string = "GaussianYolov3";
  protected override readonly each = 2;
  protected override readonly nearness: Nearness = "IOU";
  protected override readonly smoothing = 0;
  protected override readonly scaleOfKnownClass = 1;

  protected override isClassSet(delta: FloatArray, first: number): boolean {
    return delta[first] !== 0;
  }

  protected override find(
    active: FloatArray,
    delta: FloatArray,
    place: Place,
    truth: CenterBox,
  ): number {
    const { at, step } = place;
    const { iou_normalizer, max_delta, accumulate, coord_scale } = this.setting;
    const scale = coord_scale * (2 - truth[2] * truth[3]);
    this.targetsOf(place, truth).forEach((target, c) => {
      const [mean, spread] = [at + 2 * c * step, at + (2 * c + 1) * step];
      const sigma = active[spread]!;
      const away = (target - active[mean]!) / sigma;
      const density =
        Math.exp(away ** 2 / -2) / (Math.sqrt(2 * Math.PI) * (sigma + LEAST_DEVIATION));
      const share = ((0.5 * density) / (density + 1e-9)) * scale;
      const before = accumulate ? [delta[mean]!, delta[spread]!] : [0, 0];
      delta[mean] = before[0]! - bounded(((share * away) / sigma) * iou_normalizer, max_delta);
      const ofSpread = share * (away ** 2 / sigma - 1 / (sigma + LEAST_DEVIATION));
      delta[spread] = before[1]! - bounded(ofSpread * iou_normalizer, max_delta);
    });
    return nearnessOf(this.boxAt(active, place), truth, "IOU");
  }
}
