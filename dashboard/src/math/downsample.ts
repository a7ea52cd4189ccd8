/** A line: where its points lie, the same number of both. */
export interface Line {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/**
 * A line of at most about `most` points that looks the same: of each stretch its lowest and highest point stay, in their order, and the
 * first and last of all. So no peak is lost, and neither is a gap.
 */
export function downsampled({ x, y }: Line, most: number): Line {
  if (x.length <= most || most < 4) return { x, y };
  const kept: number[] = [0];
  const stretches = Math.floor((most - 2) / 2);
  const length = (x.length - 2) / stretches;
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor(stretch * length);
    const to = 1 + Math.floor((stretch + 1) * length);
    kept.push(...extremes(y, from, to));
  }
  kept.push(x.length - 1);
  return { x: kept.map((i) => x[i] ?? 0), y: kept.map((i) => y[i] ?? null) };
}

/** Where the lowest and the highest value of a stretch lie, in order; its first point where it has no value. */
function extremes(y: Line["y"], from: number, to: number): readonly number[] {
  let low = -1;
  let high = -1;
  for (let i = from; i < to; i++) {
    const value = y[i];
    if (value === null || value === undefined) continue;
    if (low < 0 || value < (y[low] ?? 0)) low = i;
    if (high < 0 || value > (y[high] ?? 0)) high = i;
  }
  if (low < 0) return [from];
  if (low === high) return [low];
  return low < high ? [low, high] : [high, low];
}
