import { basename, resolve, sep } from "node:path";
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
  /** What stands at its axis; the quantity by default. */
  readonly axis?: string;
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
    axis: "learning rate",
    curves: ({ learningRate }) => [["", learningRate]],
    isLog: true,
  },
  { quantity: "Train loss", axis: "loss", curves: ({ trainLoss }) => [["", trainLoss]] },
  {
    quantity: "Train and test loss",
    axis: "loss",
    curves: ({ trainLoss, testOutputs }) => [
      ["train loss", trainLoss],
      ...[...testOutputs]
        .filter(([name]) => /loss/i.test(name))
        .map(([name, curve]) => [`test ${name}`, curve] as const),
    ],
  },
];

const AXES = [
  { label: "Iters", of: ({ iteration }: LogPoint) => iteration },
  { label: "Seconds", of: ({ seconds }: LogPoint) => seconds },
] as const;

/**
 * The kinds of chart by their numbers: test accuracy, test loss, learning rate and train loss, each over
 * iterations and over seconds, as Caffe numbers them; and train and test loss on one chart.
 *
 * @see Caffe's plot_training_log.py
 */
export const chartKinds: readonly string[] = QUANTITIES.flatMap(({ quantity }) =>
  AXES.map(({ label }) => `${quantity} vs. ${label}`),
);

/** One kind of chart of one log or several; without lines where they tell nothing of it. */
export function logChart(logs: readonly NamedLog[], kind: number): Chart {
  const {
    quantity,
    axis: title = quantity.toLowerCase(),
    curves,
    isLog = false,
  } = QUANTITIES[Math.floor(kind / 2)] as Kind;
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
    yLabel: title,
    series,
    isLog,
  };
}

/**
 * Names for logs by their paths: the file's name without its ending, and before it as many folders as it takes to tell them
 * apart. One that is given twice has its name twice.
 */
export function logNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) =>
    resolve(path)
      .replace(/\.(?:log|txt)$/, "")
      .split(sep),
  );
  const nameOf = (own: readonly string[], count: number): string => own.slice(-count).join("/");
  return parts.map((own, i) => {
    const others = parts.filter((_, k) => resolve(paths[k] ?? "") !== resolve(paths[i] ?? ""));
    let count = 1;
    while (count < own.length && others.some((one) => nameOf(one, count) === nameOf(own, count))) {
      count++;
    }
    // Names may be equal to the root, as those of run.log and run.txt beside it.
    const isTold = others.every((one) => nameOf(one, count) !== nameOf(own, count));
    return isTold ? nameOf(own, count) : basename(paths[i] ?? "");
  });
}

/** A page that shows charts, side by side where there is room. */
export function chartPage(title: string, charts: readonly Chart[]): string {
  const style = { width: 520, height: 320, theme: pageTheme };
  const shown = charts.map((chart) =>
    section(chart.title, undefined, new Html(chartSvg({ ...chart, title: "" }, style))),
  );
  return pageText({ title, body: [html`<div class="pair">${shown}</div>`] });
}
