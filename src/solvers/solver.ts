import type { SolverParameter } from "../io/proto/caffe.ts";
import { parseSolverParameter } from "../io/text/read-net.ts";
import { SolverError } from "../util/errors.ts";
import { EventLoop } from "../util/event-loop.ts";
import { logOf, numberText } from "../util/log.ts";
import { Turns } from "../util/turns.ts";
import {
  type CallbacksOf,
  type IterationEvent,
  nextAction,
  type SolverAction,
} from "./callbacks.ts";
import { logDisplay, TrainingSpeed } from "./display.ts";
import { runGradientPasses } from "./gradient-passes.ts";
import { Guests } from "./guests.ts";
import { type Iteration, iterate } from "./iterate.ts";
import type { SolverOptions } from "./options.ts";
import { SolverRun } from "./run.ts";
import { bringToHost } from "./snapshot.ts";

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
export class Solver extends SolverRun {
  /** Guests of the loop; they may come and go at any time. */
  readonly callbacks: SolverCallbacks[];
  readonly #pending: Set<SolverAction> = new Set();
  readonly #eventLoop: EventLoop = new EventLoop();
  readonly #speed: TrainingSpeed = new TrainingSpeed();
  readonly #turns: Turns = new Turns();
  readonly #guests: Guests<Solver> = new Guests<Solver>(this, this.#turns);
  #isStopped = false;
  /** Training is over: a snapshot that cannot be written now is lost. */
  #isOver = false;

  /**
   * Checks the parameters, builds the nets and loads the weights asked for.
   * @param source the solver's prototxt file, or the solver as an object; for a text there is `Solver.parse`
   * @throws SolverError, NetError, LayerError, FileError
   */
  constructor(source: string | SolverParameter, options: SolverOptions = {}) {
    super(source, options);
    this.callbacks = this.#guests.all;
  }

  /**
   * A solver from the text of a prototxt.
   * @throws PrototxtError, and what the constructor throws
   */
  static parse(text: string, options: SolverOptions = {}): Solver {
    return new Solver(parseSolverParameter(text, "solver", logOf(options)), options);
  }

  /** Asks for an action before the next iteration (or the next test batch). A snapshot wins over a stop in one moment. */
  request(action: SolverAction): void {
    this.#pending.add(action);
  }

  /** Whether a stop was asked for and has been obeyed. */
  get stoppedEarly(): boolean {
    return this.#isStopped;
  }

  /** Trains one iteration after the other: `for await (const { iteration, loss } of solver) …`. */
  [Symbol.asyncIterator](): AsyncGenerator<Iteration, void, void> {
    return iterate(this, this.callbacks, {
      step: (until) => this.#inTurn(() => this.#train(1, () => until)),
      isStopped: () => this.#isStopped,
      finish: () => this.#inTurn(() => this.#writeOwed()),
    });
  }

  /**
   * Trains from here to max_iter, tests, snapshots, and tells it all in Caffe's log lines.
   * @throws DivergenceError where the loss is no number any more, FileError where the last snapshot cannot be written
   */
  solve(resumeFrom?: string): Promise<void> {
    return this.#inTurn(() => this.#solve(resumeFrom));
  }

