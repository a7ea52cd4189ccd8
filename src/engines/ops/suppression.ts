import type { FloatArray } from "../../util/arrays.ts";

/** How boxes are told, and which of them go. */
export interface Suppression {
  /**
   * What the four numbers of a box are:
   *
   * - "edges": xmin, ymin, xmax, ymax; a box whose edges are the wrong way round has no area, as in SSD
   * - "pixels": the same, the last pixel within, as R-CNN has them
   * - "centers": the middle's x and y, width, height, as YOLO has them
   */
  readonly boxes: "edges" | "pixels" | "centers";
  /** A box goes that overlaps a better one by more; of "centers" by as much or more. */
  readonly threshold: number;
  /** What the threshold of "edges", while it is above 0.5, is multiplied by with each box that stays; 1 where it is missing. */
  readonly eta?: number;
  /** After so many no more stay; all may where it is missing. */
  readonly most?: number;
}

/**
 * Non-maximum suppression of boxes in host memory, four numbers each, the best first: each stays that overlaps none before
 * it that stays. The overlap is what two boxes share over what both cover, in float32, step by step:
 *
 *     shared / ((area + area') − shared)
 *
 * @returns the numbers of the boxes that stay, rising
 */
export type Suppress = (boxes: FloatArray, d: Suppression) => Int32Array;

/** As `Suppression`, of a detector's predictions for some images: by class, the best of those whose scores are high enough. */
export interface ClassSuppression extends Suppression {
  readonly images: number;
  /** How many boxes an image has. */
  readonly priors: number;
  readonly classes: number;
  /** Whether a box is told for each class: N×P×C×4 in place of N×P×4. */
  readonly hasOwnBoxes: boolean;
  /** A class that is left out; −1: none is. */
  readonly background: number;
  /** What a score has to be above. */
  readonly least: number;
  /** How many of a class are looked at, the best of them; of equal ones the first. */
  readonly candidates: number;
}

/**
 * Non-maximum suppression class by class, of scores N×P×C and boxes in host memory.
 *
 * @returns [image, class, prior] of each box that stays, by image, class and falling score
 */
export type SuppressClasses = (
  scores: Float32Array,
  boxes: Float32Array,
  d: ClassSuppression,
) => Int32Array;
