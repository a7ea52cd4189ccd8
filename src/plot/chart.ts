import { type ScaleLinear, type ScaleLogarithmic, scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { xmlText } from "../util/xml.ts";
import { paperTheme, type Theme } from "./theme.ts";

/** One line of a chart. */
export interface Series {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A line of dashes, without a colour of its own: what others are held against. */
  readonly isDashed?: boolean;
}

/** A bar of a chart: from one place of the axis to another, from nothing up to its value. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

/** A chart of lines over one axis, and of bars behind them. */
export interface Chart {
  /** No room is left for an empty one. */
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** A logarithmic y axis; taken only where every value is above 0. */
  readonly isLog?: boolean;
  /** A logarithmic x axis of powers of 2; taken only where every place is above 0. */
  readonly isXLog?: boolean;
  readonly bars?: readonly Bar[];
  /** From least to most of each axis; that of what is shown by default. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
}

/** How a chart is drawn. */
export interface ChartStyle {
  /** In pixels, 760 by 440 by default: letters keep their size, so narrow charts are for narrow columns. */
  readonly width?: number;
  readonly height?: number;
  /** Black on white by default. */
  readonly theme?: Theme;
  /** Names of lines within the chart: yes by default. */
  readonly hasLegend?: boolean;
}

/** The chart as SVG. Values that are no finite numbers leave a gap in their line. */
export function chartSvg(chart: Chart, style: ChartStyle = {}): string {
  const { title, xLabel, yLabel, series, bars = [] } = chart;
  const { width = 760, height = 440, theme = paperTheme, hasLegend = true } = style;
  const margin = { top: title ? 40 : 14, right: title ? 24 : 14, bottom: 50, left: 72 };
  const [bottom, right] = [height - margin.bottom, width - margin.right];
  const { xScale, yScale } = scalesOf(chart, [margin.left, right], [bottom, margin.top]);
  const [columns, rows] = [(right - margin.left) / 83, (bottom - margin.top) / 58];
  const xFormat = xScale.tickFormat(columns);
  const yFormat = yScale.tickFormat(rows);
  const path = line<readonly [number, number]>(
    ([value]) => xScale(value),
    ([, value]) => yScale(value),
  ).defined(isFinitePoint);
  const { ink, lines } = theme;
  const colours = coloursOf(series, theme);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="${theme.ground}"/>`,
    ...(title
      ? [
          `<text x="${width / 2}" y="24" text-anchor="middle" font-size="15" fill="${ink}">${xmlText(title)}</text>`,
        ]
      : []),
    ...xScale.ticks(columns).flatMap((tick) => {
      const at = xScale(tick).toFixed(1);
      return [
        `<path d="M${at},${margin.top}V${bottom}" stroke="${theme.grid}"/>`,
        `<text x="${at}" y="${bottom + 18}" text-anchor="middle" fill="${ink}">${xmlText(xFormat(tick))}</text>`,
      ];
    }),
    ...yScale.ticks(rows).flatMap((tick) => {
      const at = yScale(tick).toFixed(1);
      return [
        `<path d="M${margin.left},${at}H${right}" stroke="${theme.grid}"/>`,
        `<text x="${margin.left - 8}" y="${at}" dy="4" text-anchor="end" fill="${ink}">${xmlText(yFormat(tick))}</text>`,
      ];
    }),
    ...bars.map(({ from, to, value }) => {
      const [left, end, top] = [xScale(from), xScale(to), yScale(value)];
      return `<rect x="${(left + 1).toFixed(1)}" y="${top.toFixed(1)}" width="${Math.max(0, end - left - 2).toFixed(1)}" height="${Math.max(0, bottom - top).toFixed(1)}" fill="${lines[0]}" fill-opacity="0.75"/>`;
    }),
    `<path d="M${margin.left},${margin.top}V${bottom}H${right}" fill="none" stroke="${theme.axis}"/>`,
    `<text x="${(margin.left + right) / 2}" y="${height - 12}" text-anchor="middle" fill="${ink}">${xmlText(xLabel)}</text>`,
    `<text transform="translate(18,${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${ink}">${xmlText(yLabel)}</text>`,
    ...series.map(({ points, isDashed }, i) => {
      const dashes = isDashed ? ' stroke-dasharray="5 4"' : "";
      return `<path d="${path(points) ?? ""}" fill="none" stroke="${colours[i]}" stroke-width="1.5" stroke-linejoin="round"${dashes}/>`;
    }),
    ...(hasLegend
      ? series.flatMap(({ label }, i) => {
          const at = margin.top + 14 + 18 * i;
          return [
            `<path d="M${right - 170},${at - 4}h22" stroke="${colours[i]}" stroke-width="2"/>`,
            `<text x="${right - 142}" y="${at}" fill="${ink}">${xmlText(label)}</text>`,
          ];
        })
      : []),
    "</svg>",
    "",
  ].join("\n");
}

/** The colour of each line: those of dashes have that of the axes. */
function coloursOf(series: readonly Series[], { axis, lines }: Theme): string[] {
  let solid = 0;
  return series.map(({ isDashed }) => (isDashed ? axis : (lines[solid++ % lines.length] ?? axis)));
}

type Scale = ScaleLinear<number, number> | ScaleLogarithmic<number, number>;

/** Where values lie between two places of each axis. */
function scalesOf(
  { series, bars = [], isLog, isXLog, xRange, yRange }: Chart,
  across: readonly [number, number],
  upwards: readonly [number, number],
): { readonly xScale: Scale; readonly yScale: Scale } {
  const points = series.flatMap((one) => one.points.filter(isFinitePoint));
  const xs = [...points.map(([x]) => x), ...bars.flatMap(({ from, to }) => [from, to])];
  const ys = [...points.map(([, y]) => y), ...bars.flatMap(({ value }) => [0, value])];
  const isAbove = (values: readonly number[]): boolean =>
    values.length > 0 && values.every((value) => value > 0);
  const xScale = (isXLog && isAbove(xs) ? scaleLog().base(2) : scaleLinear())
    .domain(xRange ?? extentOf(xs))
    .range(across);
  const yScale = (isLog && isAbove(ys) ? scaleLog : scaleLinear)()
    .domain(yRange ?? extentOf(ys))
    .range(upwards);
  return { xScale, yScale: yRange ? yScale : yScale.nice() };
}

function isFinitePoint([x, y]: readonly [number, number]): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

/** From least to most; a little wider where they are one. */
function extentOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const slack = least === most ? Math.abs(least) * 0.05 || 1 : 0;
  return [least - slack, most + slack];
}