  async #solve(resumeFrom?: string): Promise<void> {
    if (this.param.max_iter === undefined) {
      throw new SolverError(
        `${this.where}: no max_iter. Expected how many iterations to train. Add e.g. max_iter: 10000.`,
      );
    }
    if (this.param.snapshot_after_train ?? true) this.snapshots.checkWritable();
    this.say(`Solving ${this.net.name}`);
    this.say(`Learning Rate Policy: ${this.param.lr_policy}`);
    if (resumeFrom !== undefined) {
      this.say(`Restoring previous solver status from ${resumeFrom}`);
      await this.#restore(resumeFrom);
    }
    try {
      await this.#train(Number.POSITIVE_INFINITY, () => this.param.max_iter ?? this.iter);
      this.#isOver = true;
      const { snapshot_after_train = true, display = 0, test_interval = 0 } = this.param;
      if (snapshot_after_train && !this.snapshots.has(this.iter)) await this.#snapshot();
      else await this.#writeOwed();
      this.snapshots.prune();
      if (this.#isStopped) {
        this.say("Optimization stopped early.");
        return;
      }
      if (display > 0 && this.iter % display === 0) {
        await this.loss.read();
        this.loss.add(await this.net.forward());
        this.say(`Iteration ${this.iter}, loss = ${numberText(this.loss.smoothed)}`);
      }
      if (test_interval > 0 && this.iter % test_interval === 0) await this.#testAll();
      this.say("Optimization Done.");
    } finally {
      await this.#guests.tell((guest) => guest.onStop?.(this));
    }
  }

  /**
   * Does `iterations` iterations from here, or fewer if asked to stop, or if the score has stopped improving.
   * @throws DivergenceError
   */
  async step(iterations: number): Promise<void> {
    await this.#inTurn(() => this.#train(iterations));
  }

  /**
   * Does `iterations` iterations, of which none begins at iteration `until`.
   * @returns what the last of them told
   */
  async #train(
    iterations: number,
    until: () => number = () => Number.POSITIVE_INFINITY,
  ): Promise<IterationEvent | undefined> {
    this.#guests.checkNoneLooks();
    this.#isStopped = this.#isOver = false;
    this.#speed.begin();
    let event: IterationEvent | undefined;
    for (let left = iterations; left > 0 && this.iter < until() && !this.#isStopped; left--) {
      const maxIter = Math.min(this.iter + left, until());
      event = (await this.holdingParam(() => this.#iterate(maxIter))) ?? event;
    }
    this.#speed.pause();
    return event;
  }

  /** One iteration, before it the test that is due; undefined where training is to end instead. */
  async #iterate(maxIter: number): Promise<IterationEvent | undefined> {
    const { display = 0, iter_size = 1, debug_info = false } = this.presentParam;
    if (this.#isTestDue()) await this.#testAll();
    this.#isStopped ||= this.score.isStalled(this.iter);
    if (this.#isStopped) return undefined;
    this.tests.forget();
    await this.#guests.tell((guest) => guest.onStart?.(this));
    const isDisplayed = display > 0 && this.iter % display === 0;
    const rate = await this.net.inTurn(async (turn) => {
      try {
        const isRead = await runGradientPasses(this.net, turn, {
          count: iter_size,
          loss: this.loss.begin(),
          withDebugInfo: isDisplayed && debug_info,
          readLoss: () => this.#readLoss(),
          update: () => this.#updateInBackward(),
        });
        if (!isRead && (isDisplayed || this.score.readsLoss || this.#guests.wantLoss)) {
          await this.#readLoss();
        }
        if (isDisplayed) {
          const { iter, net, presentParam: param } = this;
          await logDisplay({ iter, net, param }, this.loss.smoothed, this.#speed.take(), this.log);
        }
        if (this.#guests.wantGradients) await turn.aside(() => this.#guests.showGradients());
        return await this.#applyUpdate(isDisplayed);
      } finally {
        // What a failed pass has updated already must not be passed over in the next update.
        this.update.end();
      }
    });
    await this.net.device?.submit();
    const { value: loss, smoothed: smoothedLoss } = this.loss;
    const event = { iter: this.iter, maxIter, loss, smoothedLoss, rate };
    await this.#guests.tell((guest) => guest.onIteration?.(event, this));
    await this.#eventLoop.mayRun();
    this.#speed.count();
    await this.#finishIteration();
    return event;
  }

  /** Runs `work` when its turn comes. */
  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(() => {
      this.net.checkOpen();
      return work();
    });
  }

  /** What updates parameters during the last backward pass of an iteration, where nobody wants to see gradients. */
  #updateInBackward(): ((layer: number) => void) | undefined {
    if (this.net.debugInfo || this.#guests.wantGradients) return undefined;
    return this.update.begin(this.learningRate(), this.iter);
  }

  async #readLoss(): Promise<void> {
    await this.loss.read();
    await this.divergence.check(this.loss.value, this.iter, this.net);
    this.snapshots.prune();
    this.score.offerLoss(this.loss.smoothed, this.iter);
  }

  /** Snapshots where it is time to, or where somebody asks, and sees whether the loop is to end. */
  async #finishIteration(): Promise<void> {
    const { snapshot = 0 } = this.presentParam;
    const action = nextAction(this.#pending);
    if ((snapshot > 0 && this.iter % snapshot === 0) || action === "snapshot") {
      await this.#trySnapshot();
    }
    if (action === "stop") this.#isStopped = true;
  }

  /** One update of every learnable parameter from its gradient; returns the learning rate used. */
  applyUpdate(isDisplayed = false): Promise<number> {
    return this.#inTurn(() => this.net.inTurn(() => this.#applyUpdate(isDisplayed)));
  }

  async #applyUpdate(isDisplayed: boolean): Promise<number> {
    const rate = this.rate.take(this.iter, this.score.improvedAt, isDisplayed);
    const isSound = await this.update.apply(rate, this.iter, isDisplayed);
    if (!isSound) this.divergence.checkWeights(this.iter, this.net);
    this.iter++;
    return rate;
  }

  /** Tests every test net with the present weights. */
  testAll(): Promise<void> {
    return this.#inTurn(() => this.#testAll());
  }

  async #testAll(): Promise<void> {
    await this.tests.remember();
    let isBest = false;
    for (const i of this.testNets.keys()) {
      if (this.#isStopped) return;
      const scores = await this.#test(i);
      if (scores && this.score.offerTest(i, scores, this.iter)) isBest = true;
    }
    if (isBest && this.presentParam.keep_best && this.iter > 0) await this.#trySnapshot(true);
  }

  /** Runs one test net for its test_iter batches, logs the mean of each output, and returns them where it was not stopped. */
  test(index: number): Promise<ReadonlyMap<string, number> | undefined> {
    return this.#inTurn(() => this.#test(index));
  }

  async #test(index: number): Promise<ReadonlyMap<string, number> | undefined> {
    const { test_iter = [], test_compute_loss = false } = this.presentParam;
    const scores = await this.tests.run(index, {
      weights: this.net,
      iter: this.iter,
      batches: test_iter[index] ?? 0,
      withLoss: test_compute_loss,
      isStopped: () => this.#obeyInTest(),
    });
    if (!scores) return undefined;
    await this.#guests.tell((guest) => guest.onTest?.(index, scores, this));
    return scores;
  }

  /**
   * Writes a snapshot under the solver's prefix and returns the path of its .solverstate.
   * @param isBest as the one of the best score, in place of the best before it
   * @throws FileError where it cannot be written, DivergenceError where a weight is no number, DeviceError where a device
   *   is lost; snapshots before it stay
   */
  snapshot(isBest = false): Promise<string> {
    return this.#inTurn(() => this.#snapshot(isBest));
  }

  async #snapshot(isBest = false): Promise<string> {
    await this.loss.read();
    await bringToHost(this, this.presentParam.snapshot_diff ?? false);
    this.divergence.checkWeights(this.iter, this.net);
    const path = this.snapshots.write(this, isBest);
    await this.#guests.tell((guest) => guest.onSnapshot?.(path, this));
    return path;
  }

  /** As `snapshot`, but while training goes on a disk that takes no more does not end the run: that is said aloud. */
  async #trySnapshot(isBest = false): Promise<void> {
    if (this.#isOver) await this.#snapshot(isBest);
    else await this.snapshots.tolerate(this.iter, () => this.#snapshot(isBest), isBest);
  }

  /** Writes a snapshot in the place of one that was due and could not be written: nothing follows that would. */
  async #writeOwed(): Promise<void> {
    if (this.snapshots.isOwed(this.iter)) await this.#snapshot();
  }

  /**
   * Goes on from a .solverstate.
   * @throws FormatError, FileError where it is damaged; SolverError, NetError where it is of another net or solver
   */
  restore(path: string): Promise<void> {
    return this.#inTurn(() => this.#restore(path));
  }

  #restore(path: string): Promise<void> {
    return this.net.inTurn(() => this.snapshots.restore(this, path));
  }

  /**
   * Goes on from the newest snapshot under the solver's prefix that is whole; damaged ones are passed over with a warning.
   * @returns its path; undefined where there is none, and the run begins afresh
   * @throws SolverError, NetError where the newest whole one is of another net or solver
   */
  restoreNewest(): Promise<string | undefined> {
    return this.#inTurn(() => this.net.inTurn(() => this.snapshots.restoreNewest(this)));
  }

  #isTestDue(): boolean {
    const { test_interval = 0, test_initialization = true } = this.presentParam;
    return (
      test_interval > 0 && this.iter % test_interval === 0 && (this.iter > 0 || test_initialization)
    );
  }

  /** Does what was asked for since the last batch of a test; returns whether the test is to end. */
  async #obeyInTest(): Promise<boolean> {
    await this.#eventLoop.mayRun();
    for (let action = nextAction(this.#pending); action; action = nextAction(this.#pending)) {
      if (action === "snapshot") await this.#trySnapshot();
      else this.#isStopped = true;
    }
    return this.#isStopped;
  }
}
