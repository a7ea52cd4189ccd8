import type { LogCurve, LogCurves, LogPoint } from "../monitor/log-curves.ts";
import { withoutControls } from "../util/printable.ts";
import type { Chart, Series } from "./chart.ts";

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

/** A page that shows charts, one below the other. */
export function chartPage(title: string, svgs: readonly string[]): string {
  const escaped = withoutControls(title).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped}</title>
<style>
  body { font: 16px system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; color: #222; background: #fafafa; }
  main { display: grid; grid-template-columns: repeat(auto-fit, minmax(24rem, 1fr)); gap: 1rem; }
  svg { width: 100%; height: auto; border: 1px solid #ddd; border-radius: 6px; }
</style>
<h1>${escaped}</h1>
<main>
${svgs.join("\n")}
</main>
</html>
`;
}
