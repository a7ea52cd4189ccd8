import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import { type Arity, arity, type BackwardReads, type OneOrMore } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

type Bottoms = readonly [Blob, Blob, ...Blob[]];

/**
 * A loss on the distances of each sample from the centres of all classes, N×C. A subclass says what each distance costs, and
 * how the cost falls or rises with it; both may be other than value and derivative, as the layers of forks have it.
 */
export abstract class DistanceTermsLayer extends LossLayer<Bottoms, OneOrMore> {
  static override readonly bottoms: Arity = { min: 2, max: 3 };
  static override readonly tops: Arity = arity.oneOrTwo;
  static override readonly hostBottoms: readonly number[] = [1];

  protected samples = 0;
  protected classes = 0;
  protected costs: Float64Array = new Float64Array(0);
  protected slopes: Float64Array = new Float64Array(0);

  /** How many numbers top[1] has. */
  protected abstract readonly told: number;
  /** Shape of bottom[2]. */
  protected abstract thirdFits(third: Blob, x: Blob): boolean;
  /** Fills `costs` and `slopes`, and gives what top[1] tells. */
  protected abstract judge(
    distances: ArrayLike<number>,
    labels: ArrayLike<number>,
    third: ArrayLike<number> | undefined,
  ): readonly number[];

  /** The least distance tells the class. */
  override get scoredClasses(): undefined {
    return undefined;
  }

  override reshape([x, label, third]: Bottoms, [loss, told]: OneOrMore): void {
    const samples = x.shape[0] ?? 1;
    this.checkLabelCount(label, x, samples);
    if (third && !this.thirdFits(third, x)) {
      this.fail(
        `bottom[2] has shape ${shapeText(third.shape)} for distances of shape ${shapeText(x.shape)}.`,
      );
    }
    loss.reshape([]);
    told?.reshape([this.told]);
    this.samples = samples;
    this.classes = samples === 0 ? 0 : x.count() / samples;
    if (this.costs.length === x.count()) return;
    this.costs = new Float64Array(x.count());
    this.slopes = new Float64Array(x.count());
  }

  override forward([x, label, third]: Bottoms, [loss, told]: OneOrMore): void {
    this.countLabels(label, this.classes);
    const numbers = this.judge(x.dataMem.cpu(), label.dataMem.cpu(), third?.dataMem.cpu());
    let sum = 0;
    for (const cost of this.costs) sum += Math.abs(cost);
    loss.dataMem.overwriteCpu()[0] = sum / Math.max(1, this.samples);
    told?.dataMem.overwriteCpu().set(numbers);
  }

  override backwardReadsBottom(): BackwardReads {
    return "nothing";
  }

  override backward([loss]: OneOrMore, propagateDown: readonly boolean[], bottom: Bottoms): void {
    this.refuseLabelGradient(propagateDown);
    if (propagateDown[2]) this.fail("Layer cannot backpropagate to bottom[2].");
    if (!propagateDown[0]) return;
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, this.samples);
    const dx = bottom[0].diffMem.overwriteCpu();
    this.slopes.forEach((slope, i) => {
      dx[i] = scale * slope;
    });
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }
}
