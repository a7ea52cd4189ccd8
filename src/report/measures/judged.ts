/** How the scores of a classifier are to be read. */
export type Scale =
  /** Probabilities that add up to 1, or each class's own (Sigmoid): they are taken as they are. */
  | "probabilities"
  /** What Softmax makes probabilities of: the bottom of a SoftmaxWithLoss. */
  | "softmax"
  /** What Sigmoid makes probabilities of, each class by itself. */
  | "sigmoid";

/** What a classifier said of records: the i-th element of each array is that of record i. */
export interface JudgedRecords {
  readonly classes: number;
  /** The class that each is of. */
  readonly labels: Int32Array;
  /** The class that each is taken for. */
  readonly guesses: Int32Array;
  /** How many other classes score as high as its own or higher: 0 where the guess is right. */
  readonly better: Int32Array;
  /** The probability of the guess. */
  readonly confidences: Float32Array;
  /** Cross-entropy, −ln p(label). */
  readonly losses: Float32Array;
  /** Of all classes, records × classes; undefined where they are too many to keep. */
  readonly probabilities: Float32Array | undefined;
}

/** The least number that a float32 holds in full: Caffe's losses take the logarithm of nothing smaller. */
const LEAST = 2 ** -126;

/** Writes the probabilities that a row of scores stands for. */
export function toProbabilities(row: ArrayLike<number>, scale: Scale, to: Float64Array): void {
  if (scale === "probabilities") to.set(row);
  else if (scale === "sigmoid") {
    for (let c = 0; c < row.length; c++) to[c] = 1 / (1 + Math.exp(-(row[c] ?? 0)));
  } else {
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < row.length; c++) most = Math.max(most, row[c] ?? 0);
    let sum = 0;
    for (let c = 0; c < row.length; c++) {
      const power = Math.exp((row[c] ?? 0) - most);
      to[c] = power;
      sum += power;
    }
    for (let c = 0; c < row.length; c++) to[c] = (to[c] ?? 0) / sum;
  }
}

/**
 * The class that a row of scores tells, and how many others score as high as the label's or higher. A tie counts against the
 * label, as in Caffe's Accuracy: the guess is the last class of those that are equal then, the label's left out.
 */
export function judge(
  row: ArrayLike<number>,
  label: number,
): { readonly guess: number; readonly better: number } {
  const own = row[label] ?? 0;
  let [guess, better, most] = [label, 0, own];
  for (let c = 0; c < row.length; c++) {
    const score = row[c] ?? 0;
    if (c === label || score < own) continue;
    better++;
    if (score < most) continue;
    [guess, most] = [c, score];
  }
  return { guess, better };
}

/** The cross-entropy of a record, its probability being no smaller than what Caffe's losses take. */
export function crossEntropy(probability: number): number {
  return -Math.log(Math.max(probability, LEAST));
}
