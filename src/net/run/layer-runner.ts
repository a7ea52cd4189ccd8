import type { Blob } from "../../blob/blob.ts";
import type { Device, Engine } from "../../engines/engine.ts";
import { NetError } from "../../util/errors.ts";
import { EventLoop } from "../../util/event-loop.ts";
import { doneAtOnce } from "../../util/promises.ts";
import { type BuiltLayer, type BuiltNet, writeLossWeights } from "../build/build.ts";
import { withLayer, withRecord } from "../build/error-context.ts";
import type { LearnableParam } from "../build/parameters.ts";
import type { DebugInfo } from "./debug-info.ts";
import { Execution, type ExecutionOptions } from "./execution.ts";
import { readByBackward, readByForward, toHost } from "./host-reads.ts";
import type { Loss } from "./loss.ts";
import { SteadyPasses } from "./steady-passes.ts";

/** Called before or after a layer runs; `index` counts the net's layers. */
export type LayerCallback = (index: number) => void;

/**
 * Runs the layers of a built net, one after the other, and waits for what they need: batches that are still being
 * read, and arrays on their way from a device to a layer that computes on the host. Nothing else in a net waits.
 */
export class LayerRunner {
  readonly beforeForward: LayerCallback[] = [];
  readonly afterForward: LayerCallback[] = [];
  readonly beforeBackward: LayerCallback[] = [];
  readonly afterBackward: LayerCallback[] = [];
  /** Logs the mean size of every top, parameter and gradient as layers run. */
  debugInfo: boolean;
  /** Runs every layer by itself. */
  runsApart = false;
  /** Milliseconds that forward passes have waited for batches of the net's sources, or made them. */
  dataMs = 0;
  readonly #layers: readonly BuiltLayer[];
  #isClosed = false;
  #isRunning = false;
  #isInLayer = false;
  #gradientScale = 1;
  readonly #learnable: readonly LearnableParam[];
  readonly #debug: DebugInfo;
  /** The engine that has a device, where some of the layers compute on it. */
  readonly #deviceEngine: Engine | undefined;
  readonly #execution: Execution;
  readonly #eventLoop: EventLoop = new EventLoop();

  /** Of a net that is used alone. */
  readonly #steady: SteadyPasses | undefined;

