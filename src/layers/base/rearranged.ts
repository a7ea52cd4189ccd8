import type { CopyOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { Layer, type One } from "./layer.ts";

/** The bottom's axes cut into more, the order that these come in, and the top's shape. */
export interface Rearrangement {
  readonly split: Shape;
  readonly order: readonly number[];
  readonly shape: Shape;
}

/** A layer that cuts axes into several, and puts these into another order. */
export abstract class RearrangedLayer extends Layer<One, One> {
  static override readonly needs: readonly Primitive[] = ["permute"];

  #shape: Shape | undefined;
  #op!: CopyOp;

  /** Asked when the shape is a new one. */
  protected abstract arrange(shape: Shape): Rearrangement;

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { split, order, shape } = this.arrange(x.shape);
    y.reshape(shape);
    this.#op = this.engine.permute({ shape: split, order });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (propagate) this.#op.backward(y.diffMem, x.diffMem);
  }
}
