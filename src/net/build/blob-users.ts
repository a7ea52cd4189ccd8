import type { Blob } from "../../blob/blob.ts";
import type { Blobs, Layer } from "../../layers/base/layer.ts";

/** A layer, and the blobs that join it to others. */
export interface JoinedLayer {
  readonly layer: Layer;
  readonly bottomBlobs: Blobs;
  readonly topBlobs: Blobs;
  readonly needsBackward: boolean;
}

/** The layers that read or write memory of that blob. */
export function usersOf(layers: readonly JoinedLayer[], { dataMem, diffMem }: Blob): number[] {
  return layers.flatMap(({ bottomBlobs, topBlobs }, i) => {
    const isUser = [...bottomBlobs, ...topBlobs].some(
      (blob) => blob.dataMem === dataMem || blob.diffMem === diffMem,
    );
    return isUser ? [i] : [];
  });
}

/**
 * The layers behind layer i that work in place on the memory of that blob, under whatever name: splits and views share
 * it, and write nothing.
 */
export function overwritersOf<T extends JoinedLayer>(
  layers: readonly T[],
  i: number,
  { dataMem }: Blob,
): T[] {
  return layers
    .slice(i + 1)
    .filter(({ bottomBlobs, topBlobs }) =>
      topBlobs.some((top) => top.dataMem === dataMem && bottomBlobs.includes(top)),
    );
}
