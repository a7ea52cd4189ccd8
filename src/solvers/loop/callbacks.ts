import type { NetOutput } from "../../net/run/outputs.ts";

/** What can be asked of a running solver between two iterations, by a signal or a callback. */
export type SolverAction = "stop" | "snapshot";

/** Takes what is to be done next out of what was asked for: a snapshot comes before a stop. */
export function nextAction(asked: Set<SolverAction>): SolverAction | undefined {
  return (["snapshot", "stop"] as const).find((action) => asked.delete(action));
}

/** What a finished iteration tells. */
export interface IterationEvent {
  /** Updates done so far. */
  readonly iter: number;
  readonly maxIter: number;
  /** Of this iteration, or, on a GPU and where no guest `readsLoss`, the last that has come of those displayed. */
  readonly loss: number;
  readonly smoothedLoss: number;
  readonly rate: number;
  /** What the train net gave, where the iteration was displayed and nothing has to be waited for. */
  readonly outputs?: readonly NetOutput[] | undefined;
}

/** Guests of a solver's loop; each is optional, and may return a promise, which is awaited. */
export interface CallbacksOf<Solver> {
  /** Before the forward passes of an iteration. */
  onStart?(solver: Solver): void | Promise<void>;
  /** After the backward passes, before the update. */
  onGradientsReady?(solver: Solver): void | Promise<void>;
  /**
   * Whether `onIteration` wants the loss of its own iteration; true by default. A guest that is content with the one that
   * came last says false: then the loop does not wait for a GPU. It is asked in every iteration.
   */
  readonly readsLoss?: boolean;
  /** After the update. */
  onIteration?(event: IterationEvent, solver: Solver): void | Promise<void>;
  /**
   * When the numbers of a displayed iteration have come of which `onIteration` could not tell them: on a GPU that is not waited
   * for, while the iterations behind it are under way.
   */
  onLateDisplay?(event: IterationEvent, solver: Solver): void | Promise<void>;
  /** After a test pass of one net: mean values of its outputs. */
  onTest?(net: number, scores: ReadonlyMap<string, number>, solver: Solver): void | Promise<void>;
  /** After `scaleRate` has taken effect: `rate` is that of the coming update, `factor` what the policy's are multiplied by. */
  onRate?(rate: number, factor: number, solver: Solver): void | Promise<void>;
  /** After a snapshot; `path` is its .solverstate. */
  onSnapshot?(path: string, solver: Solver): void | Promise<void>;
  /** When the loop ends, early or not. */
  onStop?(solver: Solver): void | Promise<void>;
}
