import type { Blob } from "../blob/blob.ts";
import type { Engines } from "../engines/choose.ts";
import { defaultEngines } from "../engines/create.ts";
import { checkWritable } from "../io/atomic-file.ts";
import { readCaffemodel } from "../io/caffemodel.ts";
import type { NetState, SolverParameter } from "../io/proto/caffe.ts";
import { printPrototxt } from "../io/prototxt.ts";
import { parseSolverParameter, readSolverParameter } from "../io/read-net.ts";
import type { LayerRegistry } from "../layers/registry.ts";
import type { Net } from "../net/net.ts";
import { SolverError } from "../util/errors.ts";
import { type Log, numberText, silent } from "../util/log.ts";
import { chosenSeed } from "../util/seed.ts";
import { logDisplay } from "./display.ts";
import { type Iteration, iterate } from "./iterate.ts";
import { LearningRate } from "./learning-rate.ts";
import { ParameterUpdate } from "./parameter-update.ts";
import { SmoothedLoss } from "./smoothed-loss.ts";
import { restoreSnapshot, type Snapshotted, writeSnapshot } from "./snapshot.ts";
import { buildPlanned, testNetPlans, trainNetPlan } from "./solver-nets.ts";
import {
  checkParameters,
  inSinglePrecision,
  ruleOf,
  snapshotPrefix,
  weightFiles,
} from "./solver-parameters.ts";
import { testNet } from "./test-net.ts";

/** What can be asked of a running solver between two iterations, by a signal or a callback. */
export type SolverAction = "stop" | "snapshot";

/** What a finished iteration tells. */
export interface IterationEvent {
  /** Updates done so far. */
  readonly iter: number;
  readonly maxIter: number;
  readonly loss: number;
  readonly smoothedLoss: number;
  readonly rate: number;
}

/** Guests of the loop; each is optional, and may return a promise, which is awaited. */
export interface SolverCallbacks {
  /** Before the forward passes of an iteration. */
  onStart?(solver: Solver): void | Promise<void>;
  /** After the backward passes, before the update. */
  onGradientsReady?(solver: Solver): void | Promise<void>;
  /** After the update. */
  onIteration?(event: IterationEvent, solver: Solver): void | Promise<void>;
  /** After a test pass of one net: mean values of its outputs. */
  onTest?(net: number, scores: ReadonlyMap<string, number>, solver: Solver): void | Promise<void>;
  /** After a snapshot; `path` is its .solverstate. */
  onSnapshot?(path: string, solver: Solver): void | Promise<void>;
  /** When the loop ends, early or not. */
  onStop?(solver: Solver): void | Promise<void>;
}

