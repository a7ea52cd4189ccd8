import type { ApVersion } from "../../net/evaluation/average-precision.ts";
import { Loss } from "../../net/run/loss.ts";
import { SolverError } from "../../util/errors.ts";
import { EventLoop } from "../../util/event-loop.ts";
import { numberText } from "../../util/log.ts";
import { valueText } from "../../util/options.ts";
import { Lbfgs } from "../lbfgs/lbfgs.ts";
import { bringToHost, type Resumed } from "../snapshots/snapshot.ts";
import type { LateLine, ParameterUpdate } from "../update/parameter-update.ts";
import { type IterationEvent, nextAction, type SolverAction } from "./callbacks.ts";
import { DisplayingRun } from "./displaying-run.ts";
import { runGradientPasses } from "./gradient-passes.ts";
import { otherWorkers, restoreTogether, writeTogether } from "./shared-snapshots.ts";

/** So many displays are waited for by nobody. */
const MOST_LATE = 2;

/**
 * What a solver does, each at once: iterations with the tests, displays and snapshots that are due, and what its guests
 * are told of them. `Solver` has the methods that wait for their turn.
 *
 * @see Caffe's Solver::Solve, Step, TestAll and Snapshot
 */
export abstract class TrainingLoop extends DisplayingRun {
  readonly #asked: Set<SolverAction> = new Set();
  #askedFactor: number | undefined;
  readonly #eventLoop: EventLoop = new EventLoop();
  /** Why training ends before its end: somebody has asked for it, or the score has not improved for too long. */
  #stop: "asked" | "stalled" | undefined;
  /** There is nothing left to gain. */
  #isConverged = false;
  /** Training is over: a snapshot that cannot be written now is lost. */
  #isOver = false;

  /** Asks for an action before the next iteration (or the next test batch). A snapshot wins over a stop in one moment. */
  request(action: SolverAction): void {
    if (action !== "stop" && action !== "snapshot") {
      throw new SolverError(
        `${this.where}: ${valueText(action)} is asked for. Expected "stop" or "snapshot".`,
      );
    }
    this.#asked.add(action);
  }

  /**
   * Multiplies every learning rate of the policy by `factor` from the next iteration on, on all workers; 1 is as the solver
   * has it. Factors of before count no more. Snapshots keep it (in their .runstate), and a resumed run goes on with it.
   * @throws SolverError where it is not above 0
   */
  scaleRate(factor: number): void {
    if (typeof factor !== "number" || !(factor > 0 && Number.isFinite(factor))) {
      throw new SolverError(
        `${this.where}: learning rates are to be multiplied by ${valueText(factor)}. Expected a number above 0.`,
      );
    }
    this.#askedFactor = factor;
  }

  /** Whether a stop was asked for and has been obeyed. */
  get stoppedEarly(): boolean {
    return this.#stop !== undefined;
  }

  /** Why training has ended: it came to its end, somebody asked it to, or its score did not improve any more (`early_stop`). */
  get ending(): "done" | "asked" | "stalled" {
    return this.#stop ?? "done";
  }

  /** @internal To max_iter, with the last snapshot, display and test. */
  protected async solveNow(resumeFrom?: string): Promise<void> {
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
      await this.restoreNow(resumeFrom);
    }
    try {
      await this.trainNow(Number.POSITIVE_INFINITY, () => this.param.max_iter ?? this.iter);
      this.#isOver = true;
      const { snapshot_after_train = true, display = 0 } = this.param;
      if (snapshot_after_train && !this.snapshots.has(this.iter)) await this.snapshotNow();
      else await this.writeOwedNow();
      this.snapshots.prune();
      if (this.stoppedEarly) {
        this.say("Optimization stopped early.");
        return;
      }
      if (display > 0 && this.iter % display === 0) {
        await this.loss.read();
        this.loss.add(await this.meetWorkers(await this.net.forward()));
        this.say(`Iteration ${this.iter}, loss = ${numberText(this.loss.smoothed)}`);
      }
      if (this.#isTestIteration()) await this.testAllNow();
      this.say("Optimization Done.");
    } finally {
      await this.guests.tell((guest) => guest.onStop?.(this));
    }
  }

