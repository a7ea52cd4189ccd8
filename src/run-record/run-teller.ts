import type { IterationEvent } from "../solvers/loop/callbacks.ts";
import type { Solver, SolverCallbacks } from "../solvers/solver.ts";
import { residentBytes } from "../util/process-memory.ts";
import { type EventValue, eventNumber, type RunEvent, type TrainEvent } from "./events.ts";

/** Train events come no more often than this, in milliseconds... */
const LEAST_MS = 100;
/** ... nor than this share of the time so far: a curve has some thousands of points, however long it runs. */
const SHARE = 1 / 2000;
/** An output with more elements is left out of events. */
const MOST_ELEMENTS = 100;

/** Takes what happens. */
type EventListener = (event: RunEvent) => void;

/**
 * A guest of the solver that makes events of what happens: of iterations that are displayed, and of others as often as a
 * curve needs them. In between it costs two looks at the clock.
 */
export class RunTeller implements SolverCallbacks {
  readonly #listeners: EventListener[] = [];
  readonly #imagesPerIteration: number;
  readonly #beganAt = performance.now();
  #dueAt = 0;
  #isDue = false;
  #iterationAt = 0;
  /** Since the last train event. */
  #iterations = 0;
  #ms = 0;
  #dataMs = 0;

  /** @param imagesPerIteration of all ranks together; 0 where there are none */
  constructor(imagesPerIteration: number) {
    this.#imagesPerIteration = imagesPerIteration;
  }

  /** Tells all events from now on to `listener` too. */
  listen(listener: EventListener): void {
    this.#listeners.push(listener);
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listeners.length > 0;
  }

  tell(event: RunEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** A device is waited for only where an event follows. */
  get readsLoss(): boolean {
    return this.#isDue;
  }

  onStart(): void {
    this.#iterationAt = performance.now();
    this.#isDue = this.#iterationAt >= this.#dueAt;
  }

  onIteration(event: IterationEvent, solver: Solver): void {
    this.#iterations++;
    this.#ms += performance.now() - this.#iterationAt;
    if (this.#isDue || event.outputs) this.#tellOf(event, solver);
  }

  onLateDisplay(event: IterationEvent, solver: Solver): void {
    this.#tellOf(event, solver);
  }

  #tellOf(event: IterationEvent, solver: Solver): void {
    const now = performance.now();
    this.#dueAt = now + Math.max(LEAST_MS, (now - this.#beganAt) * SHARE);
    const perSecond = this.#iterations / (this.#ms / 1000);
    const { dataMs } = solver.net;
    const images = this.#imagesPerIteration * perSecond;
    const train: TrainEvent = {
      type: "train",
      time: Date.now(),
      iter: event.iter - 1,
      loss: eventNumber(event.loss),
      smoothedLoss: eventNumber(event.smoothedLoss),
      rate: eventNumber(event.rate),
      iterationsPerSecond: eventNumber(perSecond),
      ...(images > 0 && { imagesPerSecond: eventNumber(images) }),
      dataWait: eventNumber(Math.min(1, (dataMs - this.#dataMs) / this.#ms)),
      memory: residentBytes(),
      ...(event.outputs && { outputs: valuesOf(event.outputs) }),
    };
    this.tell(train);
    [this.#iterations, this.#ms, this.#dataMs] = [0, 0, dataMs];
  }

  onTest(net: number, scores: ReadonlyMap<string, number>, { iter }: Solver): void {
    // Names are others': one may be __proto__.
    const numbers = Array.from(scores, ([name, score]) => [name, eventNumber(score)] as const);
    this.tell({
      type: "test",
      time: Date.now(),
      iter,
      net,
      scores: Object.fromEntries(numbers),
    });
  }

  onRate(rate: number, factor: number, { iter }: Solver): void {
    this.tell({ type: "rate", time: Date.now(), iter, rate: eventNumber(rate), factor });
  }

  onSnapshot(path: string, { iter }: Solver): void {
    this.tell({ type: "snapshot", time: Date.now(), iter, state: path });
  }
}

function valuesOf(outputs: NonNullable<IterationEvent["outputs"]>): Record<string, EventValue> {
  const told = outputs.filter(({ values }) => values.length <= MOST_ELEMENTS);
  return Object.fromEntries(
    told.map(({ name, values }): [string, EventValue] => {
      const numbers = Array.from(values, eventNumber);
      const [first] = numbers;
      return [name, numbers.length === 1 && first !== undefined ? first : numbers];
    }),
  );
}
