import type { Num } from "../../../src/dashboard/api.ts";

/** How values are spread, as far as it is drawn. */
export interface Bins {
  readonly min: Num;
  readonly max: Num;
  readonly bins: readonly number[];
}

/** What a range of values stands on: the least and the greatest of all that is drawn together. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The range that holds all of several; undefined where none has a value. */
export function commonRange(all: readonly Bins[]): Range | undefined {
  const lows = all.map(({ min }) => Number(min)).filter(Number.isFinite);
  const highs = all.map(({ max }) => Number(max)).filter(Number.isFinite);
  if (lows.length === 0 || highs.length === 0) return undefined;
  const range = { min: Math.min(...lows), max: Math.max(...highs) };
  if (range.max > range.min) return range;
  const room = Math.abs(range.min) * 0.1 || 1;
  return { min: range.min - room, max: range.max + room };
}

/**
 * How densely values lie, at `count` places of equal distance over a range: a bin's share of all values by its width, so that
 * spreads of other widths can be compared.
 */
export function densities(
  { min, max, bins }: Bins,
  range: Range,
  count: number,
): readonly number[] {
  const [low, high] = [Number(min), Number(max)];
  const all = bins.reduce((sum, one) => sum + one, 0);
  const step = (range.max - range.min) / count;
  const made = new Array<number>(count).fill(0);
  if (all === 0 || !Number.isFinite(low) || !Number.isFinite(high)) return made;
  if (!(high > low)) {
    const place = Math.min(count - 1, Math.floor((low - range.min) / step));
    made[place] = 1;
    return made;
  }
  const width = (high - low) / bins.length;
  bins.forEach((number, i) => {
    const from = (low + i * width - range.min) / step;
    const to = (low + (i + 1) * width - range.min) / step;
    for (let k = Math.max(0, Math.floor(from)); k < Math.min(count, Math.ceil(to)); k++) {
      const shared = Math.min(to, k + 1) - Math.max(from, k);
      made[k] = (made[k] ?? 0) + ((number / all) * shared) / (to - from);
    }
  });
  return made;
}

/** A ridge: values as heights over the width, closed at the bottom, as a path in SVG's words. */
export function ridgePath(heights: readonly number[], width: number, scale: number): string {
  const step = width / heights.length;
  const points = heights.map(
    (height, i) => `${((i + 0.5) * step).toFixed(1)},${(-height * scale).toFixed(1)}`,
  );
  return `M0,0L${points.join("L")}L${width},0Z`;
}
