import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { xmlText } from "../util/xml.ts";

/** One line of a chart. */
export interface Series {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A chart of lines over one axis. */
export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** A logarithmic y axis; taken only where every value is above 0. */
  readonly isLog?: boolean;
}

const WIDTH = 760;
const HEIGHT = 440;
const MARGIN = { top: 40, right: 24, bottom: 50, left: 72 };
const COLOURS = [
  "#1f77b4",
  "#d62728",
  "#2ca02c",
  "#ff7f0e",
  "#9467bd",
  "#8c564b",
  "#e377c2",
  "#17becf",
];

/** The chart as SVG. Values that are no finite numbers leave a gap in their line. */
export function chartSvg({ title, xLabel, yLabel, series, isLog }: Chart): string {
  const all = series.flatMap(({ points }) => points.filter(isFinitePoint));
  const [x, y] = [0, 1].map((k) => extentOf(all.map((point) => point[k] as number)));
  const xScale = scaleLinear()
    .domain(x as [number, number])
    .range([MARGIN.left, WIDTH - MARGIN.right]);
  const makeY =
    isLog && all.every(([, value]) => value > 0) && all.length > 0 ? scaleLog : scaleLinear;
  const yScale = makeY()
    .domain(y as [number, number])
    .range([HEIGHT - MARGIN.bottom, MARGIN.top])
    .nice();
  const [bottom, right] = [HEIGHT - MARGIN.bottom, WIDTH - MARGIN.right];
  const xFormat = xScale.tickFormat(8);
  const yFormat = yScale.tickFormat(6);
  const path = line<readonly [number, number]>(
    ([value]) => xScale(value),
    ([, value]) => yScale(value),
  ).defined(isFinitePoint);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="Helvetica, Arial, sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${WIDTH / 2}" y="24" text-anchor="middle" font-size="15">${xmlText(title)}</text>`,
    ...xScale.ticks(8).flatMap((tick) => {
      const at = xScale(tick).toFixed(1);
      return [
        `<path d="M${at},${MARGIN.top}V${bottom}" stroke="#e5e5e5"/>`,
        `<text x="${at}" y="${bottom + 18}" text-anchor="middle">${xmlText(xFormat(tick))}</text>`,
      ];
    }),
    ...yScale.ticks(6).flatMap((tick) => {
      const at = yScale(tick).toFixed(1);
      return [
        `<path d="M${MARGIN.left},${at}H${right}" stroke="#e5e5e5"/>`,
        `<text x="${MARGIN.left - 8}" y="${at}" dy="4" text-anchor="end">${xmlText(yFormat(tick))}</text>`,
      ];
    }),
    `<path d="M${MARGIN.left},${MARGIN.top}V${bottom}H${right}" fill="none" stroke="#444"/>`,
    `<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${xmlText(xLabel)}</text>`,
    `<text transform="translate(18,${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${xmlText(yLabel)}</text>`,
    ...series.map(({ points }, i) => {
      const colour = COLOURS[i % COLOURS.length];
      return `<path d="${path(points) ?? ""}" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linejoin="round"/>`;
    }),
    ...series.flatMap(({ label }, i) => {
      const at = MARGIN.top + 14 + 18 * i;
      return [
        `<path d="M${right - 170},${at - 4}h22" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="2"/>`,
        `<text x="${right - 142}" y="${at}">${xmlText(label)}</text>`,
      ];
    }),
    "</svg>",
    "",
  ].join("\n");
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
