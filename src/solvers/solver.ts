import type { Blob } from "../blob/blob.ts";
import { defaultEngines } from "../engines/create.ts";
import { checkWritable } from "../io/atomic-file.ts";
import type { SolverParameter } from "../io/proto/caffe.ts";
import { parseSolverParameter, readSolverParameter } from "../io/read-net.ts";
import type { SolverMemory } from "../io/run-state.ts";
import type { Net } from "../net/net.ts";
import type { Weights } from "../net/weights.ts";
import { SolverError } from "../util/errors.ts";
import { EventLoop } from "../util/event-loop.ts";
import { type Log, numberText, silent } from "../util/log.ts";
import { type CallbacksOf, nextAction, type SolverAction } from "./callbacks.ts";
import { logDisplay } from "./display.ts";
import { DivergenceWatch } from "./divergence.ts";
import { type Iteration, iterate } from "./iterate.ts";
import { LearningRate } from "./learning-rate.ts";
import type { SolverOptions } from "./options.ts";
import { ParameterUpdate } from "./parameter-update.ts";
import { ScoreWatch } from "./score-watch.ts";
import { bringToHost, type LayerStates, type Snapshotted } from "./snapshot.ts";
import { SnapshotStore } from "./snapshot-store.ts";
import { buildNets } from "./solver-nets.ts";
import {
  checkParameters,
  inSinglePrecision,
  logParameters,
  ruleOf,
  snapshotPrefix,
  weightFiles,
} from "./solver-parameters.ts";
import { haveOwnParameters, loadWeights } from "./solver-weights.ts";
import { TestPasses } from "./test-passes.ts";
import { TrainingLoss } from "./training-loss.ts";

/** Guests of the loop. */
export type SolverCallbacks = CallbacksOf<Solver>;

/**
 * Trains a net: owns the loop, the test passes, the display, the snapshots, and calls its guests.
 *
 * One iteration is `iter_size` forward and backward passes, whose gradients add up, and one update:
 * clip the global L2 norm, divide by iter_size, add weight decay, apply the rule.
 *
 * @see Caffe's Solver and SGDSolver
 */
export class Solver implements Snapshotted {
  readonly net: Net;
  readonly testNets: readonly Net[];
  readonly callbacks: SolverCallbacks[] = [];
  /** Updates done. */
  iter = 0;
  readonly #log: Log;
  readonly #where: string;
  readonly #update: ParameterUpdate;
  #param: SolverParameter;
  #rate: LearningRate;
  readonly #loss: TrainingLoss;
  readonly #score: ScoreWatch;
  readonly #divergence: DivergenceWatch;
  readonly #snapshots: SnapshotStore;
  readonly #pending: Set<SolverAction> = new Set();
  readonly #tests: TestPasses;
  readonly #eventLoop: EventLoop = new EventLoop();
  #isStopped = false;
  /** Training is over: a snapshot that cannot be written now is lost. */
  #isOver = false;

