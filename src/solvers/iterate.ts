import type { IterationEvent } from "./callbacks.ts";
import type { Solver, SolverCallbacks } from "./solver.ts";

/** One finished iteration, as `for await` over a solver gives it. */
export interface Iteration {
  /** Updates done so far: 1 after the first. */
  readonly iteration: number;
  readonly loss: number;
  /** The mean loss of the last `average_loss` iterations. */
  readonly smoothedLoss: number;
  /** The learning rate that was used. */
  readonly learningRate: number;
}

/**
 * Steps a solver to its max_iter, one iteration at a time, with the tests and snapshots that are due. Leaving the
 * loop leaves the solver where it is: a later loop goes on from there.
 * @param finish what is left to do when nothing follows
 */
export async function* iterate(
  solver: Solver,
  finish: () => Promise<void>,
): AsyncGenerator<Iteration, void, void> {
  let event: IterationEvent | undefined;
  const guest: SolverCallbacks = {
    onIteration(finished) {
      event = finished;
    },
  };
  solver.callbacks.push(guest);
  try {
    while (solver.iter < (solver.param.max_iter ?? 0)) {
      event = undefined;
      await solver.step(1);
      if (!event) break;
      const { iter, loss, smoothedLoss, rate } = event as IterationEvent;
      yield { iteration: iter, loss, smoothedLoss, learningRate: rate };
      if (solver.stoppedEarly) break;
    }
    await finish();
  } finally {
    solver.callbacks.splice(solver.callbacks.indexOf(guest), 1);
  }
}
