import uPlot from "uplot";
import { downsampled, type Line } from "../math/downsample.ts";

/** A line of a chart. */
export interface ChartLine extends Line {
  readonly name: string;
  /** The name of a colour: `c0` to `c9`. */
  readonly colour: string;
  /** Faint lines stand behind others, and have no place in the legend. */
  readonly isFaint?: boolean;
  readonly isDashed?: boolean;
  /** Few values, each of which is to be seen. */
  readonly hasPoints?: boolean;
}

/** More than this many points of one line no screen tells apart. */
const MOST = 1600;

/** Where lines of different places on x have to stand side by side: what uPlot draws. */
export function alignedLines(lines: readonly ChartLine[], isLog: boolean): uPlot.AlignedData {
  const tables = lines.map((line): uPlot.AlignedData => {
    const { x, y } = downsampled(line, MOST);
    // Nothing at or below 0 has a place on a logarithmic scale.
    const shown = isLog ? y.map((value) => (value !== null && value > 0 ? value : null)) : y;
    return [[...x], [...shown]];
  });
  return tables.length === 0 ? [[]] : uPlot.join(tables);
}

/** A line's value at the last point up to `at`; null where it has none. */
export function valueAt({ x, y }: Line, at: number): number | null {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low > 0 ? (y[low - 1] ?? null) : null;
}
