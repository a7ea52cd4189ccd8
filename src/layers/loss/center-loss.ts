import type { FloatArray } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type LayerRole,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * How far the features of each class are from a centre that follows them.
 *
 *     E     = 1/(2M) · Σ |x − c(label)|²
 *     ∂E/∂x = (x − c(label)) / M
 *     dc(k) = Σ over the samples of class k of (c(k) − x) / (1 + their number), whatever the weight of the loss is
 *
 * - bottom[0] x: M×…, features from `axis` on; bottom[1]: M labels
 * - top[0]: a scalar, which counts for nothing unless `loss_weight` is written
 * - blobs: centres c, num_output × features
 * - `center_loss_param`: num_output (required, the classes), axis 1, center_filler
 *
 * dc is no derivative: it is divided by how many samples move a centre.
 *
 * @see Wen et al., A Discriminative Feature Learning Approach for Deep Face Recognition, ECCV 2016; its CenterLossLayer
 */
export class CenterLossLayer extends LearnedLayer<Two, One> {
  static override readonly type: string = "CenterLoss";
  static override readonly paramFields: readonly ParamField[] = ["center_loss_param"];
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = arity.two;
  static override readonly makesTops: boolean = true;
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly hostTopDiffs: readonly number[] = [0];

  #classes = 0;
  #features = 0;
  #axis = 1;
  #counts: Int32Array = new Int32Array(0);

  override setUp([x]: Two): void {
    const { num_output = 0, axis = 1, center_filler } = this.param.center_loss_param ?? {};
    if (num_output < 1) {
      this.fail(`center_loss_param.num_output is ${num_output}. Expected 1 or more, the classes.`);
    }
    this.#classes = num_output;
    this.#axis = this.named(() => x.axis(axis));
    this.#features = x.count(this.#axis);
    this.#counts = new Int32Array(num_output);
    this.makeBlobs([{ shape: [num_output, this.#features], filler: center_filler }]);
  }

  override reshape([x, label]: Two, [loss]: One): void {
    if (x.count(this.#axis) !== this.#features) {
      this.fail(
        `bottom has ${x.count(this.#axis)} features, shape ${shapeText(x.shape)}. Expected ${this.#features}, as when the centres were set up.`,
      );
    }
    const samples = x.count(0, this.#axis);
    if (label.count() !== samples) {
      this.fail(
        `${label.count()} labels, shape ${shapeText(label.shape)}, for ${samples} samples. Expected one for each.`,
      );
    }
    loss.reshape([]);
  }

  override forward([x, label]: Two, [loss]: One): void {
    const [values, labels] = [x.dataMem.cpu(), label.dataMem.cpu()];
    const centres = this.blobs[0]!.dataMem.cpu();
    const features = this.#features;
    this.#counts.fill(0);
    let sum = 0;
    for (let m = 0, at = 0; m < label.count(); m++) {
      const k = Math.trunc(labels[m]!);
      if (!(k >= 0 && k < this.#classes)) {
        this.failAt(
          m,
          `label ${labels[m]} at position ${m}. Expected 0 to ${this.#classes - 1}, a class.`,
        );
      }
      this.#counts[k]!++;
      for (let i = k * features; i < (k + 1) * features; i++, at++) {
        sum += (values[at]! - centres[i]!) ** 2;
      }
    }
    loss.dataMem.overwriteCpu()[0] = sum / (2 * Math.max(1, label.count()));
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  override backward([loss]: One, [toX, toLabel]: readonly boolean[], [x, label]: Two): void {
    if (toLabel) this.fail("Layer cannot backpropagate to label inputs.");
    const [values, labels] = [x.dataMem.cpu(), label.dataMem.cpu()];
    if (this.paramPropagateDown[0]) this.#moveCentres(values, labels, label.count());
    if (!toX) return;
    const centres = this.blobs[0]!.dataMem.cpu();
    const dx = x.diffMem.overwriteCpu();
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, label.count());
    for (let m = 0, at = 0; m < label.count(); m++) {
      const k = Math.trunc(labels[m]!);
      for (let i = k * this.#features; i < (k + 1) * this.#features; i++, at++) {
        dx[at] = scale * (values[at]! - centres[i]!);
      }
    }
  }

  #moveCentres(values: FloatArray, labels: FloatArray, samples: number): void {
    const [blob] = this.blobs;
    const [centres, diff] = [blob!.dataMem.cpu(), blob!.diffMem.mutableCpu()];
    for (let m = 0, at = 0; m < samples; m++) {
      const k = Math.trunc(labels[m]!);
      const share = 1 / (1 + this.#counts[k]!);
      for (let i = k * this.#features; i < (k + 1) * this.#features; i++, at++) {
        diff[i]! += share * (centres[i]! - values[at]!);
      }
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
