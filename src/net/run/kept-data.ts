import { Blob } from "../../blob/blob.ts";
import type { Blobs } from "../../layers/base/layer.ts";
import { type JoinedLayer, overwritersOf } from "../build/blob-users.ts";

/**
 * A layer's blobs, some of them with a copy of their data: that of the blob itself is overwritten by a layer in place
 * before this layer's backward, which has to find it as forward left it. Gradients are the blobs' own.
 */
export class KeptData {
  /** For forward and backward. */
  readonly bottoms: Blobs;
  /** For backward alone. */
  readonly tops: Blobs;
  readonly #layer: JoinedLayer;

  constructor(layer: JoinedLayer, bottoms: readonly boolean[], tops: readonly boolean[]) {
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
    const engine = this.#layer.layer.engine;
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

/** Per layer: the data that has to be kept for its backward; undefined where no layer overwrites any of it. */
export function keptDataOf(layers: readonly JoinedLayer[]): (KeptData | undefined)[] {
  return layers.map((built, i) => {
    const { layer, bottomBlobs, topBlobs, needsBackward } = built;
    if (!needsBackward) return undefined;
    const isOverwritten = (blob: Blob): boolean => overwritersOf(layers, i, blob).length > 0;
    // A layer that works in place overwrites its own bottom: its backward is written for that.
    const bottoms = bottomBlobs.map(
      (blob, b) =>
        layer.backwardReadsBottom(b) === "kept" && !topBlobs.includes(blob) && isOverwritten(blob),
    );
    const tops = topBlobs.map(
      (blob, t) => layer.backwardReadsTop(t) === "kept" && isOverwritten(blob),
    );
    const isNeeded = bottoms.includes(true) || tops.includes(true);
    return isNeeded ? new KeptData(built, bottoms, tops) : undefined;
  });
}