  /**
   * @internal Does `iterations` iterations, of which none begins at iteration `until`.
   * @returns what the last of them told
   */
  protected async trainNow(
    iterations: number,
    until: () => number = () => Number.POSITIVE_INFINITY,
  ): Promise<IterationEvent | undefined> {
    this.guests.checkNoneLooks();
    this.#stop = undefined;
    this.#isOver = this.#isConverged = false;
    await this.meetings?.join(() => this.arraysOfRun());
    await this.#followRateFactor();
    this.speed.begin();
    let event: IterationEvent | undefined;
    const isAtEnd = (): boolean => this.iter >= until() || this.stoppedEarly || this.#isConverged;
    try {
      for (let left = iterations; left > 0 && !isAtEnd(); left--) {
        const maxIter = Math.min(this.iter + left, until());
        event = (await this.holdingParam(() => this.#iterate(maxIter))) ?? event;
      }
      await this.takeLate();
    } catch (error) {
      await this.late.arrivals();
      this.late.forget();
      throw error;
    }
    this.speed.pause();
    return event;
  }

  /** One iteration, before it the test that is due; undefined where training is to end instead. */
  async #iterate(maxIter: number): Promise<IterationEvent | undefined> {
    const { display = 0 } = this.presentParam;
    this.displayed = undefined;
    if (this.#isTestDue()) {
      await this.takeLate();
      await this.testAllNow();
    }
    if (this.score.isStalled(this.iter)) this.#stop = "stalled";
    if (this.stoppedEarly) return undefined;
    this.tests.forget();
    await this.guests.tell((guest) => guest.onStart?.(this));
    const isDisplayed = display > 0 && this.iter % display === 0;
    const rate =
      this.update instanceof Lbfgs
        ? await this.#searchAndStep(this.update, isDisplayed)
        : await this.#computeAndUpdate(this.update, isDisplayed, maxIter);
    if (rate === undefined) return undefined;
    await this.net.device?.submit();
    await this.takeLate(MOST_LATE);
    const { value: loss, smoothed: smoothedLoss } = this.loss;
    const event: IterationEvent = {
      ...{ iter: this.iter, maxIter, loss, smoothedLoss, rate },
      outputs: this.displayed,
    };
    await this.guests.tell((guest) => guest.onIteration?.(event, this));
    await this.#eventLoop.mayRun();
    this.speed.count();
    await this.#finishIteration();
    return event;
  }

  /** Gradients, display and update, between which no other pass of the net comes; returns the learning rate used. */
  #computeAndUpdate(
    update: ParameterUpdate,
    isDisplayed: boolean,
    maxIter: number,
  ): Promise<number> {
    const { iter_size = 1, debug_info = false } = this.presentParam;
    return this.net.inTurn(async (turn) => {
      try {
        let isRead = await runGradientPasses(this.net, turn, {
          count: iter_size,
          loss: this.loss.begin(),
          withDebugInfo: isDisplayed && debug_info,
          ...(!this.workers && { readLoss: () => this.readLoss() }),
          update: () => this.#updateInBackward(update),
        });
        const isFirst = isDisplayed && !this.loss.isKnown;
        if (!isRead && (this.workers || isFirst || this.score.readsLoss || this.guests.wantLoss)) {
          await this.readLoss();
          isRead = true;
        }
        if (isDisplayed && isRead) await this.display();
        else if (isDisplayed) this.displayLate(maxIter);
        if (this.guests.wantGradients) await turn.aside(() => this.guests.showGradients());
        return await this.applyUpdateNow(isDisplayed);
      } finally {
        // What a failed pass has updated already must not be passed over in the next update.
        update.end();
      }
    });
  }

