import type uPlot from "uplot";
import { shortNumber } from "../math/format.ts";
import type { ChartLine } from "./line-set.ts";

/** What a chart tells who shows it. */
export interface ChartHooks {
  /** A stretch was dragged over. */
  readonly onZoom: (from: number, to: number) => void;
  readonly onReset: () => void;
  /** The pointer is above a place on x, or above none. */
  readonly onPoint: (x: number | undefined) => void;
}

/** What a chart looks like but for its lines. */
export interface ChartLook {
  readonly width: number;
  readonly height: number;
  readonly isLog: boolean;
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
}

/** How a line is drawn. */
export type LineStyle = Omit<ChartLine, "x" | "y">;

/** uPlot's options for lines, in the colours of the page as it is now. */
export function chartOptions(
  lines: readonly LineStyle[],
  look: ChartLook,
  hooks: ChartHooks,
): uPlot.Options {
  const colour = pageColours();
  const axis: uPlot.Axis = {
    ...{ stroke: colour("soft"), font: "11px system-ui, sans-serif", gap: 6 },
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: look.width,
    height: look.height,
    padding: [10, 22, roomBelow, 0],
    legend: { show: false },
    scales: { x: { time: false }, y: look.isLog ? { distr: 3 } : { range: roomyRange } },
    axes: [
      { ...axis, size: 28, space: 70, values: (_, at) => at.map(look.formatX) },
      {
        ...axis,
        size: (_, values) => 14 + 6.4 * Math.max(3, ...(values ?? []).map((text) => text.length)),
        // On a logarithmic scale some places have no number.
        values: (_, at) =>
          at.map((y: number | null | undefined) => (y == null ? "" : look.formatY(y))),
      },
    ],
    series: [{}, ...lines.map((line) => series(line, colour))],
    cursor: {
      sync: { key: "run", scales: ["x", null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      bind: {
        dblclick: () => () => {
          hooks.onReset();
          return null;
        },
      },
    },
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          hooks.onZoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [
        ({ cursor, posToVal }) => {
          const { left = -1 } = cursor;
          hooks.onPoint(left < 0 ? undefined : posToVal(left, "x"));
        },
      ],
    },
  };
}

function series(
  { name, colour, isFaint, isDashed, hasPoints }: LineStyle,
  colourOf: (name: string) => string,
): uPlot.Series {
  const stroke = colourOf(colour);
  return {
    label: name,
    stroke,
    width: isFaint ? 1 : 1.75,
    alpha: isFaint ? 0.28 : 1,
    points: { show: hasPoints ?? false, size: 5, fill: stroke },
    ...(isDashed && { dash: [5, 4] }),
  };
}

/** From the least value to the greatest and some room, also where all are one. */
function roomyRange(_: uPlot, min: number | null, max: number | null): uPlot.Range.MinMax {
  if (min === null || max === null) return [0, 1];
  const room = max > min ? 0.06 * (max - min) : Math.abs(max) * 0.1 || 1;
  // Room below 0 would say that there may be such values.
  return [min >= 0 && min - room < 0 ? 0 : min - room, max + room];
}

/** An axis without numbers takes no room, where the lowest of the other's would be cut. */
function roomBelow({ scales }: uPlot): number {
  return typeof scales["x"]?.min === "number" ? 0 : 8;
}

/** What the names of colours stand for now: a canvas knows no properties of CSS. */
function pageColours(): (name: string) => string {
  const probe = document.createElement("i");
  probe.hidden = true;
  document.body.append(probe);
  const known = new Map<string, string>();
  for (const name of ["soft", "line", ...Array.from({ length: 10 }, (_, i) => `c${i}`)]) {
    probe.style.color = `var(--${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => known.get(name) ?? "gray";
}

/** A number below an axis. */
export function axisNumber(value: number): string {
  return Math.abs(value) >= 10_000 ? `${shortNumber(value / 1000)}k` : shortNumber(value);
}
