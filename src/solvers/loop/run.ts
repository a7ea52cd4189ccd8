import type { Blob } from "../../blob/blob.ts";
import { defaultEngines } from "../../engines/create.ts";
import { checkWritable } from "../../io/files/atomic-file.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import { solverParameterOf } from "../../io/text/read-net.ts";
import type { SolverMemory } from "../../io/weights/run-state.ts";
import type { PlateauState } from "../../io/weights/solver-state.ts";
import type { Net } from "../../net/net.ts";
import type { Weights } from "../../net/weights/weights.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, logOf, numberText, silent } from "../../util/log.ts";
import { checkOptions } from "../../util/options.ts";
import { OrderedLog } from "../../util/ordered-log.ts";
import { Lbfgs } from "../lbfgs/lbfgs.ts";
import { type SolverOptions, solverOptions } from "../options.ts";
import { checkChange, fixedParameter } from "../setup/changed-parameters.ts";
import { gradientScaleOf } from "../setup/gradient-scale.ts";
import { buildNets } from "../setup/solver-nets.ts";
import {
  checkParameters,
  inSinglePrecision,
  logParameters,
  ruleOf,
  snapshotPrefix,
  warnOfLoneFields,
  weightFiles,
} from "../setup/solver-parameters.ts";
import { haveOwnParameters, loadWeights } from "../setup/solver-weights.ts";
import type { LayerStates, Snapshotted } from "../snapshots/snapshot.ts";
import { SnapshotStore } from "../snapshots/snapshot-store.ts";
import { LearningRate } from "../update/learning-rate.ts";
import { ParameterUpdate } from "../update/parameter-update.ts";
import { DivergenceWatch } from "../watch/divergence.ts";
import { ScoreWatch, type WatchedScore } from "../watch/score-watch.ts";
import { TrainingLoss } from "../watch/training-loss.ts";
import type { Workers } from "../workers.ts";
import { Meetings } from "./meetings.ts";
import { TestPasses } from "./test-passes.ts";

/** What a solver has come to: its nets, and all else that a snapshot holds and a resumed run sets back. */
export abstract class SolverRun implements Snapshotted {
  readonly net: Net;
  readonly testNets: readonly Net[];
  /** Updates done. */
  iter = 0;
  protected readonly lines: OrderedLog;
  protected readonly log: Log;
  protected readonly where: string;
  protected readonly update: ParameterUpdate | Lbfgs;
  #param: SolverParameter;
  /** A parameter that was set during an iteration, and holds after it. */
  #nextParam: SolverParameter | undefined;
  /** How many iterations are under way with the present parameter: one that a guest asks for lies within another. */
  #holders = 0;
  readonly #file: string;
  #prefix: string;
  protected rate: LearningRate;
  protected readonly loss: TrainingLoss;
  protected score: ScoreWatch;
  protected divergence: DivergenceWatch;
  protected readonly snapshots: SnapshotStore;
  protected readonly tests: TestPasses;
  /** With solvers in other processes that train the same net. */
  protected readonly meetings: Meetings | undefined;

