import { readLog } from "./read-log.ts";

/** One value that a log tells again and again. */
export interface LogPoint {
  readonly iteration: number;
  /** Since the line that says `Solving`; 0 in a log without time stamps. */
  readonly seconds: number;
  readonly value: number;
}

/** The values of one quantity over a run. */
export interface LogCurve {
  readonly points: readonly LogPoint[];
}

/** What a training log tells, by name. */
export interface LogCurves {
  readonly trainLoss: LogCurve;
  readonly learningRate: LogCurve;
  /** Outputs of the train net, and of the test nets, by name. */
  readonly trainOutputs: ReadonlyMap<string, LogCurve>;
  readonly testOutputs: ReadonlyMap<string, LogCurve>;
}

/** The curves of the log of a training run: see `readLog`. */
export function readLogCurves(text: string): LogCurves {
  const trainLoss = { points: [] as LogPoint[] };
  const learningRate = { points: [] as LogPoint[] };
  const trainOutputs = new Map<string, { points: LogPoint[] }>();
  const testOutputs = new Map<string, { points: LogPoint[] }>();
  for (const { kind, name, ...point } of readLog(text)) {
    if (kind === "loss") trainLoss.points.push(point);
    else if (kind === "rate") learningRate.points.push(point);
    else {
      const outputs = kind === "train output" ? trainOutputs : testOutputs;
      const curve = outputs.get(name) ?? { points: [] };
      outputs.set(name, curve);
      curve.points.push(point);
    }
  }
  return { trainLoss, learningRate, trainOutputs, testOutputs };
}
