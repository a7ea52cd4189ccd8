/** Records whose confidence lies above `from` and up to `to`. */
interface ConfidenceBin {
  readonly from: number;
  readonly to: number;
  readonly records: number;
  /** The share that is right; NaN where there are none. */
  readonly accuracy: number;
  /** The mean confidence; NaN where there are none. */
  readonly confidence: number;
}

/** Whether a net is as sure as it is right. */
export interface Calibration {
  readonly bins: readonly ConfidenceBin[];
  /** Expected calibration error, Σ n_b / n · |accuracy − confidence|. */
  readonly expectedError: number;
  /** The greatest |accuracy − confidence| of a bin. */
  readonly greatestError: number;
}

/**
 * Holds confidences against what was right, in bins of one width. A confidence beyond 1 counts in the last bin.
 *
 * @see Guo et al., ICML 2017, which takes 15 bins
 */
export function calibrationOf(
  confidences: ArrayLike<number>,
  isRight: (record: number) => boolean,
  count = 15,
): Calibration {
  const sums = Array.from({ length: count }, () => ({ records: 0, right: 0, confidence: 0 }));
  for (let i = 0; i < confidences.length; i++) {
    const value = confidences[i] ?? 0;
    const bin = sums[Math.min(count, Math.max(1, Math.ceil(value * count))) - 1];
    if (!bin) continue;
    bin.records++;
    bin.confidence += value;
    if (isRight(i)) bin.right++;
  }
  const bins = sums.map(({ records, right, confidence }, b) => ({
    ...{ from: b / count, to: (b + 1) / count, records },
    ...{ accuracy: right / records, confidence: confidence / records },
  }));
  const known = bins.filter(({ records }) => records > 0);
  const gaps = known.map(({ accuracy, confidence }) => Math.abs(accuracy - confidence));
  const weighted = gaps.map((gap, b) => (gap * (known[b]?.records ?? 0)) / confidences.length);
  return {
    bins,
    expectedError: known.length > 0 ? weighted.reduce((sum, gap) => sum + gap, 0) : Number.NaN,
    greatestError: known.length > 0 ? Math.max(...gaps) : Number.NaN,
  };
}
