import type {
  RunEvent,
  StartEvent,
  StopEvent,
  TrainEvent,
} from "../../../src/run-record/events.ts";

type TestEvent = Extract<RunEvent, { type: "test" }>;

/** A curve as it grows: iteration, milliseconds since 1970, and a value, or null where it is no finite number. */
export interface Curve {
  readonly iter: number[];
  readonly time: number[];
  readonly value: (number | null)[];
}

/** The last iteration that was told, in numbers. */
export interface Now {
  readonly iter: number;
  readonly smoothedLoss: number;
  readonly rate: number;
  readonly iterationsPerSecond: number;
  readonly imagesPerSecond: number | undefined;
  readonly dataWait: number;
  readonly memory: number;
}

/** What a run's events have told so far. It grows in place: `length` tells whether it has. */
export interface History {
  /** How many events there were. */
  length: number;
  start: StartEvent | undefined;
  last: Now | undefined;
  stop: StopEvent | undefined;
  readonly loss: Curve;
  readonly rate: Curve;
  readonly speed: Curve;
  readonly memory: Curve;
  readonly dataWait: Curve;
  /** The train net's outputs of one element, by name. */
  readonly outputs: Map<string, Curve>;
  /** Test scores: by name, and `#1 name` of a second test net. */
  readonly scores: Map<string, Curve>;
  /** Of the run's score. */
  best: { readonly iter: number; readonly name: string; readonly value: number } | undefined;
  /** `state` is the .solverstate, beside which the others lie. */
  readonly snapshots: { readonly iter: number; readonly time: number; readonly state: string }[];
}

/** Before the first event. */
export function emptyHistory(): History {
  const curve = (): Curve => ({ iter: [], time: [], value: [] });
  return {
    ...{ length: 0, start: undefined, last: undefined, stop: undefined, best: undefined },
    ...{ loss: curve(), rate: curve(), speed: curve(), memory: curve(), dataWait: curve() },
    ...{ outputs: new Map(), scores: new Map(), snapshots: [] },
  };
}

/** Adds events to what is known. */
export function addEvents(history: History, events: readonly RunEvent[]): void {
  for (const event of events) {
    history.length++;
    addEvent(history, event);
  }
}

/** How many told iterations the pace is taken over: at ten a second a minute, so that no single one and no test makes it jump. */
const PACE_OVER = 600;

/** Seconds until the last iteration at the pace of late, tests and snapshots included; NaN where the run has ended, or too little is known. */
export function secondsLeft({ start, last, stop, loss }: History): number {
  if (start?.maxIter === undefined || !last || stop) return Number.NaN;
  const { length } = loss.time;
  // What an earlier process of the run did before is no pace.
  const from = loss.time.findIndex((time, i) => i >= length - PACE_OVER && time >= start.time);
  const iterations = last.iter - (loss.iter[from] ?? Number.NaN);
  const milliseconds = (loss.time.at(-1) ?? Number.NaN) - (loss.time[from] ?? Number.NaN);
  return (milliseconds * (start.maxIter - last.iter)) / iterations / 1000;
}

function addEvent(history: History, event: RunEvent): void {
  switch (event.type) {
    case "start":
      history.start = event;
      history.stop = undefined;
      break;
    case "train":
      history.last = nowOf(event);
      put(history.loss, event, event.loss);
      put(history.rate, event, event.rate);
      put(history.speed, event, event.imagesPerSecond ?? event.iterationsPerSecond);
      put(history.memory, event, event.memory);
      put(history.dataWait, event, event.dataWait);
      for (const [name, value] of Object.entries(event.outputs ?? {})) {
        if (typeof value !== "object") put(curveOf(history.outputs, name), event, value);
      }
      break;
    case "test": {
      const prefix = event.net === 0 ? "" : `#${event.net} `;
      for (const [name, value] of Object.entries(event.scores)) {
        put(curveOf(history.scores, prefix + name), event, value);
      }
      noteBest(history, event, prefix);
      break;
    }
    case "snapshot":
      history.snapshots.push({ iter: event.iter, time: event.time, state: event.state });
      break;
    case "stop":
      history.stop = event;
      break;
  }
}

function nowOf(event: TrainEvent): Now {
  const { iter, smoothedLoss, rate, iterationsPerSecond, imagesPerSecond, dataWait, memory } =
    event;
  return {
    ...{ iter, memory, rate: Number(rate), smoothedLoss: Number(smoothedLoss) },
    iterationsPerSecond: Number(iterationsPerSecond),
    imagesPerSecond: imagesPerSecond === undefined ? undefined : Number(imagesPerSecond),
    dataWait: Number(dataWait),
  };
}

/** Remembers the run's score where it is better than before. */
function noteBest(history: History, event: TestEvent, prefix: string): void {
  const { score } = history.start ?? {};
  if (!score || score.testNet !== event.net) return;
  const value = Number(event.scores[score.name] ?? Number.NaN);
  const before = history.best?.value;
  const isBetter = before === undefined || (score.mode === "max" ? value > before : value < before);
  if (Number.isFinite(value) && isBetter) {
    history.best = { iter: event.iter, name: prefix + score.name, value };
  }
}

function put(
  { iter, time, value }: Curve,
  at: { readonly iter: number; readonly time: number },
  given: number | string,
): void {
  const number = Number(given);
  // A run that went back to a snapshot tells its iterations once more.
  while (iter.length > 0 && (iter.at(-1) ?? 0) > at.iter) {
    iter.pop();
    time.pop();
    value.pop();
  }
  iter.push(at.iter);
  time.push(at.time);
  value.push(Number.isFinite(number) ? number : null);
}

function curveOf(curves: Map<string, Curve>, name: string): Curve {
  const known = curves.get(name);
  if (known) return known;
  const made: Curve = { iter: [], time: [], value: [] };
  curves.set(name, made);
  return made;
}
