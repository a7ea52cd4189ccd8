import type { Primitive } from "../../engines/engine.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { arity, type Blobs, Layer } from "../base/layer.ts";

/**
 * Where processes train together, the parts of a batch that each has, one behind the other; here, in one process, the bottoms as they are.
 *
 * - bottoms: one or more, of any shape; tops: as many, of their shapes
 *
 * The tops use the bottoms' memory.
 *
 * @see yjxiong/caffe's GatherLayer
 */
export class GatherLayer extends Layer<Blobs, Blobs> {
  static override readonly type: string = "Gather";
  static override readonly needs: readonly Primitive[] = [];
  static override readonly bottoms = arity.oneOrMore;
  static override readonly tops = arity.oneOrMore;
  static override readonly coordMap: CoordMapOf = unmoved;

  override setUp(bottom: Blobs, top: Blobs): void {
    if (bottom.length !== top.length) {
      this.fail(
        `${bottom.length} bottoms and ${top.length} tops. Expected as many tops as bottoms.`,
      );
    }
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    bottom.forEach((x, i) => {
      top[i]!.reshapeLike(x);
      top[i]!.shareData(x);
      top[i]!.shareDiff(x);
    });
  }

  override forward(bottom: Blobs, top: Blobs): void {
    bottom.forEach((x, i) => {
      top[i]!.shareData(x);
    });
  }

  override backward(_top: Blobs, _propagateDown: readonly boolean[], _bottom: Blobs): void {}
}
