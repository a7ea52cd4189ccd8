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
 * @param step does one iteration, unless the solver has come to the one given
 * @param finish does what is left to do when nothing follows
 */
export async function* iterate(
  solver: Solver,
  {
    step,
    finish,
  }: {
    readonly step: (until: number) => Promise<IterationEvent | undefined>;
    readonly finish: () => Promise<void>;
  },
): AsyncGenerator<Iteration, void, void> {
  solver.net.checkOpen();
  // A guest that wants to know: the loss is read in every iteration.
  const guest: SolverCallbacks = { onIteration() {} };
  solver.callbacks.push(guest);
  try {
    while (solver.iter < (solver.param.max_iter ?? 0)) {
      const event = await step(solver.param.max_iter ?? 0);
      if (!event) break;
      const { iter, loss, smoothedLoss, rate } = event;
      yield { iteration: iter, loss, smoothedLoss, learningRate: rate };
      if (solver.stoppedEarly) break;
    }
    await finish();
  } finally {
    solver.callbacks.splice(solver.callbacks.indexOf(guest), 1);
  }
}