  /**
   * One step of L-BFGS, with as many passes as its line search takes, between which no other pass of the net comes.
   * @returns the learning rate; undefined where there is nothing left to gain
   */
  #searchAndStep(lbfgs: Lbfgs, isDisplayed: boolean): Promise<number | undefined> {
    const { iter, net } = this;
    const count = this.presentParam.iter_size ?? 1;
    return net.inTurn(async (turn) => {
      const measure = async (): Promise<number> => {
        const loss = new Loss();
        const none = { withDebugInfo: false, update: () => undefined };
        await runGradientPasses(net, turn, { count, loss, ...none });
        return (await loss.read()) / count;
      };
      const { loss, largestGradient, isConverged } = await lbfgs.begin(measure);
      this.loss.add(loss);
      await this.lookAtLoss();
      if (isDisplayed) await this.display();
      if (this.guests.wantGradients) {
        lbfgs.showGradient();
        await turn.aside(() => this.guests.showGradients());
      }
      if (isConverged) return this.#converge(`no gradient is above ${numberText(largestGradient)}`);
      const rate = this.rate.take(iter, this.score.improvedAt, isDisplayed);
      const wasCurved = lbfgs.isCurved;
      const { length, measurements } = await lbfgs.step(rate, measure);
      if (isDisplayed) {
        const text = `step = ${numberText(length)} after ${measurements} measurements, largest gradient = ${numberText(largestGradient)}`;
        this.log("info", "sgd_solver", `Iteration ${iter}, ${text}`);
      }
      if (length === 0 && !wasCurved) return this.#converge("no step lowers the objective");
      this.iter++;
      return rate;
    });
  }

  #converge(why: string): undefined {
    this.#isConverged = true;
    this.say(`Iteration ${this.iter}: LBFGS has converged, ${why}.`);
  }

  /** What updates parameters during the last backward pass of an iteration; undefined where a guest or the log shows gradients. */
  #updateInBackward(update: ParameterUpdate): ((layer: number) => void) | undefined {
    if (this.net.debugInfo || this.guests.wantGradients) return undefined;
    return update.begin(this.learningRate(), this.iter);
  }

  protected override async meetWorkers(loss: number): Promise<number> {
    if (!this.meetings) return loss;
    return this.meetings.meet(loss, this.#asked, this.#takeAskedFactor());
  }

  /** What is to be done before the next iteration: what all workers know of, where there are several. */
  #nextAction(): SolverAction | undefined {
    return this.meetings ? this.meetings.nextAction() : nextAction(this.#asked);
  }

  #takeAskedFactor(): number | undefined {
    const factor = this.#askedFactor;
    this.#askedFactor = undefined;
    return factor;
  }

  /** Lets what learning rates are multiplied by be what was asked for: where there are several workers, what all know of. */
  async #followRateFactor(): Promise<void> {
    const factor = this.meetings ? this.meetings.takeRateFactor() : this.#takeAskedFactor();
    if (factor === undefined || factor === this.rate.factor) return;
    this.rate.factor = factor;
    const rate = this.learningRate();
    this.say(
      `Iteration ${this.iter}, learning rates are multiplied by ${numberText(factor)} from here on: lr = ${numberText(rate)}`,
    );
    await this.guests.tell((guest) => guest.onRate?.(rate, factor, this));
  }

  /** Snapshots where one is due or asked for, and sees whether the loop is to end. */
  async #finishIteration(): Promise<void> {
    const { snapshot = 0 } = this.presentParam;
    await this.#followRateFactor();
    const action = this.#nextAction();
    if ((snapshot > 0 && this.iter % snapshot === 0) || action === "snapshot") {
      await this.#trySnapshot();
    }
    if (action === "stop") this.#stop = "asked";
  }

  /** @internal One update; returns the learning rate used. */
  protected async applyUpdateNow(isDisplayed: boolean): Promise<number> {
    if (this.update instanceof Lbfgs) {
      throw new SolverError(
        `${this.where}: LBFGS makes no step of one gradient alone. Expected step(1), which measures as often as it has to.`,
      );
    }
    const rate = this.rate.take(this.iter, this.score.improvedAt, isDisplayed);
    const later: LateLine = (number, write) => this.late.addLine(number, this.lines.hold(), write);
    const isSound = await this.update.apply(rate, this.iter, isDisplayed ? later : undefined);
    if (!isSound) this.divergence.checkWeights(this.iter, this.net);
    this.iter++;
    return rate;
  }

  #isTestDue(): boolean {
    const { test_initialization = true } = this.presentParam;
    return this.#isTestIteration() && (this.iter > 0 || test_initialization);
  }

  /** Every test_interval iterations, counted from test_offset. */
  #isTestIteration(): boolean {
    const { test_interval = 0, test_offset = 0 } = this.presentParam;
    return test_interval > 0 && (this.iter - test_offset) % test_interval === 0;
  }

  /** @internal Tests every test net; a snapshot of the best score follows. */
  protected async testAllNow(): Promise<void> {
    await this.tests.remember();
    let isBest = false;
    for (const i of this.testNets.keys()) {
      if (this.stoppedEarly) return;
      const scores = await this.testNow(i);
      if (scores && this.score.offerTest(i, scores, this.iter)) isBest = true;
    }
    if (isBest && this.presentParam.keep_best && this.iter > 0) await this.#trySnapshot(true);
  }

  /** @internal Runs one test net; undefined where it was stopped. */
  protected async testNow(index: number): Promise<ReadonlyMap<string, number> | undefined> {
    const { test_iter = [], test_compute_loss = false } = this.presentParam;
    const { eval_type, ap_version = "Integral", show_per_class_result = false } = this.presentParam;
    const scores = await this.tests.run(index, {
      weights: this.net,
      iter: this.iter,
      batches: test_iter[index] ?? 0,
      withLoss: test_compute_loss,
      isDetection: (eval_type ?? "").startsWith("detection"),
      apVersion: ap_version as ApVersion,
      withClasses: show_per_class_result,
      isStopped: () => this.#obeyInTest(),
    });
    if (!scores) return undefined;
    await this.guests.tell((guest) => guest.onTest?.(index, scores, this));
    return scores;
  }

  /** Does what was asked for since the last batch of a test; returns whether the test is to end. */
  async #obeyInTest(): Promise<boolean> {
    await this.#eventLoop.mayRun();
    await this.meetings?.ask(this.#asked);
    for (let action = this.#nextAction(); action; action = this.#nextAction()) {
      if (action === "snapshot") await this.#trySnapshot();
      else this.#stop = "asked";
    }
    return this.stoppedEarly;
  }

  /** @internal Writes a snapshot and returns the path of its .solverstate. */
  protected async snapshotNow(isBest = false): Promise<string> {
    await this.takeLate();
    await this.loss.read();
    await bringToHost(this, this.presentParam.snapshot_diff ?? false);
    this.divergence.checkWeights(this.iter, this.net);
    const path = this.workers
      ? await writeTogether(this, this.snapshots, this.workers, isBest)
      : this.snapshots.write(this, isBest);
    await this.guests.tell((guest) => guest.onSnapshot?.(path, this));
    return path;
  }

  /** As `snapshotNow`, but while training goes on a full disk does not end the run: the log says that the snapshot failed. */
  async #trySnapshot(isBest = false): Promise<void> {
    if (this.#isOver) await this.snapshotNow(isBest);
    else await this.snapshots.tolerate(this.iter, () => this.snapshotNow(isBest), isBest);
  }

  /** @internal Writes the snapshot of this iteration that was due and could not be written: no later one would replace it. */
  protected async writeOwedNow(): Promise<void> {
    if (this.snapshots.isOwed(this.iter)) await this.snapshotNow();
  }

  /**
   * @internal Goes on from a .solverstate, or from the newest that is whole; where several workers train, from what the first
   * of them reads.
   * @returns its path; undefined where there is none
   */
  protected async restoreNow(path?: string): Promise<string | undefined> {
    await this.takeLate();
    this.meetings?.part();
    const read = (): Promise<Resumed | undefined> =>
      path === undefined ? this.snapshots.restoreNewest(this) : this.snapshots.restore(this, path);
    return this.net.inTurn(async () => {
      const resumed = this.workers
        ? await restoreTogether(this, this.snapshots, this.workers, read)
        : await read();
      const note = otherWorkers(resumed?.runState, this.workers?.count ?? 1);
      if (note !== undefined) this.say(note);
      return resumed?.path;
    });
  }
}