/** How a solver is to be made; every option may be left out. */
export interface SolverOptions {
  /** What computes; the best of this machine by default. */
  readonly engines?: Engines;
  /** Takes Caffe's log lines; nobody by default. */
  readonly log?: Log;
  /** The solver's file, for messages and for the default of `snapshot_prefix`, where the solver is an object. */
  readonly file?: string;
  /** Added to the train net's state, as `--level` and `--stage` ask. */
  readonly level?: number;
  readonly stages?: readonly string[];
  /** Weights to begin from, in place of the solver's own `weights`. */
  readonly weights?: readonly string[];
  /** Relative paths in nets start here; the current directory by default. */
  readonly root?: string;
  readonly registry?: LayerRegistry;
}

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
  readonly #smoothed: SmoothedLoss;
  readonly #prefix: string;
  readonly #pending: Set<SolverAction> = new Set();
  #stoppedEarly = false;
  #lastYield = 0;

  /**
   * Checks the parameters, builds the nets and loads the weights asked for.
   * @param source the solver's prototxt file, or the solver as an object; for a text there is `Solver.parse`
   * @throws SolverError, NetError, LayerError, FileError
   */
  constructor(source: string | SolverParameter, options: SolverOptions = {}) {
    this.#log = options.log ?? silent;
    const param = typeof source === "string" ? readSolverParameter(source, this.#log) : source;
    const file = options.file ?? (typeof source === "string" ? source : undefined);
    const engines = options.engines ?? defaultEngines();
    const where = file ?? "solver";
    this.#where = where;
    this.#param = param;
    checkParameters(param, where);
    const numbers = inSinglePrecision(param);
    const rule = ruleOf(param, where);
    this.#rate = new LearningRate(param, where, this.#log);
    this.#smoothed = new SmoothedLoss(param.average_loss ?? 1);
    this.#prefix = snapshotPrefix(param, file ?? "solver.prototxt", this.#log);
    if (this.#log !== silent) {
      const text = printPrototxt("SolverParameter", param);
      this.#log("info", "solver", `Initializing solver from parameters: \n${text}`);
    }
    const extra: NetState = {
      ...(options.level !== undefined && { level: options.level }),
      ...(options.stages !== undefined && { stage: [...options.stages] }),
    };
    const plans = [trainNetPlan(param, where, extra), ...testNetPlans(param, where)];
    if ((param.snapshot ?? 0) > 0) checkWritable(this.#prefix);
    const { file: _file, level: _level, stages: _stages, weights, ...forNets } = options;
    const isSeeded = (param.random_seed ?? -1) >= 0;
    const seed = isSeeded ? Number(param.random_seed) : (chosenSeed() ?? randomSeed());
    const nets: Net[] = [];
    try {
      for (const plan of plans) nets.push(buildPlanned(plan, { ...forNets, engines, seed }));
      const [net, ...testNets] = nets as [Net, ...Net[]];
      this.net = net;
      this.testNets = testNets;
      for (const test of testNets) test.debugInfo ||= param.debug_info ?? false;
      this.#update = new ParameterUpdate(numbers, rule, net, engines, this.#log);
      for (const file of weights ?? weightFiles(param)) this.loadWeights(file);
    } catch (error) {
      for (const net of nets) net.close();
      throw error;
    }
    this.#log("info", "solver", "Solver scaffolding done.");
  }

  /** The solver's parameter; a new one holds from the next iteration on, but for its nets, its rule and its seed. */
  get param(): SolverParameter {
    return this.#param;
  }

  set param(param: SolverParameter) {
    checkParameters(param, this.#where);
    const rate = new LearningRate(param, this.#where, this.#log);
    rate.currentStep = this.#rate.currentStep;
    rate.lastEvent = this.#rate.lastEvent;
    this.#rate = rate;
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

  /** Copies weights of a .caffemodel into the train net (test nets share them). */
  loadWeights(file: string): void {
    this.#log("info", "solver", `Finetuning from ${file}`);
    this.net.copyFrom(readCaffemodel(file), this.#log);
  }

  /** Asks for an action before the next iteration (or the next test batch). A snapshot wins over a stop in one moment. */
  request(action: SolverAction): void {
    this.#pending.add(action);
  }

  /** Whether a stop was asked for and has been obeyed. */
  get stoppedEarly(): boolean {
    return this.#stoppedEarly;
  }

  /** Trains one iteration after the other: `for await (const { iteration, loss } of solver) …`. */
  [Symbol.asyncIterator](): AsyncGenerator<Iteration, void, void> {
    return iterate(this);
  }

  /** Trains from here to max_iter, tests, snapshots, and tells it all in Caffe's log lines. */
  async solve(resumeFrom?: string): Promise<void> {
    this.#log("info", "solver", `Solving ${this.net.name}`);
    this.#log("info", "solver", `Learning Rate Policy: ${this.param.lr_policy}`);
    if (resumeFrom !== undefined) {
      this.#log("info", "solver", `Restoring previous solver status from ${resumeFrom}`);
      await this.restore(resumeFrom);
    }
    const { max_iter, snapshot = 0, snapshot_after_train = true, display = 0 } = this.param;
    if (max_iter === undefined) {
      throw new SolverError(
        `${this.#where}: no max_iter. Expected how many iterations to train. Add e.g. max_iter: 10000.`,
      );
    }
    this.#stoppedEarly = false;
    try {
      await this.step(max_iter - this.iter);
      if (snapshot_after_train && (snapshot === 0 || this.iter % snapshot !== 0)) {
        await this.snapshot();
      }
      if (this.#stoppedEarly) {
        this.#log("info", "solver", "Optimization stopped early.");
        return;
      }
      if (display > 0 && this.iter % display === 0) {
        this.#smoothed.add(await this.net.forward());
        this.#log(
          "info",
          "solver",
          `Iteration ${this.iter}, loss = ${numberText(this.#smoothed.value)}`,
        );
      }
      const { test_interval = 0 } = this.param;
      if (test_interval > 0 && this.iter % test_interval === 0) await this.testAll();
      this.#log("info", "solver", "Optimization Done.");
    } finally {
      for (const callback of this.callbacks) await callback.onStop?.(this);
    }
  }

  /** Does `iterations` iterations from here, or fewer if asked to stop. */
  async step(iterations: number): Promise<void> {
    const stopAt = this.iter + iterations;
    const { display = 0, iter_size = 1, snapshot = 0 } = this.param;
    this.#smoothed.clear();
    let since = { at: performance.now(), iter: this.iter };
    while (this.iter < stopAt) {
      this.net.clearParamDiffs();
      if (this.#isTestDue()) {
        await this.testAll();
        if (this.#stoppedEarly) break;
      }
      for (const callback of this.callbacks) await callback.onStart?.(this);
      let loss = 0;
      for (let i = 0; i < iter_size; i++) loss += await this.net.forwardBackward();
      loss /= iter_size;
      this.#smoothed.add(loss);
      const isDisplayed = display > 0 && this.iter % display === 0;
      if (isDisplayed) {
        logDisplay(this, this.#smoothed.value, since, this.#log);
        since = { at: performance.now(), iter: this.iter };
      }
      for (const callback of this.callbacks) await callback.onGradientsReady?.(this);
      const rate = this.applyUpdate(isDisplayed);
      for (const callback of this.callbacks) {
        await callback.onIteration?.(
          {
            iter: this.iter,
            maxIter: stopAt,
            loss,
            smoothedLoss: this.#smoothed.value,
            rate,
          },
          this,
        );
      }
      await this.#letOthersRun();
      const action = this.#takePending();
      if ((snapshot > 0 && this.iter % snapshot === 0) || action === "snapshot") {
        await this.snapshot();
      }
      if (action === "stop") {
        this.#stoppedEarly = true;
        break;
      }
    }
  }

  /** One update of every learnable parameter from its gradient; returns the learning rate used. */
  applyUpdate(isDisplayed = false): number {
    const rate = this.#rate.take(this.iter);
    if (isDisplayed) {
      this.#log("info", "sgd_solver", `Iteration ${this.iter}, lr = ${numberText(rate)}`);
    }
    this.#update.apply(rate, this.iter);
    this.iter++;
    return rate;
  }

  /** The learning rate of the coming update. */
  learningRate(): number {
    return this.#rate.at(this.iter);
  }

  /** Tests every test net with the present weights. */
  async testAll(): Promise<void> {
    for (const i of this.testNets.keys()) {
      if (this.#stoppedEarly) return;
      await this.test(i);
    }
  }

  /** Runs one test net for its test_iter batches and logs the mean of each output. */
  async test(index: number): Promise<void> {
    const net = this.testNets[index];
    if (!net)
      throw new SolverError(
        `there is no test net #${index}. Expected one below ${this.testNets.length}.`,
      );
    this.#log("info", "solver", `Iteration ${this.iter}, Testing net (#${index})`);
    net.shareWith(this.net, this.#log);
    const scores = await testNet(
      net,
      this.param.test_iter?.[index] ?? 0,
      this.param.test_compute_loss ?? false,
      this.#log,
      async () => {
        await this.#letOthersRun();
        const action = this.#takePending();
        if (action === "snapshot") await this.snapshot();
        if (action === "stop") this.#stoppedEarly = true;
        return this.#stoppedEarly;
      },
    );
    if (!scores) return;
    for (const callback of this.callbacks) await callback.onTest?.(index, scores, this);
  }

  /** Writes a snapshot under the solver's prefix and returns the path of its .solverstate. */
  async snapshot(): Promise<string> {
    const path = writeSnapshot(this, this.#prefix, this.param.snapshot_diff ?? false, this.#log);
    for (const callback of this.callbacks) await callback.onSnapshot?.(path, this);
    return path;
  }

  /** Goes on from a .solverstate. */
  async restore(path: string): Promise<void> {
    await restoreSnapshot(this, path, this.#log);
  }

  /** Gives back the files, threads and memory of all nets. */
  close(): void {
    for (const net of [this.net, ...this.testNets]) net.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #isTestDue(): boolean {
    const { test_interval = 0, test_initialization = true } = this.param;
    return (
      test_interval > 0 && this.iter % test_interval === 0 && (this.iter > 0 || test_initialization)
    );
  }

  #takePending(): SolverAction | undefined {
    return (["snapshot", "stop"] as const).find((action) => this.#pending.delete(action));
  }

  /** Gives the event loop a turn, at most every 20 ms: signals and messages come in there. */
  async #letOthersRun(): Promise<void> {
    const now = performance.now();
    if (now - this.#lastYield < 20) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#lastYield = performance.now();
  }
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
