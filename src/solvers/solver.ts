import type { SolverParameter } from "../io/proto/caffe.ts";
import { parseSolverParameter } from "../io/text/read-net.ts";
import { SolverError } from "../util/errors.ts";
import { logOf } from "../util/log.ts";
import { valueText } from "../util/options.ts";
import type { CallbacksOf } from "./loop/callbacks.ts";
import { type Iteration, iterate } from "./loop/iterate.ts";
import { TrainingLoop } from "./loop/training-loop.ts";
import type { SolverOptions } from "./options.ts";

/** Guests of the loop. */
export type SolverCallbacks = CallbacksOf<Solver>;

/**
 * Trains a net: owns the loop, the test passes, the display, the snapshots, and calls its guests.
 *
 * One iteration is `iter_size` forward and backward passes, whose gradients add up, and one update:
 * clip the global L2 norm, divide by iter_size, add weight decay, apply the rule.
 *
 * What is asked of one solver at once is done one after the other; what a guest asks for is done while the loop waits for
 * the guest. Others' passes of `net` come between two iterations.
 *
 * @see Caffe's Solver and SGDSolver
 */
export class Solver extends TrainingLoop {
  /** Guests of the loop; they may come and go at any time. */
  readonly callbacks: SolverCallbacks[] = this.guests.all;

  /**
   * Checks the parameters, builds the nets and loads the weights asked for.
   * @param source the solver's prototxt file, or the solver as an object; for a text there is `Solver.parse`
   * @throws SolverError, NetError, LayerError, FileError
   */
  constructor(source: string | SolverParameter, options: SolverOptions = {}) {
    super(source, options);
  }

  /**
   * A solver from the text of a prototxt.
   * @throws PrototxtError, and what the constructor throws
   */
  static parse(text: string, options: SolverOptions = {}): Solver {
    return new Solver(parseSolverParameter(text, "solver", logOf(options)), options);
  }

  /** Trains one iteration after the other: `for await (const { iteration, loss } of solver) …`. */
  [Symbol.asyncIterator](): AsyncGenerator<Iteration, void, void> {
    return iterate(this, this.callbacks, {
      step: (until) => this.#inTurn(() => this.trainNow(1, () => until)),
      isStopped: () => this.stoppedEarly,
      finish: () => this.#inTurn(() => this.writeOwedNow()),
    });
  }

  /**
   * Trains from here to max_iter, tests, snapshots, and tells it all in Caffe's log lines.
   * @throws DivergenceError where the loss is no number any more, FileError where the last snapshot cannot be written
   */
  solve(resumeFrom?: string): Promise<void> {
    return this.#inTurn(() => this.solveNow(resumeFrom));
  }

  /**
   * Does `iterations` iterations from here, or fewer if asked to stop, or if the score has stopped improving.
   * @throws DivergenceError
   */
  async step(iterations: number): Promise<void> {
    // Infinity is taken too: steps until a stop is asked for.
    if (typeof iterations !== "number" || Math.floor(iterations) !== iterations || iterations < 0) {
      throw new SolverError(
        `${this.where}: step is given ${valueText(iterations)}. Expected how many iterations to do, a whole number.`,
      );
    }
    await this.#inTurn(() => this.trainNow(iterations));
  }

  /** One update of every learnable parameter from its gradient; returns the learning rate used. */
  applyUpdate(isDisplayed = false): Promise<number> {
    return this.#inTurn(async () => {
      const rate = await this.net.inTurn(() => this.applyUpdateNow(isDisplayed));
      await this.takeLate();
      return rate;
    });
  }

  /** Tests every test net with the present weights. */
  testAll(): Promise<void> {
    return this.#inTurn(() => this.testAllNow());
  }

  /** Runs one test net for its test_iter batches, logs the mean of each output, and returns them where it was not stopped. */
  test(index: number): Promise<ReadonlyMap<string, number> | undefined> {
    return this.#inTurn(() => this.testNow(index));
  }

  /**
   * Writes a snapshot under the solver's prefix and returns the path of its .solverstate.
   * @param isBest as the one of the best score, in place of the best before it
   * @throws FileError where it cannot be written, DivergenceError where a weight is no number, DeviceError where a device
   *   is lost; snapshots before it stay
   */
  snapshot(isBest = false): Promise<string> {
    return this.#inTurn(() => this.snapshotNow(isBest));
  }

  /**
   * Goes on from a .solverstate.
   * @throws FormatError, FileError where it is damaged; SolverError, NetError where it is of another net or solver
   */
  restore(path: string): Promise<void> {
    return this.#inTurn(async () => void (await this.restoreNow(path)));
  }

  /**
   * Goes on from the newest snapshot under the solver's prefix that is whole; damaged ones are passed over with a warning.
   * @returns its path; undefined where there is none, and the run begins afresh
   * @throws SolverError, NetError where the newest whole one is of another net or solver
   */
  restoreNewest(): Promise<string | undefined> {
    return this.#inTurn(() => this.restoreNow());
  }

  /** Runs `work` when its turn comes. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.turns.take(() => {
      this.net.checkOpen();
      return work();
    });
  }
}
