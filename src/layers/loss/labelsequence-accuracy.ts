import { shapeText } from "../../util/shape.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import type { Scores } from "./ctc.ts";
import { greedyLabels } from "./greedy-labels.ts";
import { LabelSequences } from "./label-sequences.ts";

/**
 * The share of sequences that are read without a mistake: the best class of every step, without repeats and blanks, is what the
 * labels say.
 *
 * - bottom[0] x: N×T×C scores; bottom[1]: labels N×L, in which blanks and numbers below 0 are filling
 * - top[0]: the accuracy, a scalar
 * - `labelsequence_accuracy_param`: blank_label 0
 *
 * @see xmfbit/warpctc-caffe's and yalecyu/crnn.caffe's LabelsequenceAccuracyLayers
 */
export class LabelsequenceAccuracyLayer extends Layer<Two, One> {
  static override readonly type: string = "LabelsequenceAccuracy";
  static override readonly paramFields: readonly ParamField[] = ["labelsequence_accuracy_param"];
  static override readonly role: LayerRole = "result";
  static override readonly bottoms = arity.two;

  readonly #labels: LabelSequences = new LabelSequences();
  #found: Int32Array = new Int32Array(0);

  override reshape([x, labels]: Two, [accuracy]: One): void {
    const [samples = 0, steps = 0, classes = 0] = x.shape;
    if (x.shape.length < 3 || x.count() !== samples * steps * classes || classes < 1) {
      this.fail(`bottom 0 has shape ${shapeText(x.shape)}. Expected N×T×C.`);
    }
    if (labels.shape[0] !== samples) {
      this.fail(
        `labels of shape ${shapeText(labels.shape)} for scores of shape ${shapeText(x.shape)}. Expected ${samples}×L.`,
      );
    }
    accuracy.reshape([]);
    if (this.#found.length !== steps) this.#found = new Int32Array(steps);
  }

  override forward([x, labels]: Two, [accuracy]: One): void {
    const [samples = 0, steps = 0, classes = 0] = x.shape;
    const blank = this.param.labelsequence_accuracy_param?.blank_label ?? 0;
    this.#labels.readRows(labels, blank);
    const own: { -readonly [K in keyof Scores]: Scores[K] } = {
      values: x.dataMem.cpu(),
      first: 0,
      stride: classes,
      classes,
      steps,
    };
    let right = 0;
    for (let n = 0; n < samples; n++) {
      own.first = n * steps * classes;
      const [count] = greedyLabels(own, blank, true, this.#found);
      const wanted = this.#labels.of(n);
      if (wanted.length === count && wanted.every((label, i) => label === this.#found[i])) right++;
    }
    accuracy.dataMem.overwriteCpu()[0] = right / Math.max(1, samples);
  }

  override backward(_top: One, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) {
      this.fail("LabelsequenceAccuracy has no gradient. Expected it under no loss.");
    }
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
