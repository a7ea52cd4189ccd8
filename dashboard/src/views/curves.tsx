import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Schedule } from "../../../src/dashboard/api.ts";
import { bytes, duration, percent, shortNumber } from "../math/format.ts";
import { Chart, type Zoom } from "../parts/chart.tsx";
import { axisNumber } from "../parts/chart-options.ts";
import { Empty } from "../parts/empty.tsx";
import type { ChartLine } from "../parts/line-set.ts";
import { runPath } from "../state/api.ts";
import { useAsked } from "../state/asked.ts";
import { compared, current, historyOf, runs } from "../state/runs.ts";
import { isByTime, isLog, smoothing } from "../state/settings.ts";
import { CurveControls } from "./curve-controls.tsx";
import { curveLines, type ShownRun, scoreCharts } from "./curve-lines.ts";
import { CurveTiles } from "./curve-tiles.tsx";

const zoom: Zoom = signal(undefined);

const hours = (value: number): string => duration(value * 3600);

/** How training goes: loss, scores, learning rate, speed. */
export function Curves(): JSX.Element {
  const all = shownRuns();
  // Histories grow in place: what is made of them is made anew when one has.
  const known = all.map(({ name, history }) => `${name} ${history.length}`).join("\n");
  const byTime = isByTime.value;
  const smooth = smoothing.value;
  // `known` stands for the runs.
  const scores = useMemo(
    () => scoreCharts(all, { smoothing: smooth, isByTime: byTime }),
    [known, smooth, byTime],
  );
  // `known` stands for the runs.
  const costs = useMemo(() => costCharts(all, byTime), [known, byTime]);
  const rates = useRates(all, known, byTime);
  const [first] = all;
  if (!first || first.history.loss.iter.length === 0) {
    return (
      <Empty icon="curves" title="No curve yet">
        Curves begin with the first iteration that is displayed.
      </Empty>
    );
  }
  const formatX = byTime ? hours : axisNumber;
  return (
    <>
      <CurveTiles history={first.history} />
      <CurveControls zoom={zoom} />
      <div class="charts">
        {scores.map(({ title, lines }) => (
          <Chart
            key={title}
            {...{ title, lines, zoom, formatX }}
            isLog={isLog.value}
            height={210}
          />
        ))}
        <Chart title="Learning rate" lines={rates} {...{ zoom, formatX }} height={210} />
        {costs.map(({ title, lines, formatY }) => (
          <Chart key={title} {...{ title, lines, zoom, formatX, formatY }} height={210} />
        ))}
      </div>
    </>
  );
}

/** The run that is shown, and those that it is compared with, in the colours that the list has for them. */
function shownRuns(): readonly ShownRun[] {
  return [current.value, ...compared.value].map((id, i) => ({
    name: runs.value?.find((run) => run.id === id)?.name ?? id,
    colour: `c${i % 10}`,
    history: historyOf(id),
  }));
}

interface CostChart {
  readonly title: string;
  readonly lines: readonly ChartLine[];
  readonly formatY: (y: number) => string;
}

function costCharts(all: readonly ShownRun[], byTime: boolean): readonly CostChart[] {
  const hasImages = all.some(({ history }) => history.last?.imagesPerSecond !== undefined);
  return [
    {
      title: hasImages ? "Images per second" : "Iterations per second",
      lines: curveLines(all, { name: "speed", colour: "c4", isByTime: byTime }, (run) => run.speed),
      formatY: shortNumber,
    },
    {
      title: "Waiting for data",
      lines: curveLines(
        all,
        { name: "share of time", colour: "c6", isByTime: byTime },
        (run) => run.dataWait,
      ),
      formatY: percent,
    },
    {
      title: "Memory",
      lines: curveLines(
        all,
        { name: "process", colour: "c3", isByTime: byTime },
        (run) => run.memory,
      ),
      formatY: bytes,
    },
  ];
}

/** Learning rates so far, and as the policy has them from here. */
function useRates(all: readonly ShownRun[], known: string, byTime: boolean): readonly ChartLine[] {
  const history = all[0]?.history;
  const isOver = history?.stop !== undefined;
  const { answer } = useAsked<Schedule>(runPath(current.value, "schedule"), {
    every: () => (isOver ? undefined : 4000),
  });
  // `known` stands for the runs.
  return useMemo(() => {
    const past = curveLines(
      all,
      { name: "so far", colour: "c2", isByTime: byTime },
      (run) => run.rate,
    );
    const at = history?.last?.iter ?? 0;
    const points = answer?.points ?? [];
    if (byTime || isOver || points.length < 2) return past;
    const ahead: ChartLine = {
      ...{ name: "ahead", colour: "c8", isDashed: true },
      ...fromHere(points, at),
    };
    return [...past, ahead];
  }, [known, byTime, answer, isOver]);
}

/** Lines between the points from an iteration on, which may lie between two of them. */
function fromHere(
  points: Schedule["points"],
  at: number,
): { readonly x: readonly number[]; readonly y: readonly number[] } {
  const behind = points.filter(({ iter }) => iter > at);
  const before = points.filter(({ iter }) => iter <= at).at(-1);
  const [next] = behind;
  if (before && next) {
    const share = (at - before.iter) / (next.iter - before.iter);
    behind.unshift({ iter: at, rate: before.rate + share * (next.rate - before.rate) });
  }
  return { x: behind.map(({ iter }) => iter), y: behind.map(({ rate }) => rate) };
}
