import type { Blob } from "../../blob/blob.ts";
import type { CTCLossParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, BackwardReads, One, OneOrMore, ParamField } from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";
import { CTC, type Scores } from "./ctc.ts";
import { LabelSequences } from "./label-sequences.ts";

/**
 * How improbable sequences of labels are, wherever in time they lie (connectionist temporal classification).
 *
 *     E = −1/z · Σ log p,  p the sum over all ways to spread a sample's labels over its steps, with blanks between them
 *     ∂E/∂x(t, n, c) = 1/z · (y(t, n, c) − the share of p in which step t has class c),  y the softmax of x
 *
 * z: the samples (FULL, BATCH_SIZE), those whose labels fit into their steps (VALID), or 1 (NONE). Without
 * `normalization` it is as in the forks: E is the mean over the samples, and the gradient that of their sum.
 *
 * - bottom[0] x: T×N×C scores. Then one of:
 *   - labels N×L, in which blanks and numbers below 0 are filling
 *   - T×N indicators, 0 where a sequence begins (after its first step: ends), and labels L×N, ended by a number below 0. A
 *     sample of one step without labels is none
 *   - N numbers of steps, N numbers of labels, and labels L×N
 * - top[0]: the loss, a scalar
 * - `ctc_loss_param`: blank_index −1, the last class; ctc_merge_repeated true (a label that lasts is one label);
 *   preprocess_collapse_repeated false (equal labels behind each other become one); output_delay 0 (steps at the beginning that
 *   count nothing); loss_calculation_t has no effect, for E is the same at every step
 * - `loss_param`: normalization
 *
 * A sample whose labels do not fit into its steps counts 0 and has no gradient, with a warning.
 *
 * @see Graves et al., ICML 2006; ChWick/caffe's and houkai/caffe's CTCLossLayers
 */
export class CTCLossLayer extends LossLayer<OneOrMore, One> {
  static override readonly type: string = "CTCLoss";
  static override readonly paramFields: readonly ParamField[] = ["ctc_loss_param", "loss_param"];
  static override readonly bottoms: Arity = { min: 2, max: 4 };

  #normalization: Normalization | undefined;
  #blank = 0;
  #ctc!: CTC;
  #delay = 0;
  #valid = 0;
  #hasWarned = false;
  readonly #labels: LabelSequences = new LabelSequences();
  /** Steps of each sample, −1 where there is none. */
  #steps: Int32Array = new Int32Array(0);

  /** The number of the blank, below 0 for the last class: of the layer's type. */
  protected blank({ blank_index }: CTCLossParameter, _bottoms: number): number {
    if (blank_index === undefined) {
      this.context.warn(
        "ctc_loss_param.blank_index is not written: the last class is the blank. Forks differ; write -1 for this, or 0.",
      );
    }
    return blank_index ?? -1;
  }

  /** What is added to labels that are told with indicators. */
  protected labelOffset(_blank: number): number {
    return 0;
  }

