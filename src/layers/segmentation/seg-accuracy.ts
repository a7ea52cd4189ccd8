import { shapeText } from "../../util/shape.ts";
import { countConfusion } from "../base/confusion.ts";
import {
  type Arity,
  arity,
  Layer,
  type LayerRole,
  type LayerState,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import type { TestCounts } from "../base/test-counts.ts";

/**
 * How well every position is classified: the share of right positions, the mean recall of the classes that are there, and
 * the mean over all classes of intersection over union.
 *
 *     top = [Σ M(k, k) / Σ M,  mean of M(k, k) / Σ M(k, ·),  mean of M(k, k) / (Σ M(k, ·) + Σ M(·, k) − M(k, k))]
 *
 * M(k, l) counts positions labelled k whose greatest score is that of l, the last of several equal ones. A class that is
 * neither labelled nor predicted has an intersection over union of 1.
 *
 * - bottom[0]: scores N×C×H×W; bottom[1]: labels N×1×H×W; top[0]: 1×1×1×3
 * - `seg_accuracy_param`: ignore_label (several), reset true: false counts on from pass to pass; metric has no effect
 *
 * @see Long, Shelhamer & Darrell, CVPR 2015, section 5; DeepLab's and PSPNet's SegAccuracyLayer
 */
export class SegAccuracyLayer extends Layer<Two, One> {
  static override readonly type: string = "SegAccuracy";
  static override readonly paramFields: readonly ParamField[] = ["seg_accuracy_param"];
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = arity.two;
  static override readonly makesTops: boolean = true;
  static override readonly hostBottoms: readonly number[] = [0, 1];

  #classes = 0;
  /** M, row by row. */
  #counts: Float64Array = new Float64Array(0);

  override setUp([x]: Two): void {
    this.#classes = x.shape[1] ?? 0;
    this.#counts = new Float64Array(this.#classes ** 2);
  }

  override reshape([x, label]: Two, [top]: One): void {
    const [n, c, h, w] = x.shape;
    if (x.shape.length !== 4 || c !== this.#classes || c < 1) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected N×${this.#classes}×H×W: scores of as many classes as at set-up.`,
      );
    }
    if (label.shape[0] !== n || label.count() !== (n ?? 0) * (h ?? 0) * (w ?? 0)) {
      this.fail(
        `labels of shape ${shapeText(label.shape)} for scores of shape ${shapeText(x.shape)}. Expected (${n},1,${h},${w}).`,
      );
    }
    top.reshape([1, 1, 1, 3]);
  }

  override forward([x, label]: Two, [top]: One): void {
    const { ignore_label = [], reset = true } = this.param.seg_accuracy_param ?? {};
    if (reset) this.#counts.fill(0);
    const inner = x.count(2);
    const labels = label.values();
    countConfusion(x.values(), labels, inner, this.#counts, (actual, i) => {
      if (ignore_label.includes(actual)) return false;
      if (actual >= 0 && actual < this.#classes) return true;
      this.failAt(
        Math.floor(i / inner),
        `label ${labels[i]} at position ${i}. Expected 0 to ${this.#classes - 1}, a class, or one of ignore_label.`,
      );
    });
    top.dataMem.overwriteCpu().set(this.#summary());
  }

  override testCounts(): TestCounts {
    const isSum = this.param.seg_accuracy_param?.reset === false;
    return { kind: "pixels", classes: this.#classes, counts: this.#counts, isSum };
  }

  #summary(): [number, number, number] {
    const classes = this.#classes;
    let [right, all, recalls, present, overlaps] = [0, 0, 0, 0, 0];
    for (let k = 0; k < classes; k++) {
      let [labelled, predicted] = [0, 0];
      for (let l = 0; l < classes; l++) {
        labelled += this.#counts[k * classes + l]!;
        predicted += this.#counts[l * classes + k]!;
      }
      const both = this.#counts[k * (classes + 1)]!;
      const either = labelled + predicted - both;
      right += both;
      all += labelled;
      if (labelled > 0) present++;
      if (labelled > 0) recalls += both / labelled;
      overlaps += either === 0 ? 1 : both / either;
    }
    return [all && right / all, present && recalls / present, overlaps / classes];
  }

  override state(): LayerState | undefined {
    return this.param.seg_accuracy_param?.reset === false
      ? { counts: Array.from(this.#counts) }
      : undefined;
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#counts.set(state["counts"] as readonly number[]);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some((wanted) => wanted))
      this.fail("it has no gradient. Expected propagate_down: false.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
