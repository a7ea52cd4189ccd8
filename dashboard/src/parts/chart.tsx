import { type Signal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { shortNumber } from "../math/format.ts";
import { keyZoom, type Stretch } from "../math/key-zoom.ts";
import { isDark } from "../state/settings.ts";
import { axisNumber, chartOptions, type LineStyle } from "./chart-options.ts";
import { alignedLines, type ChartLine, valueAt } from "./line-set.ts";

/** The stretch of x that charts side by side show; undefined for all of it. */
export type Zoom = Signal<Stretch | undefined>;

interface ChartProps {
  title: string;
  lines: readonly ChartLine[];
  zoom: Zoom;
  isLog?: boolean;
  height?: number;
  formatX?: (x: number) => string;
  formatY?: (y: number) => string;
}

/** Where the pointer is, for all charts of the page. */
const pointed = signal<number | undefined>(undefined);

/** Lines over x under a title, with a legend that says their values where the pointer is. */
export function Chart(props: ChartProps): JSX.Element {
  const { title, lines, zoom, isLog = false, height = 220 } = props;
  const { formatX = axisNumber, formatY = shortNumber } = props;
  const place = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<uPlot | undefined>(undefined);
  const dark = isDark();
  const data = useMemo(() => alignedLines(lines, isLog), [lines, isLog]);
  // Another set of lines, or of colours, is another chart; further values are not.
  const look = JSON.stringify(lines.map(({ x: _x, y: _y, ...style }) => style));

  // Values come by the effect below, and `dark` changes what colours are.
  useEffect(() => {
    const at = place.current;
    if (!at) return undefined;
    const size = { width: at.clientWidth, height, isLog, formatX, formatY };
    const options = chartOptions(JSON.parse(look) as LineStyle[], size, {
      onZoom: (from, to) => {
        zoom.value = [from, to];
      },
      onReset: () => {
        zoom.value = undefined;
      },
      onPoint: (x) => {
        pointed.value = x;
      },
    });
    const made = new uPlot(options, data, at);
    const watch = new ResizeObserver(() => made.setSize({ width: at.clientWidth, height }));
    watch.observe(at);
    setPlot(made);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [look, dark, isLog, height, formatX, formatY]);

  const shown = zoom.value;
  useEffect(() => {
    if (!plot) return;
    plot.batch(() => {
      plot.setData(data, shown === undefined);
      if (shown) plot.setScale("x", { min: shown[0], max: shown[1] });
    });
  }, [plot, data, shown]);

  const span = xSpan(lines);
  return (
    <figure
      class="card chart"
      tabIndex={0}
      aria-label={`${title}: ${summary(lines, formatY)}. Keys: plus and minus zoom, arrows move, 0 shows all.`}
      onKeyDown={(event) => {
        const next = keyZoom(event.key, shown ?? span, span);
        if (next === null) return;
        event.preventDefault();
        zoom.value = next;
      }}
    >
      <figcaption>
        <h2>{title}</h2>
        <Legend lines={lines} format={formatY} />
      </figcaption>
      <div ref={place} class="plot" style={{ height: `${height}px` }} />
    </figure>
  );
}

interface LegendProps {
  lines: readonly ChartLine[];
  format: (y: number) => string;
}

/** Names beside colours, with values where the pointer is, else the last ones. */
function Legend({ lines, format }: LegendProps): JSX.Element {
  const at = pointed.value ?? Number.POSITIVE_INFINITY;
  return (
    <ul class="legend">
      {lines
        .filter(({ isFaint }) => !isFaint)
        .map((line) => {
          const value = valueAt(line, at);
          return (
            <li key={line.name}>
              <i class={line.isDashed ? "dashed" : ""} style={{ color: `var(--${line.colour})` }} />
              <span class="name">{line.name}</span>
              <b class="num">{value === null ? "–" : format(value)}</b>
            </li>
          );
        })}
    </ul>
  );
}

function summary(lines: readonly ChartLine[], format: (y: number) => string): string {
  return lines
    .filter(({ isFaint }) => !isFaint)
    .map((line) => {
      const last = valueAt(line, Number.POSITIVE_INFINITY);
      return `${line.name} ${last === null ? "none" : format(last)}`;
    })
    .join(", ");
}

function xSpan(lines: readonly ChartLine[]): Stretch {
  const ends = lines.flatMap(({ x }) => (x.length > 0 ? [x[0] ?? 0, x.at(-1) ?? 0] : []));
  return ends.length > 0 ? [Math.min(...ends), Math.max(...ends)] : [0, 1];
}
