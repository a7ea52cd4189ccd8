import { meanOf } from "./mean.ts";

/** How often each class was taken for each, over all records. */
export interface Confusion {
  readonly classes: number;
  /** Records of class k that were taken for class l, at k · classes + l. */
  readonly counts: Float64Array;
}

/** How well one class is told from the others. What cannot be said, for there is nothing to divide by, is NaN. */
export interface ClassShares {
  readonly label: number;
  /** Records of the class. */
  readonly records: number;
  /** Records that were taken for it. */
  readonly guessed: number;
  /** Of those taken for it, the share that are of it. */
  readonly precision: number;
  /** Of those of it, the share taken for it. */
  readonly recall: number;
  /** 2 · both / (records + guessed). */
  readonly f1: number;
}

/** Two classes that are confounded. */
export interface Confounded {
  readonly label: number;
  readonly guess: number;
  readonly records: number;
  /** Of the records of the class. */
  readonly share: number;
}

/** Counts which class each record is of, and which it is taken for. */
export function confusionOf(
  labels: ArrayLike<number>,
  guesses: ArrayLike<number>,
  classes: number,
): Confusion {
  const counts = new Float64Array(classes ** 2);
  for (let i = 0; i < labels.length; i++) {
    const at = (labels[i] ?? 0) * classes + (guesses[i] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return { classes, counts };
}

/** The row of a class: for how often its records were taken for each. */
export function rowOf({ classes, counts }: Confusion, label: number): Float64Array {
  return counts.subarray(label * classes, (label + 1) * classes);
}

/** Every class, by rising label. */
export function classShares(confusion: Confusion): ClassShares[] {
  const { classes, counts } = confusion;
  const guessed = new Float64Array(classes);
  for (let at = 0; at < counts.length; at++) {
    const guess = at % classes;
    guessed[guess] = (guessed[guess] ?? 0) + (counts[at] ?? 0);
  }
  return Array.from({ length: classes }, (_, label) => {
    const records = rowOf(confusion, label).reduce((sum, count) => sum + count, 0);
    const [both, all] = [counts[label * (classes + 1)] ?? 0, guessed[label] ?? 0];
    return {
      ...{ label, records, guessed: all },
      ...{ precision: both / all, recall: both / records, f1: (2 * both) / (records + all) },
    };
  });
}

/**
 * Means over the classes that are in the data, each counting alike (macro averages). A class that nothing was taken for
 * counts with precision 0.
 */
export function meanShares(shares: readonly ClassShares[]): {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
} {
  const present = shares.filter(({ records }) => records > 0);
  return {
    precision: meanOf(present.map(({ guessed, precision }) => (guessed > 0 ? precision : 0))),
    recall: meanOf(present.map(({ recall }) => recall)),
    f1: meanOf(present.map(({ f1 }) => f1)),
  };
}

/** The pairs of classes of which the first was taken for the second most often, at most so many; by records, then by label. */
export function mostConfounded({ classes, counts }: Confusion, most: number): Confounded[] {
  const found: Confounded[] = [];
  for (let label = 0; label < classes; label++) {
    const row = rowOf({ classes, counts }, label);
    const all = row.reduce((sum, count) => sum + count, 0);
    row.forEach((records, guess) => {
      if (records > 0 && guess !== label) {
        found.push({ label, guess, records, share: records / all });
      }
    });
  }
  return found.sort((a, b) => b.records - a.records).slice(0, most);
}
