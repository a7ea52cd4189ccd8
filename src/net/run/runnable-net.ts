import type { Blob } from "../../blob/blob.ts";
import type { Device } from "../../engines/engine.ts";
import type { DType } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import { Turns } from "../../util/turns.ts";
import type { BuiltLayer, BuiltNet } from "../build/build.ts";
import { NetGraph } from "../build/graph.ts";
import { closeLayers, forgottenNets, freeBlobs } from "./close-layers.ts";
import type { LayerCallback, LayerRunner } from "./layer-runner.ts";
import { Loss } from "./loss.ts";
import type { NetTurn } from "./net-turn.ts";
import {
  type AllOptions,
  type AllPasses,
  type ArraysByName,
  arraysNow,
  backwardPass,
  forwardPass,
  forwardPassAgain,
  type PassOptions,
  runAll,
  type ValuesByName,
} from "./passes-by-name.ts";

/** The parts of a net that it has only while it is open. */
interface OpenNet {
  readonly layers: readonly BuiltLayer[];
  readonly runner: LayerRunner;
}

/** A graph whose layers run, one pass after the other, until it is closed: the passes of `Net`. */
export abstract class RunnableNet extends NetGraph {
  /** Element type of every blob. */
  readonly dtype: DType;
  readonly beforeForward: LayerCallback[];
  readonly afterForward: LayerCallback[];
  readonly beforeBackward: LayerCallback[];
  readonly afterBackward: LayerCallback[];
  readonly #loss: Loss = new Loss();
  readonly #turns: Turns = new Turns();
  readonly #turn: NetTurn;
  /** Undefined once the net is closed. */
  #whileOpen: OpenNet | undefined;

