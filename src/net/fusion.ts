import type { PostOp } from "../engines/engine.ts";
import type { Blobs, Layer } from "../layers/base/layer.ts";

/** A layer that takes over the forward of an in-place layer right behind it. */
export interface Fusion {
  readonly producer: number;
  readonly follower: number;
  readonly post: PostOp;
}

/**
 * Finds in-place elementwise layers (ReLU and its kin) that the layer before may apply on the way out.
 *
 * Only in-place followers are taken: the blob then holds the same numbers as without fusion, since the
 * value in between is not kept by Caffe either. Backward is not changed.
 */
export function findFusions(
  layers: readonly Layer[],
  bottoms: readonly Blobs[],
  tops: readonly Blobs[],
): Fusion[] {
  const fusions: Fusion[] = [];
  layers.forEach((layer, producer) => {
    const [top] = tops[producer] ?? [];
    if (!top || tops[producer]?.length !== 1) return;
    const follower = layers.findIndex(
      (_, i) => i > producer && (bottoms[i]?.includes(top) || tops[i]?.includes(top)),
    );
    const next = layers[follower];
    if (!next || tops[follower]?.[0] !== top || bottoms[follower]?.[0] !== top) return;
    const post = next.postOp;
    if (post && next.engineName === layer.engineName && layer.accepts(post)) {
      fusions.push({ producer, follower, post });
    }
  });
  return fusions;
}
