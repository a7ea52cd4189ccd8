import { Blob } from "../../blob/blob.ts";
import type { AccuracyOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { type CountedClasses, LabelledLayer } from "../base/labelled.ts";
import { arity, type LayerRole, type OneOrMore, type ParamField, type Two } from "../base/layer.ts";

/**
 * The share of positions whose label is among the `top_k` highest scores.
 *
 * A score equal to the label's counts against it, so a net whose outputs are all the same gets 0.
 *
 * - bottom[0]: scores N×C×…, classes along `axis`; bottom[1]: one label for every other position
 * - top[0]: the accuracy, a scalar; top[1], optional: accuracy of each class, (C)
 * - `accuracy_param`: top_k 1, axis 1, ignore_label; of forks min_is_better false: the scores are distances
 *
 * @see Caffe's AccuracyLayer
 */
export class AccuracyLayer extends LabelledLayer<Two, OneOrMore> {
  static override readonly type: string = "Accuracy";
  static override readonly paramFields: readonly ParamField[] = ["accuracy_param"];
  static override readonly needs: readonly Primitive[] = ["accuracy", "axpby"];
  static override readonly hostBottoms: readonly number[] = [1];
  static override readonly bottoms = arity.two;
  static override readonly tops = arity.oneOrTwo;
  static override readonly role: LayerRole = "result";

  #shape: Shape | undefined;
  #labels = 0;
  #classes = 0;
  #op!: AccuracyOp;
  /** −x, where the least is the best. */
  #turned: Blob | undefined;

  override get scoredClasses(): CountedClasses | undefined {
    return this.#turned ? undefined : super.scoredClasses;
  }

  override reshape([x, label]: Two, [accuracy, perClass]: OneOrMore): void {
    if (!this.#shape || !sameShape(this.#shape, x.shape)) this.#describe(x);
    this.checkLabelCount(label, x, this.#labels);
    accuracy.reshape([]);
    perClass?.reshape([this.#classes]);
  }

  #describe(x: Blob): void {
    const { axis, top_k, ignore_label } = withDefaults(
      "AccuracyParameter",
      this.param.accuracy_param,
    );
    const at = this.named(() => x.axis(axis));
    this.#classes = x.shape[at] ?? 1;
    if (top_k > this.#classes) {
      this.fail(`accuracy_param.top_k is ${top_k}. Expected at most the ${this.#classes} classes.`);
    }
    this.#labels = x.count(0, at) * x.count(at + 1);
    this.#op = this.engine.accuracy({
      shape: x.shape,
      axis: at,
      topK: top_k,
      ignoreLabel: ignore_label,
    });
    this.#turned = this.param.accuracy_param?.min_is_better
      ? new Blob(x.shape, this.context.dtype)
      : undefined;
    this.#shape = x.shape;
  }

  override forward([x, label]: Two, [accuracy, perClass]: OneOrMore): void {
    this.countLabels(label, this.#classes, this.param.accuracy_param?.ignore_label);
    if (this.#turned) this.engine.axpby(x.count(), -1, x.dataMem, 0, this.#turned.dataMem);
    const scores = this.#turned ?? x;
    this.#op.forward(scores.dataMem, label.dataMem, accuracy.dataMem, perClass?.dataMem);
  }

  override backward(_top: OneOrMore, propagateDown: readonly boolean[]): void {
    if (propagateDown.some(Boolean))
      this.fail("Accuracy has no gradient. Expected it under no loss.");
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