  override setUp([x, ...rest]: OneOrMore): void {
    const param = withDefaults("CTCLossParameter", this.param.ctc_loss_param);
    const { normalization, normalize } = this.param.loss_param ?? {};
    if (normalization !== undefined || normalize !== undefined) {
      this.#normalization = normalizationOf(this.param.loss_param);
    }
    if (param.loss_calculation_t !== 0) {
      this.context.warn("ctc_loss_param.loss_calculation_t has no effect.");
    }
    this.#delay = param.output_delay;
    if (!(this.#delay >= 0)) {
      this.fail(`ctc_loss_param.output_delay is ${this.#delay}. Expected 0 or more.`);
    }
    const classes = x.shape[2] ?? 0;
    const blank = this.blank(this.param.ctc_loss_param ?? {}, rest.length + 1);
    this.#blank = blank < 0 ? classes - 1 : blank;
    if (!(this.#blank >= 0 && this.#blank < classes)) {
      this.fail(
        `the blank is class ${this.#blank}, bottom shape ${shapeText(x.shape)}. Expected one of ${classes} classes, T×N×C.`,
      );
    }
    this.#ctc = new CTC({ blank: this.#blank, mergesRepeats: param.ctc_merge_repeated });
  }

  override reshape([x, ...rest]: OneOrMore, [loss]: One): void {
    const [steps = 0, samples = 0, classes = 0] = x.shape;
    if (x.count() !== steps * samples * classes || x.shape.length < 3 || this.#blank >= classes) {
      this.fail(
        `bottom 0 has shape ${shapeText(x.shape)}. Expected T×N×C, and more classes than the blank's ${this.#blank}.`,
      );
    }
    const labels = rest.at(-1)!;
    const axis = rest.length === 1 ? 0 : 1;
    const expected = rest.length === 1 ? `${samples}×L` : `L×${samples}`;
    if (labels.shape[axis] !== samples) {
      this.fail(
        `labels of shape ${shapeText(labels.shape)} for scores of shape ${shapeText(x.shape)}. Expected ${expected}.`,
      );
    }
    rest.slice(0, -1).forEach((blob, i) => {
      const wanted = rest.length === 2 ? steps * samples : samples;
      if (blob.count() !== wanted) {
        this.fail(
          `bottom ${i + 1} has shape ${shapeText(blob.shape)}. Expected ${wanted} numbers, one for each ${rest.length === 2 ? "step of each sample" : "sample"}.`,
        );
      }
    });
    loss.reshape([]);
    if (this.#steps.length !== samples) this.#steps = new Int32Array(samples);
  }

  /** Labels and numbers of steps. */
  #read([x, ...rest]: OneOrMore): void {
    const [steps = 0, samples = 0, classes = 0] = x.shape;
    const labels = this.#labels;
    this.#steps.fill(steps);
    if (rest.length === 1) labels.readRows(rest[0]!, this.#blank);
    else if (rest.length === 2) {
      labels.readColumns(rest[1]!);
      this.#readIndicators(rest[0]!, steps, samples);
    } else this.#readLengths(rest as readonly Blob[] as readonly [Blob, Blob, Blob], steps);
    if (this.param.ctc_loss_param?.preprocess_collapse_repeated) labels.collapse();
    const offset = rest.length === 2 ? this.labelOffset(this.#blank) : 0;
    for (let n = 0; n < samples; n++) {
      const own = labels.of(n);
      for (let i = 0; i < own.length; i++) {
        own[i]! += offset;
        if (own[i]! >= 0 && own[i]! < classes && own[i] !== this.#blank) continue;
        this.failAt(
          n,
          `label ${own[i]} at position ${i} of sample ${n}. Expected 0 to ${classes - 1}, and not the blank, ${this.#blank}.`,
        );
      }
    }
  }

  #readIndicators(blob: Blob, steps: number, samples: number): void {
    const indicators = blob.dataMem.cpu();
    for (let n = 0; n < samples; n++) {
      let t = 1;
      while (t < steps && Math.trunc(indicators[t * samples + n]! + 0.5) !== 0) t++;
      const isNone = t <= 1 && this.#labels.counts[n] === 0;
      this.#steps[n] = isNone ? -1 : Math.min(t, steps);
    }
  }

  #readLengths([ofTime, ofLabels, labels]: readonly [Blob, Blob, Blob], steps: number): void {
    const [times, counts] = [ofTime.dataMem.cpu(), ofLabels.dataMem.cpu()];
    const longest = labels.shape[0] ?? 0;
    for (let n = 0; n < this.#steps.length; n++) {
      if (!(times[n]! >= 0 && times[n]! <= steps && counts[n]! >= 0 && counts[n]! <= longest)) {
        this.failAt(
          n,
          `sample ${n} has ${times[n]} steps and ${counts[n]} labels. Expected 0 to ${steps} steps, and 0 to ${longest} labels.`,
        );
      }
      this.#steps[n] = times[n]!;
    }
    this.#labels.readColumns(labels, counts);
  }

  #scores(x: Blob, n: number): Scores {
    const [, samples = 0, classes = 0] = x.shape;
    return {
      values: x.dataMem.cpu(),
      first: (this.#delay * samples + n) * classes,
      stride: samples * classes,
      classes,
      steps: Math.max(0, this.#steps[n]! - this.#delay),
    };
  }

  override forward(bottom: OneOrMore, [loss]: One): void {
    this.#read(bottom);
    const samples = this.#steps.length;
    let sum = 0;
    this.#valid = 0;
    for (let n = 0; n < samples; n++) {
      if (this.#steps[n]! < 0) continue;
      const labels = this.#labels.of(n);
      const scores = this.#scores(bottom[0], n);
      const own = this.#ctc.loss(scores, labels, labels.length);
      if (own === Number.POSITIVE_INFINITY) this.#warnOf(n, labels.length, scores.steps);
      else {
        sum += own;
        this.#valid++;
      }
    }
    loss.dataMem.overwriteCpu()[0] =
      sum / normalizer(this.#normalization ?? "BATCH_SIZE", samples, 1, this.#valid);
  }

  #warnOf(sample: number, labels: number, steps: number): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.context.warn(
      `${labels} labels of sample ${sample} cannot be told in ${steps} steps (equal ones need a blank between them): it counts 0, and has no gradient. There may be more such samples.`,
    );
  }

  /** Scores are read again; labels, which are, are remembered. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 0 ? "kept" : "nothing";
  }

  override backward([loss]: One, propagateDown: readonly boolean[], [x]: OneOrMore): void {
    if (propagateDown.some((wanted, i) => i > 0 && wanted)) {
      this.fail("Layer cannot backpropagate to label inputs.");
    }
    if (!propagateDown[0]) return;
    const mode = this.#normalization ?? "NONE";
    const scale = loss.diffMem.cpu()[0]! / normalizer(mode, this.#steps.length, 1, this.#valid);
    const dx = x.diffMem.overwriteCpu();
    dx.fill(0, 0, x.count());
    for (let n = 0; n < this.#steps.length; n++) {
      if (this.#steps[n]! < 0) continue;
      const labels = this.#labels.of(n);
      this.#ctc.addGradient(this.#scores(x, n), labels, labels.length, scale, dx);
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
