import type { LSTMUnitOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type Blobs,
  Layer,
  type Two,
} from "../base/layer.ts";

/**
 * One step of a long short-term memory, its gates' inputs given. LSTM is built of it.
 *
 *     c = cont · σ(f) ∘ c' + σ(i) ∘ tanh(g)        h = σ(o) ∘ tanh(c)
 *
 * - bottom[0] c': 1×N×D; bottom[1]: 1×N×4D, the inputs of the gates i, f, o and of g behind each other;
 *   bottom[2] cont: 1×N, 0 where a sequence begins, no gradient
 * - top[0] c, top[1] h: 1×N×D
 *
 * @see Hochreiter & Schmidhuber, Neural Computation 1997; Caffe's LSTMUnitLayer
 */
export class LSTMUnitLayer extends Layer<Blobs, Two> {
  static override readonly type: string = "LSTMUnit";
  static override readonly needs: readonly Primitive[] = ["lstmUnit"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };
  static override readonly tops = arity.two;

  #shape: Shape | undefined;
  #op!: LSTMUnitOp;

  override reshape(bottom: Blobs, [c, h]: Two): void {
    const [before, gates, cont] = bottom.map(({ shape }) => shape) as [Shape, Shape, Shape];
    const [one = 0, batch = 0, hidden = 0] = before;
    if (!this.#shape || !sameShape(this.#shape, before)) {
      if (before.length !== 3 || one !== 1) {
        this.fail(`bottom 0 has shape ${shapeText(before)}. Expected 1×N×D.`);
      }
      this.#shape = before;
      this.#op = this.engine.lstmUnit({ batch, hidden });
    }
    if (!sameShape(gates, [1, batch, 4 * hidden])) {
      this.fail(
        `bottom 1 has shape ${shapeText(gates)}. Expected ${shapeText([1, batch, 4 * hidden])}.`,
      );
    }
    if (!sameShape(cont, [1, batch])) {
      this.fail(`bottom 2 has shape ${shapeText(cont)}. Expected ${shapeText([1, batch])}.`);
    }
    c.reshape(before);
    h.reshape(before);
  }

  override forward([before, gates, cont]: Blobs, [c, h]: Two): void {
    this.#op.forward(before!.dataMem, gates!.dataMem, cont!.dataMem, c.dataMem, h.dataMem);
  }

  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 1 ? "nothing" : "present";
  }

  override backwardReadsTop(topIndex: number): BackwardReads {
    return topIndex === 0 ? "present" : "nothing";
  }

  override backward(
    [c, h]: Two,
    propagateDown: readonly boolean[],
    [before, gates, cont]: Blobs,
  ): void {
    if (propagateDown[2]) this.fail("Cannot backpropagate to sequence indicators.");
    if (!propagateDown[0] && !propagateDown[1]) return;
    this.#op.backward(
      before!.dataMem,
      gates!.dataMem,
      cont!.dataMem,
      c.dataMem,
      h.dataMem,
      c.diffMem,
      h.diffMem,
      before!.diffMem,
      gates!.diffMem,
    );
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex !== 2;
  }
}
