import { type Blobs, Layer } from "./layer.ts";

/** A layer whose tops are told alone, as boxes that were chosen: nothing flows back through it, and what asks gets zeros. */
export abstract class ToldLayer<Bottom extends Blobs, Top extends Blobs> extends Layer<
  Bottom,
  Top
> {
  override backward(_top: Top, propagateDown: readonly boolean[], bottom: Bottom): void {
    bottom.forEach((blob, i) => {
      if (propagateDown[i]) blob.diffMem.zero();
    });
  }

  override allowForceBackward(): boolean {
    return false;
  }
}
