/** How well the places of one class are told. */
interface ClassOverlap {
  readonly label: number;
  /** Places of the class. */
  readonly places: number;
  /** The share of them that is told so; NaN where there are none. */
  readonly recall: number;
  /** Places that are of the class and told so, of those that are either; NaN where there are none. */
  readonly iou: number;
}

/** A confusion of classes over many passes, from what is counted of each. */
export class PixelScores {
  #counts: Float64Array = new Float64Array(0);

  /**
   * @param counts how many places of class k were taken for class l, at k · classes + l
   * @param isSum they hold those of the passes before
   */
  add(counts: ArrayLike<number>, isSum: boolean): void {
    if (isSum || this.#counts.length !== counts.length) this.#counts = Float64Array.from(counts);
    else this.#counts = this.#counts.map((count, i) => count + (counts[i] ?? 0));
  }

  /** Every class, by rising label. */
  classes(): ClassOverlap[] {
    const classes = this.#classes;
    return Array.from({ length: classes }, (_, label) => {
      let [places, told] = [0, 0];
      for (let other = 0; other < classes; other++) {
        places += this.#at(label, other);
        told += this.#at(other, label);
      }
      const both = this.#at(label, label);
      return { label, places, recall: both / places, iou: both / (places + told - both) };
    });
  }

  /** The share of places that are told right; NaN where there are none. */
  accuracy(): number {
    let right = 0;
    for (let label = 0; label < this.#classes; label++) right += this.#at(label, label);
    return right / this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many places of each class were taken for each: a row for each class, by rising label. */
  rows(): number[][] {
    const labels = Array.from({ length: this.#classes }, (_, label) => label);
    return labels.map((label) => labels.map((told) => this.#at(label, told)));
  }

  get #classes(): number {
    return Math.sqrt(this.#counts.length);
  }

  #at(label: number, told: number): number {
    return this.#counts[label * this.#classes + told] ?? 0;
  }
}
