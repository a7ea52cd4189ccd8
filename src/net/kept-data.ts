import { Blob } from "../blob/blob.ts";
import type { Blobs } from "../layers/base/layer.ts";
import type { BuiltLayer } from "./build.ts";

/** What keeping needs to know of one layer of the built net. */
export type KeepingLayer = Pick<BuiltLayer, "layer" | "bottomBlobs" | "topBlobs" | "needsBackward">;

/**
 * A layer's blobs, some of them with a copy of their data: that of the blob itself is overwritten by a layer in place
 * before this layer's backward, which has to find it as forward left it. Gradients are the blobs' own.
 */
export class KeptData {
  /** For forward and backward. */
  readonly bottoms: Blobs;
  /** For backward alone. */
  readonly tops: Blobs;
  readonly #layer: KeepingLayer;

  constructor(layer: KeepingLayer, bottoms: readonly boolean[], tops: readonly boolean[]) {
    const copy = (isKept: boolean | undefined, blob: Blob): Blob =>
      isKept ? new Blob([0], blob.dtype) : blob;
    this.#layer = layer;
    this.bottoms = layer.bottomBlobs.map((blob, i) => copy(bottoms[i], blob));
    this.tops = layer.topBlobs.map((blob, i) => copy(tops[i], blob));
  }

  /** Copies what forward is about to read. */
  takeBottoms(): void {
    this.#take(this.#layer.bottomBlobs, this.bottoms);
  }

  /** Copies what forward has written. */
  takeTops(): void {
    this.#take(this.#layer.topBlobs, this.tops);
  }

  #take(from: Blobs, to: Blobs): void {
    const engine = this.#layer.layer.computedBy;
    to.forEach((copy, i) => {
      const blob = from[i];
      if (!blob || blob === copy) return;
      copy.reshapeLike(blob);
      copy.shareDiff(blob);
      engine.copy(blob.count(), blob.dataMem, copy.dataMem);
    });
  }

  /** Gives the memory of the copies back. */
  close(): void {
    const { bottomBlobs, topBlobs } = this.#layer;
    for (const blob of [...this.bottoms, ...this.tops]) {
      if (!bottomBlobs.includes(blob) && !topBlobs.includes(blob)) blob.free();
    }
  }
}

/** Per layer: the data that has to be kept for its backward; nothing in a net where nobody overwrites it. */
export function keptDataOf(layers: readonly KeepingLayer[]): (KeptData | undefined)[] {
  return layers.map((built, i) => {
    const { layer, bottomBlobs, topBlobs, needsBackward } = built;
    if (!needsBackward) return undefined;
    // What a layer itself does in place is its own affair.
    const bottoms = bottomBlobs.map(
      (blob, b) =>
        layer.rereadsBottom(b) && !topBlobs.includes(blob) && isOverwritten(layers, i, blob),
    );
    const tops = topBlobs.map((blob, t) => layer.rereadsTop(t) && isOverwritten(layers, i, blob));
    const isNeeded = bottoms.includes(true) || tops.includes(true);
    return isNeeded ? new KeptData(built, bottoms, tops) : undefined;
  });
}

/**
 * Whether a layer behind layer i works in place on the memory of that blob, under whatever name: splits and views share
 * it, and write nothing.
 */
function isOverwritten(layers: readonly KeepingLayer[], i: number, { dataMem }: Blob): boolean {
  return layers
    .slice(i + 1)
    .some(({ bottomBlobs, topBlobs }) =>
      topBlobs.some((top) => top.dataMem === dataMem && bottomBlobs.includes(top)),
    );
}
