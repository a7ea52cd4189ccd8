/**
 * The exponential moving average of values, without its lean towards 0 at the beginning:
 * s_i = w s_(i-1) + (1 - w) v_i, divided by 1 - w^(i+1). What is not finite is left as it is and does not count.
 * @param weight how much of the past stays: 0 gives the values themselves, near 1 a line that hardly moves
 */
export function smoothed(
  values: readonly (number | null)[],
  weight: number,
): readonly (number | null)[] {
  if (weight <= 0) return values;
  let sum = 0;
  let share = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    sum = weight * sum + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return sum / share;
  });
}
