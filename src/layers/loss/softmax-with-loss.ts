import { Blob } from "../../blob/blob.ts";
import type {
  Engine,
  InfogainLossOp,
  Primitive,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type OneOrMore,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";

/**
 * Softmax over the classes and the log loss of the labels.
 *
 *     E     = −1/z · Σ log p(label),  p = softmax(x)
 *     ∂E/∂x = (p − onehot(label)) / z
 *
 * With class weights w, as SegNet has them, each label's part of both is multiplied by w(label), and p is taken as at
 * least 10⁻²⁰.
 *
 * z: the counted labels (VALID), all of them (FULL), the images (BATCH_SIZE) or 1 (NONE); at least 1.
 *
 * - bottom[0]: scores N×C×…, classes along `softmax_param.axis` (1); bottom[1]: one label for every other position
 * - top[0]: the loss, a scalar; top[1], optional: the probabilities
 * - `loss_param`: ignore_label (positions that do not count), normalization VALID; weight_by_label_freqs false,
 *   class_weighting (with it, w: one for each class)
 *
 * p is taken as at least FLT_MIN: a net that gives 0 to every label shows 87.3365.
 *
 * @see Caffe's SoftmaxWithLossLayer
 */
export class SoftmaxWithLossLayer extends LossLayer<Two, OneOrMore> {
  static override readonly type: string = "SoftmaxWithLoss";
  static override readonly paramFields: readonly ParamField[] = ["softmax_param", "loss_param"];
  static override readonly needs: readonly Primitive[] = ["softmaxLoss", "softmax", "infogainLoss"];
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly tops: Arity = arity.oneOrTwo;

  #normalization: Normalization = "VALID";
  #ignoreLabel: number | undefined;
  #shape: Shape | undefined;
  #outer = 0;
  #inner = 0;
  #classes = 0;
  #valid = 0;
  #op!: SoftmaxLossOp;
  /** With class weights. */
  #weighted: WeightedLoss | undefined;
  #ownProb!: Blob;

  override setUp(): void {
    this.#normalization = normalizationOf(this.param.loss_param);
    this.#ignoreLabel = this.param.loss_param?.ignore_label;
    this.#ownProb = new Blob([0], this.context.dtype);
  }

  override reshape([x, label]: Two, [loss, prob]: OneOrMore): void {
    loss.reshape([]);
    (prob ?? this.#ownProb).reshapeLike(x);
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const axis = this.named(() =>
        x.axis(withDefaults("SoftmaxParameter", this.param.softmax_param).axis),
      );
      this.#shape = x.shape;
      this.#outer = x.count(0, axis);
      this.#inner = x.count(axis + 1);
      this.#classes = x.shape[axis] ?? 1;
      const descriptor = { shape: x.shape, axis, ignoreLabel: this.#ignoreLabel };
      const weights = this.#weightsFor(this.#classes);
      if (weights) this.#weighted = new WeightedLoss(this.engine, descriptor, weights);
      else this.#op = this.engine.softmaxLoss(descriptor);
    }
    this.checkLabelCount(label, x, this.#outer * this.#inner);
  }

  override forward([x, label]: Two, [top, prob = this.#ownProb]: OneOrMore): void {
    this.#valid = this.countLabels(label, this.#classes, this.#ignoreLabel);
    (this.#weighted ?? this.#op).forward(
      x.dataMem,
      label.dataMem,
      prob.dataMem,
      1 / this.#normalizer(),
      top.dataMem,
    );
  }

  override backwardReadsTop(topIndex: number): BackwardReads {
    return topIndex === 1 ? "present" : "nothing";
  }

  override backward(
    [top, prob = this.#ownProb]: OneOrMore,
    propagateDown: readonly boolean[],
    [x, label]: Two,
  ): void {
    this.refuseLabelGradient(propagateDown);
    if (!propagateDown[0]) return;
    const scale = top.diffMem.cpu()[0]! / this.#normalizer();
    (this.#weighted ?? this.#op).backward(prob.dataMem, label.dataMem, scale, x.diffMem);
  }

  protected override get weighsClasses(): boolean {
    return true;
  }

  /** SegNet's class weights; undefined where classes are equal. */
  #weightsFor(classes: number): SyncedMem | undefined {
    const { weight_by_label_freqs, class_weighting = [] } = this.param.loss_param ?? {};
    if (!weight_by_label_freqs) return undefined;
    if (class_weighting.length !== classes) {
      this.fail(
        `loss_param.class_weighting is given ${class_weighting.length} times. Number of class weight values does not match the number of classes: expected ${classes}.`,
      );
    }
    const matrix = new SyncedMem(classes * classes, this.context.dtype);
    const values = matrix.overwriteCpu();
    class_weighting.forEach((weight, k) => {
      values[k * (classes + 1)] = weight;
    });
    return matrix;
  }

  #normalizer(): number {
    const fixed = this.param.loss_param?.pre_fixed_normalizer;
    return normalizer(this.#normalization, this.#outer, this.#inner, this.#valid, fixed);
  }
}

/** The infogain loss of a softmax with a matrix that has the classes' weights in its diagonal is the weighted loss. */
class WeightedLoss implements SoftmaxLossOp {
  readonly #softmax: SoftmaxOp;
  readonly #loss: InfogainLossOp;
  readonly #matrix: SyncedMem;

  constructor(engine: Engine, descriptor: SoftmaxLossDescriptor, matrix: SyncedMem) {
    this.#softmax = engine.softmax(descriptor);
    this.#loss = engine.infogainLoss(descriptor);
    this.#matrix = matrix;
  }

  forward(x: SyncedMem, label: SyncedMem, prob: SyncedMem, scale: number, loss: SyncedMem): void {
    this.#softmax.forward(x, prob);
    this.#loss.forward(prob, label, this.#matrix, scale, loss);
  }

  backward(prob: SyncedMem, label: SyncedMem, scale: number, dx: SyncedMem): void {
    this.#loss.backward(prob, label, this.#matrix, scale, dx);
  }
}
