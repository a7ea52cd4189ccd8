import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import {
  type Arity,
  Layer,
  type LayerRole,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import type { Scores } from "./ctc.ts";
import { greedyLabels } from "./greedy-labels.ts";
import { editDistance, LabelSequences } from "./label-sequences.ts";

/**
 * Reads sequences of labels off: the best class of every step, without repeats and blanks. Two forks gave the name to two
 * layers; the bottoms say which is meant.
 *
 * - bottom[0] x: T×N×C scores or probabilities. Then
 *   - alone (caffe_ocr): top[0] N×T×1×1, each sample's labels, filled up with −1
 *   - and labels N×L, where blanks are filling and a number below 0 is the end: top[0] 1×2×1×1, accuracies
 *   - and T×N indicators, 0 where a sequence begins (ChWick): top[0] T×N×1×1, labels in columns; top[1], optional, N×1×1×1,
 *     minus the sums of the best scores
 *   - and indicators, and labels L×N, ended by a number below 0: top[0] as before, and the last of two or three tops is the first
 *     accuracy, 1×1×1×1
 * - the accuracies: 1 − the mean of the edit distance over the longer length, and the share of sequences without a mistake
 * - `ctc_decoder_param`: blank_index 0, without indicators; −1, the last class, with them; ctc_merge_repeated true
 *
 * Where two bottoms may be either, for T is N, labels are taken, with a warning; `fork: "chwick"` in the layer asks for
 * indicators.
 *
 * @see ChWick/caffe's and senlinuc/caffe_ocr's CTCGreedyDecoderLayers
 */
export class CTCGreedyDecoderLayer extends Layer<OneOrMore, OneOrMore> {
  static override readonly type: string = "CTCGreedyDecoder";
  static override readonly forks: readonly string[] = ["senlinuc", "chwick"];
  static override readonly paramFields: readonly ParamField[] = ["ctc_decoder_param"];
  static override readonly role: LayerRole = "result";
  static override readonly bottoms: Arity = { min: 1, max: 3 };
  static override readonly tops: Arity = { min: 1, max: 3 };

  #hasIndicators = false;
  readonly #labels: LabelSequences = new LabelSequences();
  /** What was read off one sample. */
  #found: Int32Array = new Int32Array(0);

  override setUp(bottom: OneOrMore, top: OneOrMore): void {
    this.#hasIndicators = bottom.length === 3 || this.#tellsIndicators(bottom, top.length);
    const most = this.#hasIndicators ? bottom.length : 1;
    const least = bottom.length === 3 ? 2 : 1;
    if (top.length < least || top.length > most) {
      this.fail(
        `${top.length} tops with ${bottom.length} bottoms${this.#hasIndicators ? ", indicators among them" : ""}. Expected ${least === most ? least : `${least} to ${most}`}.`,
      );
    }
  }

  #tellsIndicators([x, second]: OneOrMore, tops: number): boolean {
    if (!second) return false;
    const [steps, samples] = x.shape;
    const mayBeIndicators = second.shape[0] === steps && second.count() === x.count(0, 2);
    if (tops > 1) this.expectFork("chwick", "the second top");
    if (this.param.fork === "chwick" || tops > 1) return true;
    if (!mayBeIndicators) return false;
    if (second.shape[0] !== samples) return true;
    if (this.param.fork === undefined) {
      this.context.warn(
        `bottom 1, shape ${shapeText(second.shape)}, is taken for labels. Write fork: "chwick" in the layer for indicators of where sequences begin, or fork: "senlinuc" for this.`,
      );
    }
    return false;
  }

  override reshape([x, second, third]: OneOrMore, top: OneOrMore): void {
    const [steps = 0, samples = 0, classes = 0] = x.shape;
    if (x.shape.length < 3 || x.count() !== steps * samples * classes || classes < 1) {
      this.fail(`bottom 0 has shape ${shapeText(x.shape)}. Expected T×N×C.`);
    }
    if (this.#hasIndicators && second!.count() !== steps * samples) {
      this.fail(
        `bottom 1 has shape ${shapeText(second!.shape)}. Expected ${steps}×${samples}, one number for each step of each sample.`,
      );
    }
    const labels = third ?? (this.#hasIndicators ? undefined : second);
    if (labels && labels.shape[third ? 1 : 0] !== samples) {
      this.fail(
        `labels of shape ${shapeText(labels.shape)} for scores of shape ${shapeText(x.shape)}. Expected ${third ? `L×${samples}` : `${samples}×L`}.`,
      );
    }
    if (this.#found.length !== steps) this.#found = new Int32Array(steps);
    const [sequences, accuracy, scores] = this.#tops(top);
    sequences?.reshape(this.#hasIndicators ? [steps, samples, 1, 1] : [samples, steps, 1, 1]);
    scores?.reshape([samples, 1, 1, 1]);
    accuracy?.reshape([1, this.#hasIndicators ? 1 : 2, 1, 1]);
  }

  /** Which top is what. */
  #tops(top: OneOrMore): readonly (Blob | undefined)[] {
    const bottoms = this.param.bottom?.length ?? 1;
    if (!this.#hasIndicators) return bottoms === 1 ? [top[0]] : [undefined, top[0]];
    if (bottoms === 2) return [top[0], undefined, top[1]];
    return [top[0], top.at(-1), top.length === 3 ? top[1] : undefined];
  }

  override forward([x, second, third]: OneOrMore, top: OneOrMore): void {
    const [steps = 0, samples = 0, classes = 0] = x.shape;
    const param = withDefaults("CTCDecoderParameter", this.param.ctc_decoder_param);
    const written = param.blank_index ?? (this.#hasIndicators ? -1 : 0);
    const blank = written < 0 ? classes - 1 : written;
    const [sequences, accuracy, scores] = this.#tops(top);
    const into = sequences?.dataMem.overwriteCpu().fill(-1, 0, steps * samples);
    const sums = scores?.dataMem.overwriteCpu();
    const indicators = this.#hasIndicators ? second!.dataMem.cpu() : undefined;
    if (third) this.#labels.readColumns(third);
    else if (accuracy) this.#labels.readRows(second!, blank);
    const own: { -readonly [K in keyof Scores]: Scores[K] } = {
      values: x.dataMem.cpu(),
      first: 0,
      stride: samples * classes,
      classes,
      steps,
    };
    let [wrong, right] = [0, 0];
    for (let n = 0; n < samples; n++) {
      own.first = n * classes;
      own.steps = steps;
      if (indicators) {
        own.steps = Math.min(1, steps);
        while (own.steps < steps && indicators[own.steps * samples + n] !== 0) own.steps++;
      }
      const [count, score] = greedyLabels(own, blank, param.ctc_merge_repeated, this.#found);
      if (sums) sums[n] = score;
      for (let i = 0; i < count && into; i++) {
        into[indicators ? i * samples + n : n * steps + i] = this.#found[i]!;
      }
      if (!accuracy) continue;
      const [found, wanted] = [this.#found.subarray(0, count), this.#labels.of(n)];
      const distance = editDistance(found, wanted);
      wrong += distance / Math.max(1, count, wanted.length);
      if (distance === 0) right++;
    }
    if (!accuracy) return;
    const told = accuracy.dataMem.overwriteCpu();
    told[0] = 1 - wrong / Math.max(1, samples);
    if (!indicators) told[1] = right / Math.max(1, samples);
  }

  override backward(_top: OneOrMore, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean)) {
      this.fail("CTCGreedyDecoder has no gradient. Expected it under no loss.");
    }
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
