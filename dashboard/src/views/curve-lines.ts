import { smoothed } from "../math/smoothing.ts";
import type { ChartLine } from "../parts/line-set.ts";
import type { Curve, History } from "../state/history.ts";

/** A run whose curves are shown. */
export interface ShownRun {
  readonly name: string;
  /** The name of its colour where several are shown. */
  readonly colour: string;
  readonly history: History;
}

/** How curves are shown. */
export interface CurveStyle {
  readonly smoothing: number;
  /** Hours since the start, instead of iterations. */
  readonly isByTime: boolean;
}

/** A chart: its title and its lines. */
interface CurveChart {
  readonly title: string;
  readonly lines: readonly ChartLine[];
}

/**
 * Charts of the loss and of every score; training and tests of one name stand together, and a test's only loss beside that of
 * training.
 */
export function scoreCharts(runs: readonly ShownRun[], style: CurveStyle): readonly CurveChart[] {
  const isAlone = runs.length === 1;
  const trained = (run: ShownRun, curve: Curve | undefined): readonly ChartLine[] => {
    if (!curve) return [];
    const raw: ChartLine = {
      name: isAlone ? "train" : `${run.name} train`,
      colour: isAlone ? "c0" : run.colour,
      x: places(run.history, curve, style.isByTime),
      y: curve.value,
    };
    if (style.smoothing === 0) return [raw];
    return [
      { ...raw, isFaint: true },
      { ...raw, y: smoothed(curve.value, style.smoothing) },
    ];
  };
  const tested = (run: ShownRun, isWanted: (name: string) => boolean): readonly ChartLine[] =>
    [...run.history.scores]
      .filter(([name]) => isWanted(name))
      .map(([, curve]) => ({
        name: isAlone ? "test" : `${run.name} test`,
        colour: isAlone ? "c1" : run.colour,
        isDashed: !isAlone,
        hasPoints: curve.iter.length < 40,
        x: places(run.history, curve, style.isByTime),
        y: curve.value,
      }));

  const theLoss = (run: ShownRun): ((name: string) => boolean) => {
    const losses = [...run.history.scores.keys()].filter((name) => /loss/i.test(name));
    return (name) => losses.length === 1 && name === losses[0];
  };
  const names = new Set(
    runs.flatMap((run) => {
      const { scores, outputs } = run.history;
      const isTheLoss = theLoss(run);
      const isOnlyOutput = outputs.size === 1 && /loss/i.test([...outputs.keys()][0] ?? "");
      return [
        ...[...scores.keys()].filter((name) => !isTheLoss(name)),
        ...[...outputs.keys()].filter((name) => !isTheLoss(name) && !isOnlyOutput),
      ];
    }),
  );
  return [
    {
      title: "Loss",
      lines: runs.flatMap((run) => [
        ...trained(run, run.history.loss),
        ...tested(run, theLoss(run)),
      ]),
    },
    ...[...names].map((title) => ({
      title,
      lines: runs.flatMap((run) => [
        ...trained(run, run.history.outputs.get(title)),
        ...tested(run, (name) => name === title),
      ]),
    })),
  ];
}

/** One curve of every run. */
export function curveLines(
  runs: readonly ShownRun[],
  { name, colour, isByTime }: { name: string; colour: string; isByTime: boolean },
  of: (history: History) => Curve,
): readonly ChartLine[] {
  return runs.map((run) => {
    const curve = of(run.history);
    return {
      name: runs.length > 1 ? run.name : name,
      colour: runs.length > 1 ? run.colour : colour,
      x: places(run.history, curve, isByTime),
      y: curve.value,
    };
  });
}

/** Where a curve's values stand: iterations, or hours since the start. */
function places({ start }: History, { iter, time }: Curve, isByTime: boolean): readonly number[] {
  // uPlot is given arrays that do not grow under its hands.
  if (!isByTime) return iter.slice();
  const from = start?.time ?? time[0] ?? 0;
  return time.map((at) => (at - from) / 3_600_000);
}