  /**
   * Checks the parameters, builds the nets and loads the weights asked for.
   * @param source the solver's prototxt file, or the solver as an object; for a text there is `Solver.parse`
   * @throws SolverError, NetError, LayerError, FileError
   */
  constructor(source: string | SolverParameter, options: SolverOptions = {}) {
    const log = options.log ?? silent;
    const param = typeof source === "string" ? readSolverParameter(source, log) : source;
    const { file = typeof source === "string" ? source : undefined } = options;
    const { engines = defaultEngines() } = options;
    const where = file ?? "solver";
    [this.#log, this.#where, this.#param] = [log, where, param];
    checkParameters(param, where);
    const rule = ruleOf(param, where);
    this.#rate = new LearningRate(param, where, log);
    this.#loss = new TrainingLoss(param.average_loss ?? 1, param.iter_size ?? 1);
    this.#divergence = new DivergenceWatch(param);
    const prefix = snapshotPrefix(param, file ?? "solver.prototxt", log);
    this.#snapshots = new SnapshotStore(prefix, param, log);
    logParameters(param, log);
    if ((param.snapshot ?? 0) > 0) checkWritable(prefix);
    const [net, ...testNets] = buildNets(param, where, { ...options, engines });
    [this.net, this.testNets] = [net, testNets];
    try {
      this.#tests = new TestPasses(testNets, log);
      this.#snapshots.check(net);
      this.#score = new ScoreWatch(param, testNets, where, log);
      const numbers = inSinglePrecision(param);
      this.#update = new ParameterUpdate(numbers, rule, net, engines, log);
      const files = options.weights ?? weightFiles(param);
      const nets = [net, ...testNets] as const;
      if (files.length > 0 && (!options.isResumed || haveOwnParameters(nets))) {
        this.loadWeights(files);
      }
    } catch (error) {
      for (const one of [net, ...testNets]) one.close();
      throw error;
    }
    this.#say("Solver scaffolding done.");
  }

  /** The solver's parameter; a new one holds from the next iteration on, but for its nets, its rule and its seed. */
  get param(): SolverParameter {
    return this.#param;
  }

  set param(param: SolverParameter) {
    checkParameters(param, this.#where);
    this.#rate = this.#rate.goingOn(param);
    this.#update.param = inSinglePrecision(param);
    this.#param = param;
  }

  /** What the update rule keeps of every parameter, in Caffe's order. */
  get history(): readonly Blob[] {
    return this.#update.history;
  }

  /** How many steps the learning-rate policy has taken (step, multistep, plateau). */
  get currentStep(): number {
    return this.#rate.currentStep;
  }

  set currentStep(step: number) {
    this.#rate.currentStep = step;
  }

  /**
   * A solver from the text of a prototxt.
   * @throws PrototxtError, and what the constructor throws
   */
  static parse(text: string, options: SolverOptions = {}): Solver {
    return new Solver(parseSolverParameter(text, "solver", options.log ?? silent), options);
  }

  /**
   * Copies weights of a file, of several (later ones win), or that `readCaffemodel` gave, into the train net, and into what
   * test nets do not share with it.
   * @throws as `Net.copyFrom`, where a file fills none of the nets
   */
  loadWeights(weights: Weights): void {
    loadWeights([this.net, ...this.testNets], weights, this.#log);
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
    return iterate(this, () => this.#writeOwed());
  }

  /**
   * Trains from here to max_iter, tests, snapshots, and tells it all in Caffe's log lines.
   * @throws DivergenceError where the loss is no number any more, FileError where the last snapshot cannot be written
   */
  async solve(resumeFrom?: string): Promise<void> {
    const { max_iter, snapshot_after_train = true, display = 0 } = this.param;
    if (max_iter === undefined) {
      throw new SolverError(
        `${this.#where}: no max_iter. Expected how many iterations to train. Add e.g. max_iter: 10000.`,
      );
    }
    this.#say(`Solving ${this.net.name}`);
    this.#say(`Learning Rate Policy: ${this.param.lr_policy}`);
    if (resumeFrom !== undefined) {
      this.#say(`Restoring previous solver status from ${resumeFrom}`);
      await this.restore(resumeFrom);
    }
    try {
      await this.step(max_iter - this.iter);
      this.#isOver = true;
      if (snapshot_after_train && !this.#snapshots.has(this.iter)) await this.snapshot();
      else await this.#writeOwed();
      this.#snapshots.prune();
      if (this.#isStopped) {
        this.#say("Optimization stopped early.");
        return;
      }
      if (display > 0 && this.iter % display === 0) {
        await this.#loss.read();
        this.#loss.add(await this.net.forward());
        this.#say(`Iteration ${this.iter}, loss = ${numberText(this.#loss.smoothed)}`);
      }
      const { test_interval = 0 } = this.param;
      if (test_interval > 0 && this.iter % test_interval === 0) await this.testAll();
      this.#say("Optimization Done.");
    } finally {
      for (const callback of this.callbacks) await callback.onStop?.(this);
    }
  }

  /**
   * Does `iterations` iterations from here, or fewer if asked to stop, or if the score has stopped improving.
   * @throws DivergenceError
   */
  async step(iterations: number): Promise<void> {
    const stopAt = this.iter + iterations;
    const { display = 0, iter_size = 1, debug_info = false } = this.param;
    this.#isStopped = this.#isOver = false;
    let since = { at: performance.now(), iter: this.iter };
    while (this.iter < stopAt) {
      this.net.clearParamDiffs();
      if (this.#isTestDue()) await this.testAll();
      this.#isStopped ||= this.#score.isStalled(this.iter);
      if (this.#isStopped) break;
      this.#tests.forget();
      for (const callback of this.callbacks) await callback.onStart?.(this);
      const isDisplayed = display > 0 && this.iter % display === 0;
      const debugInfo = this.net.debugInfo;
      this.net.debugInfo ||= isDisplayed && debug_info;
      const passes = this.#loss.begin();
      let isRead = false;
      for (let pass = 1; pass <= iter_size; pass++) {
        await this.net.forwardInto(passes);
        // A loss that nobody has to wait for is looked at while the blobs still hold what made it.
        isRead = pass === iter_size && passes.isKnown;
        if (isRead) await this.#readLoss();
        await this.#backward(pass === iter_size);
      }
      this.net.debugInfo = debugInfo;
      if (!isRead && (isDisplayed || this.#isLossWanted())) await this.#readLoss();
      if (isDisplayed) {
        await logDisplay(this, this.#loss.smoothed, since, this.#log);
        since = { at: performance.now(), iter: this.iter };
      }
      for (const callback of this.callbacks) await callback.onGradientsReady?.(this);
      const rate = await this.applyUpdate(isDisplayed);
      await this.net.device?.submit();
      const { iter } = this;
      const { value: loss, smoothed: smoothedLoss } = this.#loss;
      const event = { iter, maxIter: stopAt, loss, smoothedLoss, rate };
      for (const callback of this.callbacks) await callback.onIteration?.(event, this);
      await this.#eventLoop.mayRun();
      if (await this.#finishIteration()) break;
    }
  }

  /** Whether somebody wants the loss of every iteration, though a device has to be waited for. */
  #isLossWanted(): boolean {
    return (
      this.#score.readsLoss ||
      this.callbacks.some(({ onIteration, readsLoss = true }) => onIteration && readsLoss)
    );
  }

  /** Backward of one pass; with the last one of an iteration goes the update, where nobody wants to see gradients. */
  async #backward(isLast: boolean): Promise<void> {
    const isAlone =
      isLast && !this.net.debugInfo && !this.callbacks.some((one) => one.onGradientsReady);
    const update = isAlone ? this.#update.begin(this.learningRate(), this.iter) : undefined;
    await (update ? this.net.backwardTelling(update) : this.net.backward());
  }

  async #readLoss(): Promise<void> {
    await this.#loss.read();
    await this.#divergence.check(this.#loss.value, this.iter, this.net);
    this.#snapshots.prune();
    this.#score.offerLoss(this.#loss.smoothed, this.iter);
  }

  /** Snapshots where it is time to, or where somebody asks; returns whether the loop is to end. */
  async #finishIteration(): Promise<boolean> {
    const { snapshot = 0 } = this.param;
    const action = nextAction(this.#pending);
    if ((snapshot > 0 && this.iter % snapshot === 0) || action === "snapshot") {
      await this.#trySnapshot();
    }
    if (action === "stop") this.#isStopped = true;
    return this.#isStopped;
  }

  /** One update of every learnable parameter from its gradient; returns the learning rate used. */
  async applyUpdate(isDisplayed = false): Promise<number> {
    const rate = this.#rate.take(this.iter, this.#score.improvedAt, isDisplayed);
    await this.#update.apply(rate, this.iter, isDisplayed);
    this.iter++;
    return rate;
  }

  /** The learning rate of the coming update. */
  learningRate(): number {
    return this.#rate.at(this.iter, this.#score.improvedAt);
  }

  /** Tests every test net with the present weights. */
  async testAll(): Promise<void> {
    await this.#tests.remember();
    let isBest = false;
    for (const i of this.testNets.keys()) {
      if (this.#isStopped) return;
      const scores = await this.test(i);
      if (scores && this.#score.offerTest(i, scores, this.iter)) isBest = true;
    }
    if (isBest && this.param.keep_best && this.iter > 0) await this.#trySnapshot(true);
  }

  /** Runs one test net for its test_iter batches, logs the mean of each output, and returns them where it was not stopped. */
  async test(index: number): Promise<ReadonlyMap<string, number> | undefined> {
    const { test_iter = [], test_compute_loss = false } = this.param;
    const scores = await this.#tests.run(index, {
      weights: this.net,
      iter: this.iter,
      batches: test_iter[index] ?? 0,
      withLoss: test_compute_loss,
      isStopped: () => this.#obeyInTest(),
    });
    if (!scores) return undefined;
    for (const callback of this.callbacks) await callback.onTest?.(index, scores, this);
    return scores;
  }

  /**
   * Writes a snapshot under the solver's prefix and returns the path of its .solverstate.
   * @param isBest as the one of the best score, in place of the best before it
   * @throws FileError where it cannot be written, DivergenceError where a weight is no number, DeviceError where a device
   *   is lost; snapshots before it stay
   */
  async snapshot(isBest = false): Promise<string> {
    await this.#loss.read();
    await bringToHost(this, this.param.snapshot_diff ?? false);
    this.#divergence.checkWeights(this.iter, this.net);
    const path = this.#snapshots.write(this, isBest);
    for (const callback of this.callbacks) await callback.onSnapshot?.(path, this);
    return path;
  }

  /** As `snapshot`, but while training goes on a disk that takes no more does not end the run: that is said aloud. */
  async #trySnapshot(isBest = false): Promise<void> {
    if (this.#isOver) await this.snapshot(isBest);
    else await this.#snapshots.tolerate(this.iter, () => this.snapshot(isBest), isBest);
  }

  /** Writes a snapshot in the place of one that was due and could not be written: nothing follows that would. */
  async #writeOwed(): Promise<void> {
    if (this.#snapshots.isOwed(this.iter)) await this.snapshot();
  }

  /**
   * Goes on from a .solverstate.
   * @throws FormatError, FileError where it is damaged; SolverError, NetError where it is of another net or solver
   */
  async restore(path: string): Promise<void> {
    await this.#snapshots.restore(this, path);
  }

  /**
   * Goes on from the newest snapshot under the solver's prefix that is whole; damaged ones are passed over with a warning.
   * @returns its path; undefined where there is none, and the run begins afresh
   * @throws SolverError, NetError where the newest whole one is of another net or solver
   */
  async restoreNewest(): Promise<string | undefined> {
    return this.#snapshots.restoreNewest(this);
  }

  /** The .solverstate of the highest iteration under the solver's prefix, whole or not; undefined where there is none. */
  get newestSnapshot(): string | undefined {
    return this.#snapshots.newest;
  }

  /** The test nets' layers as the test of this iteration found them. */
  testStates(): readonly LayerStates[] {
    return this.#tests.states();
  }

  /** What a resumed run needs besides iteration, step, history and layers. */
  memory(): SolverMemory {
    const { firstLoss } = this.#divergence;
    return {
      smoothedLoss: this.#loss.state(),
      lastStep: this.#rate.lastStep,
      ...this.#score.state(),
      ...(firstLoss !== undefined && { firstLoss }),
      ...this.#snapshots.state(),
    };
  }

  /** Sets back what `memory` gave. */
  remember(memory: SolverMemory): void {
    this.#loss.restore(memory.smoothedLoss);
    this.#rate.lastStep = Number(memory.lastStep);
    this.#score.restore(memory);
    this.#divergence.firstLoss = memory.firstLoss;
    this.#snapshots.remember(memory);
  }

  /** Gives back the files, threads and memory of all nets. */
  close(): void {
    for (const net of [this.net, ...this.testNets]) net.close();
    for (const blob of this.history) blob.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #say(message: string): void {
    this.#log("info", "solver", message);
  }

  #isTestDue(): boolean {
    const { test_interval = 0, test_initialization = true } = this.param;
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
