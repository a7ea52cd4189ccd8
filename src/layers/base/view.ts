import type { Primitive } from "../../engines/engine.ts";
import type { Shape } from "../../util/shape.ts";
import { Layer, type One } from "./layer.ts";

/** A layer whose top is its bottom under another shape: nothing is computed or copied. */
export abstract class ViewLayer extends Layer<One, One> {
  static override readonly needs: readonly Primitive[] = [];

  /** The top's shape for a bottom. */
  protected abstract shapeOf(x: One[0]): Shape;

  override reshape([x]: One, [y]: One): void {
    y.reshape(this.shapeOf(x));
    y.shareData(x);
    y.shareDiff(x);
  }

  override forward([x]: One, [y]: One): void {
    y.shareData(x);
  }

  override backward(_top: One, _propagateDown: readonly boolean[], _bottom: One): void {}
}
