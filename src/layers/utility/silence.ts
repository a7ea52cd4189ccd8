import type { Primitive } from "../../engines/engine.ts";
import { arity, type Blobs, Layer, type None } from "../base/layer.ts";

/**
 * Reads its bottoms and does nothing, so that they are no outputs of the net. Its gradients are zero.
 *
 * - bottoms: one or more, of any shape; no top
 *
 * @see Caffe's SilenceLayer
 */
export class SilenceLayer extends Layer<Blobs, None> {
  static override readonly type: string = "Silence";
  static override readonly needs: readonly Primitive[] = [];
  static override readonly bottoms = arity.oneOrMore;
  static override readonly tops = arity.none;

  override reshape(): void {}

  override forward(): void {}

  override backward(_top: None, propagateDown: readonly boolean[], bottom: Blobs): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) x.diffMem.zero();
    });
  }
}
