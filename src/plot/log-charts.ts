import type { LogCurve, LogCurves, LogPoint } from "../monitor/log-curves.ts";
import { Html, html } from "../page/html.ts";
import { pageText, section } from "../page/page.ts";
import { type Chart, chartSvg, type Series } from "./chart.ts";
import { pageTheme } from "./theme.ts";

/** A log by the name under which its lines appear. */
export interface NamedLog {
  readonly name: string;
  readonly curves: LogCurves;
}

/** What a kind of chart shows over iterations or seconds. */
interface Kind {
  readonly quantity: string;
  readonly curves: (log: LogCurves) => readonly (readonly [name: string, curve: LogCurve])[];
  readonly isLog?: boolean;
}

const QUANTITIES: readonly Kind[] = [
  {
    quantity: "Test accuracy",
    curves: ({ testOutputs }) => [...testOutputs].filter(([name]) => !/loss/i.test(name)),
  },
  {
    quantity: "Test loss",
    curves: ({ testOutputs }) => [...testOutputs].filter(([name]) => /loss/i.test(name)),
  },
  {
    quantity: "Train learning rate",
    curves: ({ learningRate }) => [["", learningRate]],
    isLog: true,
  },
  { quantity: "Train loss", curves: ({ trainLoss }) => [["", trainLoss]] },
];

const AXES = [
  { label: "Iters", of: ({ iteration }: LogPoint) => iteration },
  { label: "Seconds", of: ({ seconds }: LogPoint) => seconds },
] as const;

/**
 * The eight kinds of chart by their numbers: test accuracy, test loss, learning rate and train loss, each over
 * iterations and over seconds.
 *
 * @see Caffe's plot_training_log.py
 */
export const chartKinds: readonly string[] = QUANTITIES.flatMap(({ quantity }) =>
  AXES.map(({ label }) => `${quantity} vs. ${label}`),
);

/** One kind of chart of one log or several; without lines where they tell nothing of it. */
export function logChart(logs: readonly NamedLog[], kind: number): Chart {
  const { quantity, curves, isLog = false } = QUANTITIES[Math.floor(kind / 2)] as Kind;
  const axis = AXES[kind % 2 === 0 ? 0 : 1];
  const series = logs.flatMap(({ name: log, curves: told }): Series[] =>
    curves(told)
      .filter(([, { points }]) => points.length > 0)
      .map(([output, { points }]) => ({
        label: [...(logs.length > 1 || output === "" ? [log] : []), output].join(" ").trim(),
        points: points.map((point) => [axis.of(point), point.value]),
      })),
  );
  return {
    title: chartKinds[kind] ?? "",
    xLabel: axis.label === "Iters" ? "iterations" : "seconds",
    yLabel: quantity.replace("Train ", "").toLowerCase(),
    series,
    isLog,
  };
}

/** A page that shows charts, side by side where there is room. */
export function chartPage(title: string, charts: readonly Chart[]): string {
  const style = { width: 520, height: 320, theme: pageTheme };
  const shown = charts.map((chart) =>
    section(chart.title, undefined, new Html(chartSvg({ ...chart, title: "" }, style))),
  );
  return pageText({ title, body: [html`<div class="pair">${shown}</div>`] });
}
