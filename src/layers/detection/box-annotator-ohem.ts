import type { Blob } from "../../blob/blob.ts";
import { byScore } from "../../engines/by-score.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type Blobs,
  Layer,
  type LayerRole,
  type ParamField,
} from "../base/layer.ts";

/**
 * Keeps the labels and box weights of the regions with the greatest losses; the others learn nothing.
 *
 * - bottom[0]: regions R×5×H×W (H = W = 1, mostly), `[image …]`; bottom[1]: the loss of each, R×1×H×W; bottom[2]: labels,
 *   R×1×H×W; bottom[3]: box weights, R×C×H×W; none has a gradient
 * - top[0]: labels, ignore_label for regions that are left out; top[1]: box weights, 0 for these
 * - `box_annotator_ohem_param`: roi_per_img (required), how many of each image; ignore_label −1
 *
 * @see BoxAnnotatorOHEM of R-FCN
 */
export class BoxAnnotatorOHEMLayer extends Layer<Blobs, Blobs> {
  static override readonly type: string = "BoxAnnotatorOHEM";
  static override readonly role: LayerRole = "result";
  static override readonly paramFields: readonly ParamField[] = ["box_annotator_ohem_param"];
  static override readonly bottoms: Arity = { min: 4, max: 4 };
  static override readonly tops: Arity = arity.two;

  #each = 0;

  override setUp(): void {
    this.#each = this.param.box_annotator_ohem_param?.roi_per_img ?? 0;
    if (this.#each < 1) {
      this.fail(`box_annotator_ohem_param.roi_per_img is ${this.#each}. Expected 1 or more.`);
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const [rois, loss, labels, weights] = bottom as [Blob, Blob, Blob, Blob];
    const count = rois.shape[0] ?? 0;
    const spatial = rois.shape.length < 2 ? 0 : rois.count(2);
    const expect = (what: string, blob: Blob, each: string, fits: boolean): void => {
      if (fits && blob.shape[0] === count) return;
      this.fail(`${what} have shape ${shapeText(blob.shape)}. Expected ${count} times ${each}.`);
    };
    expect("rois", rois, "5", rois.shape[1] === 5);
    expect("losses", loss, `${spatial}`, loss.count() === count * spatial);
    expect("labels", labels, `${spatial}`, labels.count() === count * spatial);
    const hasChannels = weights.shape.length >= 2 && weights.count(2) === spatial;
    expect("box weights", weights, `C times ${spatial}`, hasChannels);
    const [height, width] = [rois.shape[2] ?? 1, spatial / (rois.shape[2] ?? 1) || 0];
    top[0]!.reshape([count, 1, height, width]);
    top[1]!.reshape([count, weights.shape[1] ?? 1, height, width]);
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const [rois, loss, labels, weights] = bottom.map((blob) => blob.dataMem.cpu());
    const { ignore_label } = withDefaults(
      "BoxAnnotatorOHEMParameter",
      this.param.box_annotator_ohem_param,
    );
    const [spatial, channels] = [bottom[0]!.count(2), bottom[3]!.shape[1] ?? 1];
    const kept = top[0]!.dataMem.overwriteCpu().fill(ignore_label);
    const keptWeights = top[1]!.dataMem.overwriteCpu().fill(0);
    const taken = new Map<number, number>();
    const all = Array.from({ length: bottom[1]!.count() }, (_, i) => i);
    for (const i of byScore(all, loss!)) {
      const [n, p] = [Math.floor(i / spatial), i % spatial];
      const image = Math.trunc(rois![n * 5 * spatial + p]!);
      if (!(image >= 0)) this.fail(`roi ${n} lies in image ${image}. Expected 0 or more.`);
      const count = taken.get(image) ?? 0;
      if (count >= this.#each) continue;
      taken.set(image, count + 1);
      kept[i] = labels![i]!;
      for (let c = 0; c < channels; c++) {
        const at = (n * channels + c) * spatial + p;
        keptWeights[at] = weights![at]!;
      }
    }
  }

  /** Labels and weights are told alone. */
  override backward(_top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