  constructor(built: BuiltNet, debug: DebugInfo, debugInfo: boolean, options: ExecutionOptions) {
    const { layers, learnable } = built;
    this.#layers = layers;
    this.#learnable = learnable;
    this.#debug = debug;
    this.debugInfo = debugInfo;
    this.#deviceEngine = layers.find(({ layer }) => layer.engine.device)?.layer.engine;
    this.#execution = new Execution(built, options);
    if (options.forInference && !this.#deviceEngine) this.#steady = SteadyPasses.of(layers);
  }

  /** The device that some of the layers compute on, if there is one. */
  get device(): Device | undefined {
    return this.#deviceEngine?.device;
  }

  /** Whether a pass has begun and not ended. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether a layer or a callback of this net is running at this moment. */
  get isInLayer(): boolean {
    return this.#isInLayer;
  }

  /** Finds anew what can be fused, after shapes have changed. */
  planFusion(): void {
    this.#steady?.forget();
    this.#execution.plan();
  }

  /**
   * As `Execution.keep`.
   * @throws NetError where a pass is under way
   */
  keep(blobs: readonly Blob[]): void {
    this.checkIdle();
    if (this.#execution.keep(blobs)) this.#steady?.forget();
  }

  /** As `Execution.fusedLayers`. */
  get fusedLayers(): Execution["fusedLayers"] {
    return this.#execution.fusedLayers;
  }

  /** As `Execution.isForwardOnly`. */
  get isForwardOnly(): boolean {
    return this.#execution.isForwardOnly;
  }

  /** As `Execution.sharesMemory`. */
  get sharesMemory(): boolean {
    return this.#execution.sharesMemory;
  }

  /** As `Execution.showGradient`. */
  showGradient(blob: Blob, isUpdated: boolean): void {
    if (!this.#isRunning) this.#execution.showGradient(blob, isUpdated);
  }

  /**
   * Runs layers [from, to], each reshaped first, and adds their part of the objective to `loss`.
   * @throws NetError where there are no such layers
   */
  async forward(loss: Loss, from = 0, to: number = this.#layers.length - 1): Promise<void> {
    this.#begin(from, to);
    const steady = this.#steadyPasses(from, to);
    let isDone = false;
    try {
      // Native memory that is no longer used is let go in the event loop's turns.
      await this.#eventLoop.mayRun();
      const unsettled = this.device?.settled;
      if (unsettled) await unsettled;
      if (steady?.again()) return;
      steady?.begin();
      for (let i = from; i <= to; i++) {
        const built = this.#layers[i] as BuiltLayer;
        const isSource = built.bottomBlobs.length === 0;
        const began = isSource ? performance.now() : 0;
        const batch = this.#batchOf(built);
        if (batch) await batch;
        if (isSource) this.dataMs += performance.now() - began;
        const arrival = this.device && toHost(readByForward(built));
        if (arrival) await arrival;
        this.#forwardLayer(built, i, from, to);
        if (this.debugInfo) await this.#debug.forward(built);
        this.#tell(this.afterForward, i);
        built.lossWeights.forEach((weight, t) => {
          if (weight !== 0) loss.add(built.topBlobs[t] as Blob, weight, this.#deviceEngine);
        });
        steady?.ran(i);
      }
      isDone = true;
    } finally {
      this.#isRunning = false;
      steady?.end(isDone);
    }
  }

  /** Whether `forwardAgain` is worth a try: the event loop is due no turn, and there is a pass to do again. */
  get mayDoAgain(): boolean {
    const steady = this.#steadyPasses(0, this.#layers.length - 1);
    return steady?.isRecorded === true && !this.#eventLoop.isDue;
  }

  /**
   * A whole pass at once, as the last one again (`SteadyPasses`).
   * @returns false where layers have to be asked: nothing has been done then
   * @throws NetError where a pass is under way
   */
  forwardAgain(): boolean {
    const last = this.#layers.length - 1;
    this.#begin(0, last);
    try {
      return this.#steadyPasses(0, last)?.again() === true;
    } finally {
      this.#isRunning = false;
    }
  }

  /** Undefined where layers have to be run one by one, or not all of them. */
  #steadyPasses(from: number, to: number): SteadyPasses | undefined {
    const isWhole = from === 0 && to === this.#layers.length - 1;
    const isWatched = this.beforeForward.length > 0 || this.afterForward.length > 0;
    return !isWhole || isWatched || this.debugInfo || this.runsApart ? undefined : this.#steady;
  }

  /**
   * `forward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  forwardNow(from = 0, to: number = this.#layers.length - 1): void {
    this.#begin(from, to);
    const steady = this.#steadyPasses(from, to);
    let isDone = false;
    try {
      if (steady?.again()) return;
      steady?.begin();
      for (let i = from; i <= to; i++) {
        const built = this.#layers[i] as BuiltLayer;
        if (this.#batchOf(built) || toHost(readByForward(built))) {
          throw new NetError(
            `layer "${built.name}" has to wait for its data. Expected forward to be awaited.`,
          );
        }
        this.#forwardLayer(built, i, from, to);
        this.#tell(this.afterForward, i);
        steady?.ran(i);
      }
      isDone = true;
    } finally {
      this.#isRunning = false;
      steady?.end(isDone);
    }
  }

  /** What all gradients are multiplied by, so that none is too small for half precision; 1 by default. */
  get gradientScale(): number {
    return this.#gradientScale;
  }

  set gradientScale(scale: number) {
    this.#gradientScale = scale;
    for (const { weightedDiffs } of this.#layers) weightedDiffs.length = 0;
  }

  #forwardLayer(built: BuiltLayer, i: number, from: number, to: number): void {
    this.#checkOpen();
    const { layer, bottomBlobs, topBlobs } = built;
    if (from > 0) checkBottoms(built);
    this.#tell(this.beforeForward, i);
    this.#isInLayer = true;
    try {
      layer.reshape(bottomBlobs, topBlobs);
      writeLossWeights(built, this.#gradientScale);
      // With debug_info layers run one by one, so that each one's own result is logged.
      this.#execution.forward(i, from, to, this.debugInfo || this.runsApart);
    } catch (error) {
      throw withRecord(
        withLayer(error, layer),
        this.#layers.map((one) => one.layer),
      );
    } finally {
      this.#isInLayer = false;
    }
  }

  /** What is to be awaited before a layer's forward. */
  #batchOf({ layer }: BuiltLayer): Promise<void> | undefined {
    this.#isInLayer = true;
    try {
      return layer.ready();
    } finally {
      this.#isInLayer = false;
    }
  }

  /** Lets every source pass over a batch. */
  async skip(): Promise<void> {
    for (const { layer, bottomBlobs, topBlobs } of this.#layers) {
      this.#checkOpen();
      if (bottomBlobs.length === 0) await layer.skip(bottomBlobs, topBlobs);
    }
  }

  /**
   * Goes through the layers from `from` back to `to` and runs the backward of those that need it.
   * @param onComplete told of each layer whose gradients are there
   * @throws NetError where there are no such layers
   */
  async backward(
    from: number = this.#layers.length - 1,
    to = 0,
    onComplete?: LayerCallback,
  ): Promise<void> {
    this.#begin(to, from);
    try {
      for (let i = from; i >= to; i--) {
        const built = this.#layers[i] as BuiltLayer;
        const arrival = this.device && built.needsBackward && toHost(readByBackward(built));
        if (arrival) await arrival;
        this.#backwardLayer(built, i, from, to);
        if (this.debugInfo && built.needsBackward) await this.#debug.backward(built);
        this.#tell(this.afterBackward, i);
        if (onComplete) this.#execution.completedBy(i).forEach(onComplete);
      }
      const isWhole = to === 0 && from === this.#layers.length - 1;
      if (this.debugInfo && isWhole) await this.#debug.norms(this.#learnable);
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * `backward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  backwardNow(from: number = this.#layers.length - 1, to = 0): void {
    this.#begin(to, from);
    try {
      for (let i = from; i >= to; i--) {
        const built = this.#layers[i] as BuiltLayer;
        if (built.needsBackward && toHost(readByBackward(built))) {
          throw new NetError(
            `layer "${built.name}" has to wait for its gradient. Expected backward to be awaited.`,
          );
        }
        this.#backwardLayer(built, i, from, to);
        this.#tell(this.afterBackward, i);
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #backwardLayer({ layer, needsBackward }: BuiltLayer, i: number, from: number, to: number): void {
    this.#checkOpen();
    this.#tell(this.beforeBackward, i);
    if (!needsBackward) return;
    this.#isInLayer = true;
    try {
      this.#execution.backward(i, from, to);
    } catch (error) {
      throw withLayer(error, layer);
    } finally {
      this.#isInLayer = false;
    }
  }

  /** Calls each of `callbacks` as they are now: one may take itself out. */
  #tell(callbacks: readonly LayerCallback[], i: number): void {
    if (callbacks.length === 0) return;
    this.#isInLayer = true;
    try {
      for (const callback of [...callbacks]) {
        doneAtOnce(callback(i), () => {
          throw new NetError(
            "a callback of the net's layers returned a promise. Expected it to be done when it returns: nothing waits for it.",
          );
        });
      }
    } finally {
      this.#isInLayer = false;
    }
  }

  /**
   * A pass of layers `first` to `last` begins.
   * @throws NetError where there are no such layers, or another pass has not ended
   */
  #begin(first: number, last: number): void {
    this.#checkOpen();
    this.#checkRange(first, last);
    this.checkIdle();
    this.#isRunning = true;
  }

  /** @throws NetError where a pass has not ended */
  checkIdle(): void {
    if (!this.#isRunning) return;
    throw new NetError(
      "a pass of the net is under way. Expected it to have been awaited: its layers would mix with what is asked for now.",
    );
  }

  /** Nothing runs from now on: the memory is given back. */
  close(): void {
    this.#isClosed = true;
    this.#steady?.forget();
    this.#execution.close();
  }

  #checkOpen(): void {
    if (!this.#isClosed) return;
    throw new NetError(
      "the net is closed. Expected it to be open: was a pass not awaited before close or the end of `using`?",
    );
  }

  #checkRange(first: number, last: number): void {
    const count = this.#layers.length;
    if (first >= 0 && last < count) return;
    throw new NetError(
      `layers ${first} to ${last} of a net of ${count}. Expected 0 to ${count - 1}.`,
    );
  }
}

/** @throws NetError where a pass that begins behind the net's first layer reads what the pass before has given up */
function checkBottoms({ name, bottoms, bottomBlobs }: BuiltLayer): void {
  const i = bottomBlobs.findIndex(({ dataMem }) => dataMem.isGivenUp);
  if (i < 0) return;
  throw new NetError(
    `layer "${name}" reads blob "${bottoms[i]}", which an earlier pass has given up. Expected a pass from the net's first layer, its values to be written, or a net without forInference.`,
  );
}
