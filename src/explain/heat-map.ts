/** How much each place of a plane counts, row by row. */
export interface HeatMap {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** The map with 0 at its least value and 1 at its greatest; all 0 where these are one, or a value is no number. */
export function stretched({ values, ...size }: HeatMap): HeatMap {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const range = most - least;
  const isFlat = !(range > 0 && Number.isFinite(range));
  return { ...size, values: values.map((value) => (isFlat ? 0 : (value - least) / range)) };
}
