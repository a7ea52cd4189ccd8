import { Blob } from "../../blob/blob.ts";
import type { InfogainLossOp, Primitive, SoftmaxOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { readBlobFile } from "../../io/weights/blob-file.ts";
import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type Blobs,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import { LossLayer, type Normalization, normalizationOf, normalizer } from "../base/loss.ts";

/**
 * Softmax and a log loss in which a matrix says what each class is worth for each label.
 *
 *     E     = −1/z · Σ over positions and classes of H(label, c) · log p(c),  p = softmax(x)
 *     ∂E/∂x = (p(c) · Σ H(label, ·) − H(label, c)) / z
 *
 * With the identity for H it is SoftmaxWithLoss. z is as there.
 *
 * - bottom[0] x: scores N×C×…; bottom[1]: one label for every other position; bottom[2], optional: H, C×C
 * - top[0]: the loss, a scalar; top[1], optional: the probabilities
 * - `infogain_loss_param`: source (a .binaryproto that holds H), axis 1; `loss_param`: ignore_label, normalization VALID
 *
 * @see Caffe's InfogainLossLayer
 */
export class InfogainLossLayer extends LossLayer<Blobs, OneOrMore> {
  static override readonly type: string = "InfogainLoss";
  static override readonly paramFields: readonly ParamField[] = [
    "infogain_loss_param",
    "loss_param",
  ];
  static override readonly needs: readonly Primitive[] = ["softmax", "infogainLoss"];
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly bottoms: Arity = { min: 2, max: 3 };
  static override readonly tops = arity.oneOrTwo;

  #normalization: Normalization = "VALID";
  #ignored: number | undefined;
  #given: SyncedMem | undefined;
  #shape: Shape | undefined;
  #outer = 0;
  #classes = 0;
  #inner = 0;
  #valid = 0;
  #softmax!: SoftmaxOp;
  #op!: InfogainLossOp;
  #ownProb!: Blob;

  override setUp(bottom: Blobs): void {
    if (this.param.loss_param?.normalize !== undefined) {
      this.fail('loss_param has normalize. normalize is deprecated. use "normalization".');
    }
    this.#normalization = normalizationOf(this.param.loss_param);
    this.#ignored = this.param.loss_param?.ignore_label;
    this.#ownProb = new Blob([0], this.context.dtype);
    if (bottom.length > 2) return;
    const source = this.param.infogain_loss_param?.source;
    if (!source) this.fail("Infogain matrix source must be specified, or a third bottom.");
    const { data } = this.named(() => readBlobFile(this.locate(source)));
    this.#given = new SyncedMem(data.length, this.context.dtype);
    this.#given.overwriteCpu().set(data);
  }

  override reshape(bottom: Blobs, [loss, prob]: OneOrMore): void {
    const [x, label, matrix] = bottom as [Blob, Blob, Blob | undefined];
    loss.reshape([]);
    (prob ?? this.#ownProb).reshapeLike(x);
    if (!this.#shape || !sameShape(this.#shape, x.shape)) {
      const axis = this.named(() =>
        x.axis(withDefaults("InfogainLossParameter", this.param.infogain_loss_param).axis),
      );
      this.#outer = x.count(0, axis);
      this.#classes = x.shape[axis] ?? 1;
      this.#inner = x.count(axis + 1);
      this.#softmax = this.engine.softmax({ shape: x.shape, axis });
      this.#op = this.engine.infogainLoss({ shape: x.shape, axis, ignoreLabel: this.#ignored });
      this.#shape = x.shape;
    }
    this.checkLabelCount(label, x, this.#outer * this.#inner);
    const values = matrix ? matrix.count() : (this.#given?.count ?? 0);
    if (values !== this.#classes ** 2) {
      this.fail(
        `the infogain matrix has ${values} values. Expected ${this.#classes}×${this.#classes}.`,
      );
    }
  }

  override forward(bottom: Blobs, [loss, prob = this.#ownProb]: OneOrMore): void {
    const [x, label, matrix] = bottom as [Blob, Blob, Blob | undefined];
    this.#valid = this.countLabels(label, this.#classes, this.#ignored);
    this.#softmax.forward(x.dataMem, prob.dataMem);
    const h = this.#matrix(matrix);
    this.#op.forward(prob.dataMem, label.dataMem, h, 1 / this.#normalizer(), loss.dataMem);
  }

  override backwardReadsTop(topIndex: number): BackwardReads {
    return topIndex === 1 ? "present" : "nothing";
  }

  override backward(
    [loss, prob = this.#ownProb]: OneOrMore,
    propagateDown: readonly boolean[],
    bottom: Blobs,
  ): void {
    this.refuseLabelGradient(propagateDown);
    if (propagateDown[2]) this.fail("Layer cannot backpropagate to infogain inputs.");
    if (!propagateDown[0]) return;
    const [x, label, matrix] = bottom as [Blob, Blob, Blob | undefined];
    const scale = loss.diffMem.cpu()[0]! / this.#normalizer();
    this.#op.backward(prob.dataMem, label.dataMem, this.#matrix(matrix), scale, x.diffMem);
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  #matrix(given: Blob | undefined): SyncedMem {
    return given ? given.dataMem : (this.#given as SyncedMem);
  }

  #normalizer(): number {
    return normalizer(this.#normalization, this.#outer, this.#inner, this.#valid);
  }
}
