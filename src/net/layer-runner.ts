import type { Blob } from "../blob/blob.ts";
import type { Device, Engine } from "../engines/engine.ts";
import { NetError } from "../util/errors.ts";
import { type BuiltLayer, type BuiltNet, writeLossWeights } from "./build.ts";
import type { DebugInfo } from "./debug-info.ts";
import { Execution, type ExecutionOptions } from "./execution.ts";
import { readByBackward, readByForward, toHost } from "./host-access.ts";
import { withRecord } from "./locate.ts";
import type { Loss } from "./loss.ts";
import type { LearnableParam } from "./parameters.ts";

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
  readonly #layers: readonly BuiltLayer[];
  #isClosed = false;
  readonly #learnable: readonly LearnableParam[];
  readonly #debug: DebugInfo;
  /** The engine that has a device, where some of the layers compute on it. */
  readonly #deviceEngine: Engine | undefined;
  readonly #execution: Execution;

  constructor(built: BuiltNet, debug: DebugInfo, debugInfo: boolean, options: ExecutionOptions) {
    const { layers, learnable } = built;
    this.#layers = layers;
    this.#learnable = learnable;
    this.#debug = debug;
    this.debugInfo = debugInfo;
    this.#deviceEngine = layers.find(({ layer }) => layer.device)?.layer.computedBy;
    this.#execution = new Execution(built, options);
  }

  /** The device that some of the layers compute on, if there is one. */
  get device(): Device | undefined {
    return this.#deviceEngine?.device;
  }

  /** Finds anew what can be fused, after shapes have changed. */
  planFusion(): void {
    this.#execution.plan();
  }

  /**
   * Runs layers [from, to], each reshaped first, and adds their part of the objective to `loss`.
   * @throws NetError where there are no such layers
   */
  async forward(from: number, to: number, loss: Loss): Promise<void> {
    this.#checkRange(from, to);
    const unsettled = this.device?.settled;
    if (unsettled) await unsettled;
    for (let i = from; i <= to; i++) {
      const built = this.#layers[i] as BuiltLayer;
      const batch = built.layer.ready();
      if (batch) await batch;
      const arrival = this.device && toHost(readByForward(built));
      if (arrival) await arrival;
      this.#forwardLayer(built, i, from, to);
      if (this.debugInfo) await this.#debug.forward(built);
      for (const callback of this.afterForward) callback(i);
      built.lossWeights.forEach((weight, t) => {
        if (weight !== 0) loss.add(built.topBlobs[t] as Blob, weight, this.#deviceEngine);
      });
    }
  }

  /**
   * `forward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  forwardNow(from = 0, to: number = this.#layers.length - 1): void {
    this.#checkRange(from, to);
    for (let i = from; i <= to; i++) {
      const built = this.#layers[i] as BuiltLayer;
      if (built.layer.ready() || toHost(readByForward(built))) {
        throw new NetError(
          `layer "${built.name}" has to wait for its data. Expected forward to be awaited.`,
        );
      }
      this.#forwardLayer(built, i, from, to);
      for (const callback of this.afterForward) callback(i);
    }
  }

  #forwardLayer(built: BuiltLayer, i: number, from: number, to: number): void {
    this.#checkOpen();
    const { layer, bottomBlobs, topBlobs } = built;
    for (const callback of this.beforeForward) callback(i);
    layer.reshape(bottomBlobs, topBlobs);
    writeLossWeights(built);
    try {
      // What debug_info says of a layer is about its own result, not that of the one behind it.
      this.#execution.forward(i, from, to, this.debugInfo);
    } catch (error) {
      throw withRecord(
        error,
        this.#layers.map((one) => one.layer),
      );
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
    this.#checkRange(to, from);
    for (let i = from; i >= to; i--) {
      const built = this.#layers[i] as BuiltLayer;
      const arrival = this.device && built.needsBackward && toHost(readByBackward(built));
      if (arrival) await arrival;
      this.#backwardLayer(built, i, from, to);
      if (this.debugInfo && built.needsBackward) await this.#debug.backward(built);
      for (const callback of this.afterBackward) callback(i);
      if (onComplete) this.#execution.completedBy(i).forEach(onComplete);
    }
    const isWhole = to === 0 && from === this.#layers.length - 1;
    if (this.debugInfo && isWhole) await this.#debug.norms(this.#learnable);
  }

  /**
   * `backward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  backwardNow(from: number = this.#layers.length - 1, to = 0): void {
    this.#checkRange(to, from);
    for (let i = from; i >= to; i--) {
      const built = this.#layers[i] as BuiltLayer;
      if (built.needsBackward && toHost(readByBackward(built))) {
        throw new NetError(
          `layer "${built.name}" has to wait for its gradient. Expected backward to be awaited.`,
        );
      }
      this.#backwardLayer(built, i, from, to);
      for (const callback of this.afterBackward) callback(i);
    }
  }

  #backwardLayer({ needsBackward }: BuiltLayer, i: number, from: number, to: number): void {
    this.#checkOpen();
    for (const callback of this.beforeBackward) callback(i);
    if (needsBackward) this.#execution.backward(i, from, to);
  }

  /** Nothing runs from now on: the memory is given back. */
  close(): void {
    this.#isClosed = true;
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
