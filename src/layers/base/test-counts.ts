import type { FloatArray } from "../../util/arrays.ts";
import type { Box } from "../../util/box.ts";

/** An object that labels tell of. */
export interface TestObject {
  readonly label: number;
  readonly box: Box;
  readonly isDifficult: boolean;
}

/** Where something was detected, and the object that it is where that is right. */
interface TestDetection {
  readonly box: Box;
  readonly object: TestObject | undefined;
}

/** What a layer counts in a pass, for scores of a whole test that are no means of those of its passes. */
export type TestCounts =
  | {
      readonly kind: "detections";
      /** Rows of five: `[−1 label objects −1 −1]` for each class, `[image label score right wrong]` for each detection. */
      readonly rows: ArrayLike<number>;
      /** Of each detection, in their order. */
      readonly found: readonly TestDetection[];
      /** The objects of each image. */
      readonly objects: ReadonlyMap<number, readonly TestObject[]>;
      /** Width and height of an image in the unit of the boxes: 1 where these are shares. */
      readonly sizeOf: (image: number) => readonly [width: number, height: number];
    }
  | {
      readonly kind: "pixels";
      readonly classes: number;
      /** How many places of class k were taken for class l, at k · classes + l. */
      readonly counts: FloatArray;
      /** They have added up since the first pass. */
      readonly isSum: boolean;
    }
  | {
      readonly kind: "masks";
      /** Of each class: the sum of the overlaps of images that have it, and how many these are. */
      readonly overlaps: Float64Array;
      readonly images: Float64Array;
    };
