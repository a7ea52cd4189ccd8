import type { Blob } from "../../blob/blob.ts";
import { shapeText } from "../../util/shape.ts";
import { type Blobs, Layer } from "./layer.ts";

/** Classes that labels name. */
export interface CountedClasses {
  readonly classes: number;
  /** The label that counts for nothing. */
  readonly ignored: number | undefined;
}

/** A layer that reads class numbers. */
export abstract class LabelledLayer<Bottom extends Blobs, Top extends Blobs> extends Layer<
  Bottom,
  Top
> {
  #counted: CountedClasses | undefined;

  /**
   * The classes of the first bottom's scores, of which the greatest tells a position's, as the last pass has counted the second
   * bottom's labels; undefined where the first bottom is something else.
   */
  get scoredClasses(): CountedClasses | undefined {
    return this.#counted;
  }

  /** Looks that there are as many labels as `positions`, which are those of the scores x. */
  protected checkLabelCount(label: Blob, x: Blob, positions: number): void {
    if (label.count() === positions) return;
    this.fail(
      `${label.count()} labels, shape ${shapeText(label.shape)}, for scores of shape ${shapeText(x.shape)}. Number of labels must match number of predictions: expected ${positions}.`,
    );
  }

  /**
   * Looks that every label names a class or is the one to ignore, and counts those that are not ignored.
   * @throws LayerError where a label is neither: it would read another sample's score
   */
  protected countLabels(label: Blob, classes: number, ignored?: number): number {
    this.#counted = { classes, ignored };
    const values = label.dataMem.cpu();
    let counted = 0;
    for (let i = 0; i < label.count(); i++) {
      const value = Math.trunc(values[i]!);
      if (value === ignored) continue;
      if (!(value >= 0 && value < classes)) {
        const sample = Math.floor(i / label.count(1));
        this.failAt(
          sample,
          `label ${values[i]} at position ${i}. Expected 0 to ${classes - 1}, a class.`,
        );
      }
      counted++;
    }
    return counted;
  }
}
