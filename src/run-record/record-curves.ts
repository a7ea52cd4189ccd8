import type { LogCurves, LogPoint } from "../monitor/log-curves.ts";
import type { EventValue } from "./events.ts";
import { readWholeCurve } from "./read-events.ts";

/**
 * The curves of a record, those of the trainings that it goes on from before its own: what `readLogCurves` makes of a log.
 * @throws FileError where there is no record in the folder
 */
export function curvesOfRecord(folder: string): LogCurves {
  const trainLoss: LogPoint[] = [];
  const learningRate: LogPoint[] = [];
  const trainOutputs = new Map<string, LogPoint[]>();
  const testOutputs = new Map<string, LogPoint[]>();
  /** What time the first training would have begun, had they followed one another. */
  let [beganAt, last] = [0, 0];
  for (const event of readWholeCurve(folder)) {
    const { time, iter: iteration } = event;
    if (event.type === "start") beganAt += time - last;
    last = time;
    const at = (value: unknown): LogPoint => ({
      iteration,
      seconds: (time - beganAt) / 1000,
      value: Number(value),
    });
    if (event.type === "train") {
      trainLoss.push(at(event.smoothedLoss));
      learningRate.push(at(event.rate));
      for (const [name, value] of Object.entries(event.outputs ?? {})) {
        for (const [key, element] of elementsOf(name, value)) add(trainOutputs, key, at(element));
      }
    } else if (event.type === "test") {
      const net = event.net === 0 ? "" : `#${event.net}`;
      for (const [name, score] of Object.entries(event.scores))
        add(testOutputs, `${name}${net}`, at(score));
    }
  }
  const named = (all: ReadonlyMap<string, LogPoint[]>): LogCurves["testOutputs"] =>
    new Map(Array.from(all, ([name, points]) => [name, { points }]));
  return {
    trainLoss: { points: trainLoss },
    learningRate: { points: learningRate },
    trainOutputs: named(trainOutputs),
    testOutputs: named(testOutputs),
  };
}

function elementsOf(name: string, value: EventValue): (readonly [string, unknown])[] {
  if (typeof value !== "object") return [[name, value]];
  return value.map((element, i) => [i === 0 ? name : `${name}[${i}]`, element]);
}

function add(curves: Map<string, LogPoint[]>, name: string, point: LogPoint): void {
  const points = curves.get(name) ?? [];
  points.push(point);
  curves.set(name, points);
}
