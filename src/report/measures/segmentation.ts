import {
  type ClassShares,
  type Confounded,
  type Confusion,
  classShares,
  mostConfounded,
} from "./confusion.ts";
import { meanOf } from "./mean.ts";

/** So many pairs of classes are told of. */
const MOST_PAIRS = 20;

/** How well the pixels of one class are told; `records` and `guessed` are pixels. */
export interface PixelShares extends ClassShares {
  /** Pixels of the class told so, of those that are of it or told so; NaN where there are none. */
  readonly iou: number;
}

/** What is measured of a net that says of each pixel which class it is of. */
export interface Segmentation {
  /** The share of pixels that are told right. */
  readonly accuracy: number;
  /** Mean intersection over union, over the classes that are there or told. */
  readonly meanIou: number;
  /** Mean recall of the classes that are there (mean accuracy). */
  readonly meanRecall: number;
  /** Intersections over union, weighted by the pixels of their classes. */
  readonly weightedIou: number;
  readonly pixels: number;
  readonly classes: readonly PixelShares[];
  readonly confusion: Confusion;
  readonly confounded: readonly Confounded[];
}

/**
 * Measures a confusion of pixels.
 *
 * @see Long, Shelhamer & Darrell, CVPR 2015, section 5
 */
export function measureSegmentation(confusion: Confusion): Segmentation {
  const classes = classShares(confusion).map((shares): PixelShares => {
    const { label, records, guessed } = shares;
    const both = confusion.counts[label * (confusion.classes + 1)] ?? 0;
    return { ...shares, iou: both / (records + guessed - both) };
  });
  const sum = (of: (one: PixelShares) => number): number =>
    classes.reduce((before, one) => before + (one.records > 0 ? of(one) : 0), 0);
  const pixels = sum(({ records }) => records);
  return {
    accuracy: sum(({ records, recall }) => records * recall) / pixels,
    meanIou: meanOf(classes.map(({ iou }) => iou)),
    meanRecall: meanOf(classes.map(({ recall }) => recall)),
    weightedIou: sum(({ records, iou }) => records * iou) / pixels,
    ...{ pixels, classes, confusion, confounded: mostConfounded(confusion, MOST_PAIRS) },
  };
}
