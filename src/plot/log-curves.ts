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

const NUMBER = String.raw`([-+]?(?:\d*\.?\d+(?:[eE][-+]?\d+)?|nan|inf))`;
const STAMP = /^[IWEF](\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2}\.\d+)/;
const ITERATION = /Iteration (\d+)/;
const LOSS = new RegExp(String.raw`Iteration \d+(?: \([^)]*\))?, loss = ${NUMBER}`);
const RATE = new RegExp(`lr = ${NUMBER}`);
const OUTPUT = new RegExp(String.raw`(Train|Test) net output #\d+: (\S+) = ${NUMBER}`);
const DAY = 24 * 3600;

/**
 * Reads the log of a training run, of this program, BVLC Caffe's or NVIDIA's.
 * @see Caffe's parse_log.py
 */
export function readLogCurves(text: string): LogCurves {
  const curves = {
    trainLoss: { points: [] as LogPoint[] },
    learningRate: { points: [] as LogPoint[] },
    trainOutputs: new Map<string, { points: LogPoint[] }>(),
    testOutputs: new Map<string, { points: LogPoint[] }>(),
  };
  let iteration = 0;
  let seconds = 0;
  const clock = new Clock();
  for (const line of text.split(/\r?\n/)) {
    seconds = clock.read(line) ?? seconds;
    iteration = Number(ITERATION.exec(line)?.[1] ?? iteration);
    const add = (curve: { points: LogPoint[] }, value: string | undefined): void => {
      if (value !== undefined) curve.points.push({ iteration, seconds, value: numberOf(value) });
    };
    add(curves.trainLoss, LOSS.exec(line)?.[1]);
    add(curves.learningRate, RATE.exec(line)?.[1]);
    const [, phase, name = "", value] = OUTPUT.exec(line) ?? [];
    if (phase === undefined) continue;
    const outputs = phase === "Train" ? curves.trainOutputs : curves.testOutputs;
    const curve = outputs.get(name) ?? { points: [] };
    outputs.set(name, curve);
    add(curve, value);
  }
  return curves;
}

function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

/** Seconds since the solver began, from stamps that know no year: a step back is a new year's. */
class Clock {
  #start: number | undefined;
  #last = 0;
  #added = 0;

  read(line: string): number | undefined {
    const [stamp, month, day, hours, minutes, seconds] = STAMP.exec(line) ?? [];
    if (stamp === undefined) return undefined;
    const days = Date.UTC(2024, Number(month) - 1, Number(day)) / (DAY * 1000);
    const now = days * DAY + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    if (now + this.#added < this.#last - DAY) this.#added += 366 * DAY;
    this.#last = now + this.#added;
    if (line.includes("Solving")) this.#start = this.#last;
    this.#start ??= this.#last;
    return this.#last - this.#start;
  }
}
