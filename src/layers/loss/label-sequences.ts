import type { Blob } from "../../blob/blob.ts";

/**
 * The labels of each sample, behind one another: those of sample n are `labels.subarray(n · longest, n · longest + counts[n])`.
 * Its memory grows and is used again.
 */
export class LabelSequences {
  /** Whole numbers, or what is no number, as they are told. */
  labels: Float64Array = new Float64Array(0);
  counts: Int32Array = new Int32Array(0);
  longest = 0;
  #before = 0;

  reserve(samples: number, longest: number): void {
    this.longest = longest;
    if (this.counts.length !== samples) this.counts = new Int32Array(samples);
    if (this.labels.length < samples * longest) this.labels = new Float64Array(samples * longest);
    this.counts.fill(0);
  }

  push(sample: number, label: number): void {
    this.labels[sample * this.longest + this.counts[sample]!++] = label;
  }

  of(sample: number): Float64Array {
    const first = sample * this.longest;
    return this.labels.subarray(first, first + this.counts[sample]!);
  }

  /** Makes one of equal labels that follow one another. */
  collapse(): void {
    for (let n = 0; n < this.counts.length; n++) {
      const own = this.of(n);
      this.counts[n] = 0;
      own.forEach((label, i) => {
        if (i === 0 || label !== this.#before) this.push(n, label);
        this.#before = label;
      });
    }
  }

  /** From N×L, where blanks and numbers below 0 are filling. */
  readRows(blob: Blob, blank: number): void {
    const [samples, longest] = [blob.shape[0] ?? 1, blob.count(1)];
    const values = blob.dataMem.cpu();
    this.reserve(samples, longest);
    for (let n = 0; n < samples; n++) {
      for (let i = n * longest; i < (n + 1) * longest; i++) {
        const label = Math.trunc(values[i]!);
        if (label !== blank && !(label < 0)) this.push(n, label);
      }
    }
  }

  /** From L×N, where a number below 0 ends a sample's, or `ends` tells how many there are. */
  readColumns(blob: Blob, ends?: ArrayLike<number>): void {
    const [longest, samples] = [blob.shape[0] ?? 1, blob.shape[1] ?? 1];
    const values = blob.dataMem.cpu();
    this.reserve(samples, longest);
    for (let n = 0; n < samples; n++) {
      const most = ends?.[n] ?? longest;
      for (let i = 0; i < most; i++) {
        const value = values[i * samples + n]!;
        if (!ends && value < 0) break;
        this.push(n, Math.floor(value + 0.5));
      }
    }
  }
}

/** How many labels must be put in, left out or exchanged to make one sequence the other. */
export function editDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  let next = new Int32Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    next[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const exchanged = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, exchanged);
    }
    [row, next] = [next, row];
  }
  return row[b.length]!;
}