  /**
   * Checks the parameters, builds the nets and loads the weights asked for.
   * @throws SolverError, NetError, LayerError, FileError; nothing is left open then
   */
  protected constructor(source: string | SolverParameter, options: SolverOptions = {}) {
    checkOptions("Solver", options, solverOptions);
    this.lines = new OrderedLog(logOf(options));
    const { log } = this.lines;
    const param = solverParameterOf(source, log);
    const { file = typeof source === "string" ? source : undefined } = options;
    const { engines = defaultEngines() } = options;
    const where = file ?? "solver";
    [this.log, this.where, this.#param] = [log, where, fixedParameter(param, where)];
    this.#file = file ?? "solver.prototxt";
    checkParameters(param, where);
    const rule = ruleOf(param, where);
    const { workers } = options;
    if (workers && !rule) {
      throw new SolverError(
        `${where}: type "LBFGS" is for one process alone: its line search measures more than once for a step. Expected another type.`,
      );
    }
    this.meetings = workers && new Meetings(workers);
    this.rate = new LearningRate(param, where, log);
    const meanOf = workers && ((loss: number): Promise<number> => this.meetWorkers(loss));
    this.loss = new TrainingLoss(param.average_loss ?? 1, param.iter_size ?? 1, meanOf);
    this.divergence = new DivergenceWatch(param);
    this.#prefix = snapshotPrefix(param, this.#file, log);
    this.snapshots = new SnapshotStore(this.#prefix, param, log, (workers?.rank ?? 0) === 0);
    logParameters(param, log);
    warnOfLoneFields(param, where, log);
    if ((param.snapshot ?? 0) > 0) this.snapshots.checkWritable();
    const [net, ...testNets] = buildNets(param, where, { ...options, engines, log });
    [this.net, this.testNets] = [net, testNets];
    try {
      this.tests = new TestPasses(testNets, log, workers);
      this.score = new ScoreWatch(param, testNets, where, log);
      net.gradientScale = gradientScaleOf(
        param,
        net.written,
        net.layers.some(({ engine }) => engine.hasHalves),
        rule !== undefined,
        where,
        log,
      );
      const numbers = inSinglePrecision(param);
      this.update = rule
        ? new ParameterUpdate(numbers, rule, net, engines, log, workers)
        : new Lbfgs(numbers, net, (message) => log("warning", "solver", message));
      this.snapshots.check(net, this.update.history);
      const files = options.weights ?? weightFiles(param, where);
      const nets = [net, ...testNets] as const;
      if (files.length > 0 && (!options.isResumed || haveOwnParameters(nets))) {
        this.loadWeights(files);
      }
    } catch (error) {
      for (const one of [net, ...testNets]) one.close();
      throw error;
    }
    this.say("Solver scaffolding done.");
  }

  /**
   * The solver's parameter. A new one, of which all holds from the next iteration on, is set as a whole:
   *
   *     solver.param = { ...solver.param, base_lr: 0.001 };
   *
   * Nets, weights, rule (`type`), seed and device (`solver_mode`, `device_id`) stay as they are; `weights` are loaded with
   * `loadWeights`.
   *
   * @throws SolverError where one of those is another, or what the constructor would refuse; the old one holds then.
   *   Also where a field is set in it.
   */
  get param(): SolverParameter {
    return this.#nextParam ?? this.#param;
  }

  set param(param: SolverParameter) {
    const { where, testNets, net } = this;
    solverParameterOf(param, silent);
    checkParameters(param, where);
    const keepsGradients = net.learnableParams.every(({ blob }) => !blob.diffMem.isReadOnce);
    checkChange(this.#param, param, keepsGradients, where);
    ruleOf(param, where);
    new LearningRate(param, where, silent);
    new ScoreWatch(param, testNets, where, silent);
    const prefix = snapshotPrefix(param, this.#file, silent);
    new SnapshotStore(prefix, param, silent).check(net, this.update.history);
    if ((param.snapshot ?? 0) > 0 && prefix !== this.#prefix) checkWritable(prefix);
    this.#nextParam = fixedParameter(param, where);
    if (this.#holders === 0) this.#adopt();
  }

  /** The parameter of this iteration, whatever has been set in it. */
  protected get presentParam(): SolverParameter {
    return this.#param;
  }

  /** Does an iteration by one parameter; what is set meanwhile holds after it. */
  protected async holdingParam<T>(work: () => Promise<T>): Promise<T> {
    this.#holders++;
    try {
      return await work();
    } finally {
      this.#holders--;
      if (this.#holders === 0) this.#adopt();
    }
  }

  /** Lets every part go on with the parameter that was set. */
  #adopt(): void {
    const param = this.#nextParam;
    if (!param) return;
    this.rate = this.rate.goingOn(param);
    this.loss.goOn(param.average_loss ?? 1, param.iter_size ?? 1);
    this.divergence = this.divergence.goingOn(param);
    this.score = this.score.goingOn(param, this.testNets, this.where);
    this.#prefix = snapshotPrefix(param, this.#file, silent);
    this.snapshots.goOn(this.#prefix, param);
    this.update.param = inSinglePrecision(param);
    if (param.debug_info !== this.#param.debug_info) {
      for (const net of this.testNets) net.debugInfo = param.debug_info ?? false;
    }
    this.#param = param;
    this.#nextParam = undefined;
  }

  /** What the update rule keeps of every parameter, in Caffe's order. */
  get history(): readonly Blob[] {
    this.net.checkOpen();
    return this.update.history;
  }

  /** How many steps the learning-rate policy has taken (step, multistep, plateau). */
  get currentStep(): number {
    return this.rate.currentStep;
  }

  set currentStep(step: number) {
    this.rate.currentStep = step;
  }

  /** @internal What a .solverstate holds of a plateau that is found by the training loss. */
  get plateau(): PlateauState | undefined {
    const least = this.score.leastLoss;
    if (this.#param.lr_policy !== "plateau" || !least) return undefined;
    const iter_last_event = Math.max(this.rate.lastStep, least.iter);
    return { minimum_loss: least.value, iter_last_event };
  }

  set plateau(plateau: PlateauState | undefined) {
    if (this.#param.lr_policy !== "plateau" || !plateau) return;
    const { minimum_loss: value, iter_last_event: iter } = plateau;
    this.rate.lastStep = iter;
    this.score.leastLoss = { value, iter };
  }

  /**
   * Copies weights of a file, of several (later ones win), or that `readCaffemodel` gave, into the train net, and into what
   * test nets do not share with it.
   * @throws as `Net.copyFrom`, where a file fills none of the nets
   */
  loadWeights(weights: Weights): void {
    const nets = [this.net, ...this.testNets] as const;
    for (const net of nets) net.checkIdle();
    this.meetings?.part();
    loadWeights([...nets], weights, this.log);
  }

  /**
   * Tells the other workers the loss of an iteration, and what this one was asked for.
   * @returns the mean of all workers' losses
   */
  protected abstract meetWorkers(loss: number): Promise<number>;

  /** Solvers in other processes that train the same net. */
  protected get workers(): Workers | undefined {
    return this.meetings?.workers;
  }

  /** @internal Everything that is learned, counted or kept of it, array by array: the same order in every worker. */
  arraysOfRun(): SyncedMem[] {
    const blobs = [this.net, ...this.testNets].flatMap(({ layers }) =>
      layers.flatMap((one) => one.blobs),
    );
    return [...new Set([...blobs, ...this.update.history].map(({ dataMem }) => dataMem))];
  }

  /** What every learning rate of the policy is multiplied by: 1, unless `scaleRate` has asked for another factor. */
  get rateFactor(): number {
    return this.rate.factor;
  }

  /** The learning rate of the coming update. */
  learningRate(): number {
    return this.rate.at(this.iter, this.score.improvedAt);
  }

  /** The .solverstate of the highest iteration under the solver's prefix, whole or not; undefined where there is none. */
  get newestSnapshot(): string | undefined {
    return this.snapshots.newest;
  }

  /** The number by which the best is told (`monitor`), and its best so far. */
  get watchedScore(): WatchedScore {
    return this.score.watched;
  }

  /** The test nets' layers as the test of this iteration found them. */
  testStates(): readonly LayerStates[] {
    this.net.checkOpen();
    return this.tests.states();
  }

  /** What a resumed run needs besides iteration, step, history and layers. */
  memory(): SolverMemory {
    const { firstLoss } = this.divergence;
    const lbfgs = this.update instanceof Lbfgs ? this.update.state() : undefined;
    return {
      smoothedLoss: this.loss.state(),
      lastStep: this.rate.lastStep,
      ...(this.rate.factor !== 1 && { rateFactor: this.rate.factor }),
      ...this.score.state(),
      ...(firstLoss !== undefined && { firstLoss }),
      ...(lbfgs && { lbfgs }),
      ...this.snapshots.state(),
    };
  }

  /** Sets back what `memory` gave. */
  remember(memory: SolverMemory): void {
    this.loss.restore(memory.smoothedLoss);
    this.rate.lastStep = Number(memory.lastStep);
    this.rate.factor = memory.rateFactor ?? 1;
    if (this.rate.factor !== 1) {
      this.say(
        `Learning rates are multiplied by ${numberText(this.rate.factor)}, which was set by hand before the snapshot.`,
      );
    }
    this.score.restore(memory);
    this.divergence.firstLoss = memory.firstLoss;
    if (this.update instanceof Lbfgs) this.update.restore(memory.lbfgs);
    this.snapshots.remember(memory);
  }

  /** Gives back the files, threads and memory of all nets. */
  close(): void {
    for (const net of [this.net, ...this.testNets]) net.close();
    for (const blob of this.update.history) blob.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  protected say(message: string): void {
    this.log("info", "solver", message);
  }
}