  protected constructor(name: string, built: BuiltNet, runner: LayerRunner, dtype: DType) {
    super(name, built);
    this.dtype = dtype;
    this.beforeForward = runner.beforeForward;
    this.afterForward = runner.afterForward;
    this.beforeBackward = runner.beforeBackward;
    this.afterBackward = runner.afterBackward;
    this.#whileOpen = { layers: built.layers, runner };
    this.#turn = {
      forward: (loss, from, to) => this.open.runner.forward(loss, from, to),
      backward: (...range) => this.open.runner.backward(...range),
      skip: () => this.open.runner.skip(),
      aside: (work) => this.#turns.aside(work),
    };
  }

  /** Logs the mean size of every top, parameter and gradient as layers run; `debug_info` in the prototxt. */
  get debugInfo(): boolean {
    return this.open.runner.debugInfo;
  }

  set debugInfo(isOn: boolean) {
    this.open.runner.debugInfo = isOn;
  }

  /**
   * What the weights of losses, and so all gradients, are multiplied by in backward; 1 by default.
   * @internal
   */
  get gradientScale(): number {
    return this.open.runner.gradientScale;
  }

  set gradientScale(scale: number) {
    this.open.runner.gradientScale = scale;
  }

  /** By layer: the one that does its work as it does its own (fusion), forward or both ways. */
  get fusedLayers(): ReadonlyMap<number, { readonly layer: number; readonly isBackward: boolean }> {
    return this.open.runner.fusedLayers;
  }

  /** Whether it has no backward: `NetOptions.forwardOnly`, or layers that multiply bytes (`quantization_param`). */
  get isForwardOnly(): boolean {
    return this.open.runner.isForwardOnly;
  }

  /** Whether blobs give up their memory once no layer reads them any more: `NetOptions.sharesMemory`. */
  get sharesMemory(): boolean {
    return this.open.runner.sharesMemory;
  }

  /**
   * Keeps the data of these blobs from the next pass on, where it would be given up (`forInference`, `sharesMemory`): for who reads
   * `net.blob(name)` after a pass. Blobs that a pass is asked for by name are kept without it.
   * @throws NetError where there is no such blob, or a pass is under way
   */
  keep(...names: readonly string[]): void {
    this.open.runner.keep(names.map((name) => this.blob(name)));
  }

  /**
   * From now on layers run one by one, so that whoever looks between them sees what each one makes.
   * @internal
   */
  runApart(): void {
    this.open.runner.runsApart = true;
  }

  /**
   * From now on the blob's `diff` is the gradient before the layers that work on it in place, as each of them alone leaves
   * it. After a backward pass it is so at once, while parameters are those of that pass, or where `isUpdated` says that one
   * update has been taken from them since.
   * @internal
   */
  showGradient(blob: Blob, isUpdated = false): void {
    this.open.runner.showGradient(blob, isUpdated);
  }

  /** @internal Milliseconds that forward passes have waited for batches of the net's sources, or made them. */
  get dataMs(): number {
    return this.open.runner.dataMs;
  }

  /** The device that some of the layers compute on, if there is one. */
  get device(): Device | undefined {
    return this.open.runner.device;
  }

  /**
   * Runs layers [from, to], all by default, each reshaped first, and returns Σ loss_weight · top.
   * @throws NetError where there are no such layers
   */
  forward(from?: number, to?: number): Promise<number>;
  /**
   * Writes the inputs, runs, and gives the outputs (and the other blobs asked for) by name.
   *
   *     const { prob } = await net.forward({ data: image });
   *
   * An array with a shape of its own reshapes the net; inputs that are not given keep what they hold. Inputs are taken at
   * the call, also where the pass has to wait for another: the arrays may be used again at once. What it gives are
   * copies, with `data` alone, that no later pass changes; the net's own blobs are in `net.blobs`.
   *
   * @throws NetError where there is no such input, layer or blob, or counts differ
   */
  forward<Name extends string = string>(
    inputs: ValuesByName,
    options?: PassOptions,
  ): Promise<Record<Name, Blob>>;
  forward(
    from: number | ValuesByName = 0,
    to?: number | PassOptions,
  ): Promise<number | Record<string, Blob>> {
    if (typeof from !== "object") {
      return this.inTurn((turn) =>
        this.#lossOf(turn, from, typeof to === "number" ? to : undefined),
      );
    }
    const options = (to === undefined ? {} : to) as PassOptions;
    this.#checkOutside();
    return this.#forwardByName(from, options);
  }

  async #forwardByName(values: ValuesByName, options: PassOptions): Promise<Record<string, Blob>> {
    const hasToWait = this.#turns.areTaken;
    const inputs = arraysNow(values, hasToWait);
    if (!hasToWait) {
      const outputs = forwardPassAgain(this, this.open.runner, inputs, options);
      if (outputs) return outputs;
    }
    return this.inTurn((turn) => forwardPass(this, turn, inputs, options));
  }

  async #lossOf(turn: NetTurn, from?: number, to?: number): Promise<number> {
    this.#loss.clear();
    await turn.forward(this.#loss, from, to);
    return this.#loss.read();
  }

  /**
   * `forward` of layers of which none waits for anything.
   * @throws NetError where one has to, there are no such layers, or a pass is under way
   */
  forwardNow(from?: number, to?: number): void {
    this.open.runner.forwardNow(from, to);
  }

  /**
   * Goes through the layers from `from` back to `to`, all by default, and runs the backward of those that need it.
   * @throws NetError where there are no such layers
   */
  backward(from?: number, to?: number): Promise<void>;
  /**
   * Writes gradients of the outputs (or other blobs) to their `diff`, runs backward, and gives the inputs, and the
   * other blobs asked for, by name: their gradients are in `diff`. Inputs have one where `force_backward` is set, or the
   * net's option `forceBackward`; reading one that was not computed throws.
   * Gradients are taken at the call, and what it gives are copies, as with `forward`.
   *
   * @throws NetError where there is no such layer or blob, or counts differ
   */
  backward<Name extends string = string>(
    diffs: ValuesByName,
    options?: PassOptions,
  ): Promise<Record<Name, Blob>>;
  backward(
    from?: number | ValuesByName,
    to?: number | PassOptions,
    // biome-ignore lint/suspicious/noConfusingVoidType: which of the two depends on the overload
  ): Promise<Record<string, Blob> | void> {
    if (typeof from !== "object") {
      return this.inTurn((turn) => turn.backward(from, typeof to === "number" ? to : undefined));
    }
    const options = (to === undefined ? {} : to) as PassOptions;
    const diffs = (): ArraysByName => arraysNow(from, this.#turns.areTaken);
    return this.#inTurnWith(diffs, (turn, now) => backwardPass(this, turn, now, options));
  }

  /**
   * `backward` of layers of which none waits for anything.
   * @throws NetError where one has to, there are no such layers, or a pass is under way
   */
  backwardNow(from?: number, to?: number): void {
    this.open.runner.backwardNow(from, to);
  }

  /** One forward and one backward pass, between which no other comes; returns the loss. */
  forwardBackward(): Promise<number> {
    return this.inTurn(async (turn) => {
      const loss = await this.#lossOf(turn);
      await turn.backward();
      return loss;
    });
  }

  /**
   * Runs `work` when all passes asked for before have ended, and lets none begin before it ends: several passes, and what
   * is read and written between them, as one. It runs its passes with the turn it is given; `net.forward` and its like
   * would wait for a turn of their own, and so for ever.
   *
   * @throws NetError where the net is closed, or where one of its own layers or layer callbacks asks
   */
  inTurn<T>(work: (turn: NetTurn) => T | Promise<T>): Promise<T> {
    this.#checkOutside();
    return this.#turns.take(() => {
      this.checkOpen();
      return work(this.#turn);
    });
  }

  /** Takes what a pass is given at once, and runs it in its turn. */
  #inTurnWith<Given, T>(
    take: () => Given,
    pass: (turn: NetTurn, given: Given) => Promise<T>,
  ): Promise<T> {
    this.#checkOutside();
    const run = async (): Promise<T> => {
      const given = take();
      return this.inTurn((turn) => pass(turn, given));
    };
    return run();
  }

  /** Throws at once, as no callback waits for a promise. */
  #checkOutside(): void {
    if (!this.#whileOpen?.runner.isInLayer) return;
    throw new NetError(
      `a pass of net "${this.name}" is asked for by one of its own layers or layer callbacks. Expected it after the pass that runs them, which would wait for it.`,
    );
  }

  /**
   * Runs any number of samples, a batch of the net's size at a time, and gives the outputs (and the other blobs
   * asked for) of all of them by name, as blobs of their own. No other pass comes between the batches.
   */
  forwardAll<Name extends string = string>(
    inputs: ValuesByName,
    options: Pick<AllOptions, "blobs"> = {},
  ): Promise<Record<Name, Blob>> {
    return this.#inTurnWith(
      () => arraysNow(inputs, true),
      async (turn, all) => {
        const { blobs } = await runAll(this, turn, all, undefined, options);
        return blobs as Record<Name, Blob>;
      },
    );
  }

  /** As `forwardAll`, and each batch backward from the gradients of its outputs. */
  forwardBackwardAll(
    inputs: ValuesByName,
    topDiffs: ValuesByName,
    options: AllOptions = {},
  ): Promise<AllPasses> {
    return this.#inTurnWith(
      () => [arraysNow(inputs, true), arraysNow(topDiffs, true)] as const,
      (turn, [all, gradients]) => runAll(this, turn, all, gradients, options),
    );
  }

  /**
   * Lets every layer follow new shapes of the input blobs, without running.
   * @throws NetError where a pass is under way
   */
  reshape(): void {
    this.checkIdle();
    const { layers, runner } = this.open;
    for (const { layer, bottomBlobs, topBlobs } of layers) layer.reshape(bottomBlobs, topBlobs);
    runner.planFusion();
  }

  /** Whether it has not been closed. */
  get isOpen(): boolean {
    return this.#whileOpen !== undefined;
  }

  /** @throws NetError where the net is closed */
  checkOpen(): void {
    if (!this.isOpen) throw new NetError(`net "${this.name}" is closed. Expected one in use.`);
  }

  protected get open(): OpenNet {
    this.checkOpen();
    return this.#whileOpen as OpenNet;
  }

  /** @throws NetError where the net is closed, or a pass has not ended */
  checkIdle(): void {
    this.open.runner.checkIdle();
  }

  /**
   * Gives back files, threads and memory, at once: its blobs are empty then. A pass that is under way or waits for its
   * turn ends with an error, and so does every later call.
   */
  close(): void {
    if (!this.#whileOpen) return;
    const { layers, runner } = this.#whileOpen;
    this.#whileOpen = undefined;
    forgottenNets.unregister(this);
    runner.close();
    try {
      closeLayers(layers);
    } finally {
      freeBlobs(layers);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
