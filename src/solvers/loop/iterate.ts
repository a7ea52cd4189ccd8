import type { CallbacksOf, IterationEvent } from "./callbacks.ts";
import type { SolverRun } from "./run.ts";

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

/** How a loop over iterations moves its solver. */
interface Steps {
  /** Does one iteration, unless the solver has come to the one given. */
  readonly step: (until: number) => Promise<IterationEvent | undefined>;
  readonly isStopped: () => boolean;
  /** Does what is left to do when nothing follows. */
  readonly finish: () => Promise<void>;
}

/**
 * Steps a solver to its max_iter, one iteration at a time, with the tests and snapshots that are due. Leaving the
 * loop leaves the solver where it is: a later loop goes on from there.
 * @param guests the solver's; the loop is one of them while it lasts, so that the loss is read in every iteration
 */
export async function* iterate<Solver>(
  run: SolverRun,
  guests: CallbacksOf<Solver>[],
  { step, isStopped, finish }: Steps,
): AsyncGenerator<Iteration, void, void> {
  run.net.checkOpen();
  const guest: CallbacksOf<Solver> = { onIteration() {} };
  guests.push(guest);
  try {
    while (run.iter < (run.param.max_iter ?? 0)) {
      const event = await step(run.param.max_iter ?? 0);
      if (!event) break;
      const { iter, loss, smoothedLoss, rate } = event;
      yield { iteration: iter, loss, smoothedLoss, learningRate: rate };
      if (isStopped()) break;
    }
    await finish();
  } finally {
    guests.splice(guests.indexOf(guest), 1);
  }
}
