import type { FloatArray } from "./arrays.ts";
import type { Shape } from "./shape.ts";

/** A shape and elements in row-major order: what images, files and blobs hold. */
export interface NdArray<Data extends ArrayLike<number> = ArrayLike<number>> {
  readonly shape: Shape;
  readonly data: Data;
}

/** A blob as files hold it: its array, and a diff of the same shape where it has one. */
export interface BlobValue extends NdArray<FloatArray> {
  /** The shape came from num, channels, height and width, as old files have it; C3D's have a length between. */
  readonly legacyShape?: boolean;
  readonly diff?: FloatArray;
}
