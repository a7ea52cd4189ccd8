import type { Blob } from "../blob/blob.ts";
import type { Device } from "../engines/engine.ts";
import { writeFileAtomically } from "../io/atomic-file.ts";
import { encodeCaffemodel } from "../io/caffemodel.ts";
import { writeHdf5 } from "../io/hdf5.ts";
import { checkHdf5Names, hdf5Model } from "../io/hdf5-model.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { parseNetParameter } from "../io/read-net.ts";
import type { DType } from "../util/arrays.ts";
import { NetError } from "../util/errors.ts";
import { EventLoop } from "../util/event-loop.ts";
import { type Log, silent } from "../util/log.ts";
import { type AllOptions, type AllPasses, runAll } from "./all.ts";
import { assemble } from "./assemble.ts";
import { closeLayers, forgottenNets } from "./close-layers.ts";
import { type CopiedWeights, copyWeights, unfilledLayers } from "./copy-weights.ts";
import { DebugInfo } from "./debug-info.ts";
import { NetGraph } from "./graph.ts";
import { type LayerCallback, LayerRunner } from "./layer-runner.ts";
import { Loss } from "./loss.ts";
import type { NetOptions } from "./options.ts";
import {
  backwardPass,
  forwardPass,
  type NetOutput,
  outputValues,
  type PassOptions,
  type ValuesByName,
} from "./pass.ts";
import { netToParameter, ownBlobs, readWeights, shareWeights, type Weights } from "./weights.ts";

/**
 * Layers joined by blobs: a graph that runs forward to outputs and a loss, and backward to gradients.
 *
 * Takes a prototxt; filters it by phase, level and stages, inserts splits, sets up every layer on its engine,
 * plans backward, and finds what can be fused. What a GPU computed has to be brought to the host with `toHost` before
 * it is read there; passes with inputs by name do so themselves. `close` (or `using`) gives back files, threads and memory; so does the collector, some time later.
 *
 * @see Caffe's Net
 */
export class Net extends NetGraph {
  readonly phase: "TRAIN" | "TEST";
  /** Element type of every blob. */
  readonly dtype: DType;
  readonly beforeForward: LayerCallback[];
  readonly afterForward: LayerCallback[];
  readonly beforeBackward: LayerCallback[];
  readonly afterBackward: LayerCallback[];
  readonly #runner: LayerRunner;
  readonly #loss: Loss = new Loss();
  readonly #reshare: () => void;
  readonly #param: NetParameter;
  readonly #log: Log;
  readonly #eventLoop = new EventLoop();
  #isClosed = false;

  /**
   * @param source the net's prototxt file, or the net as an object; for a text there is `Net.parse`
   * @throws NetError, LayerError, EngineError where the net cannot be built; nothing is left open then
   */
  constructor(source: string | NetParameter, options: NetOptions = {}) {
    const makeInner = (param: NetParameter, inner: NetOptions): Net => new Net(param, inner);
    const { param, phase, debugInfo, built, reference, log } = assemble(source, options, makeInner);
    super(param.name ?? "", built);
    this.phase = phase;
    this.dtype = options.dtype ?? "f32";
    this.#param = param;
    this.#log = log;
    this.#reshare = built.reshare;
    const debug = new DebugInfo(reference, log);
    this.#runner = new LayerRunner(built, debug, debugInfo, options);
    this.beforeForward = this.#runner.beforeForward;
    this.afterForward = this.#runner.afterForward;
    this.beforeBackward = this.#runner.beforeBackward;
    this.afterBackward = this.#runner.afterBackward;
    forgottenNets.register(this, { layers: this.built, log }, this);
    log("info", "net", "Network initialization done.");
    try {
      if (options.weights !== undefined) this.copyFrom(options.weights, log);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * A net from the text of a prototxt.
   * @throws PrototxtError, and what the constructor throws
   */
  static parse(text: string, options: NetOptions = {}): Net {
    return new Net(parseNetParameter(text, "prototxt", options.log ?? silent), options);
  }

  /** Logs the mean size of every top, parameter and gradient as layers run; `debug_info` in the prototxt. */
  get debugInfo(): boolean {
    return this.#runner.debugInfo;
  }

  set debugInfo(isOn: boolean) {
    this.#runner.debugInfo = isOn;
  }

  /** The device that some of the layers compute on, if there is one. */
  get device(): Device | undefined {
    return this.#runner.device;
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
   * An array with a shape of its own reshapes the net; inputs that are not given keep what they hold. The blobs are
   * the net's own: copy what must outlive the next pass.
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
    return typeof from === "object"
      ? forwardPass(this, from, typeof to === "object" ? to : {})
      : this.#forward(from, typeof to === "number" ? to : this.built.length - 1);
  }

  async #forward(from: number, to: number): Promise<number> {
    this.#loss.clear();
    await this.#run(from, to, this.#loss);
    return this.#loss.read();
  }

  async #run(from: number, to: number, loss: Loss): Promise<void> {
    if (this.#isClosed) throw new NetError(`net "${this.name}" is closed. Expected one in use.`);
    // Native memory that is no longer used is let go in the event loop's turns.
    await this.#eventLoop.mayRun();
    await this.#runner.forward(from, to, loss);
  }

  /**
   * `forward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  forwardNow(from?: number, to?: number): void {
    this.#runner.forwardNow(from, to);
  }

  /**
   * Goes through the layers from `from` back to `to`, all by default, and runs the backward of those that need it.
   * @throws NetError where there are no such layers
   */
  backward(from?: number, to?: number): Promise<void>;
  /**
   * Writes gradients of the outputs (or other blobs) to their `diff`, runs backward, and gives the inputs, and the
   * other blobs asked for, by name: their gradients are in `diff`. Inputs have one where `force_backward` is set.
   *
   * @throws NetError where there is no such layer or blob, or counts differ
   */
  backward<Name extends string = string>(
    diffs: ValuesByName,
    options?: PassOptions,
  ): Promise<Record<Name, Blob>>;
  async backward(
    from?: number | ValuesByName,
    to?: number | PassOptions,
    // biome-ignore lint/suspicious/noConfusingVoidType: which of the two depends on the overload
  ): Promise<Record<string, Blob> | void> {
    if (typeof from === "object") return backwardPass(this, from, typeof to === "object" ? to : {});
    return this.#runner.backward(from, typeof to === "number" ? to : undefined);
  }

  /**
   * `backward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  backwardNow(from?: number, to?: number): void {
    this.#runner.backwardNow(from, to);
  }

  /** One forward and one backward pass; returns the loss. */
  async forwardBackward(): Promise<number> {
    const loss = await this.forward();
    await this.backward();
    return loss;
  }

  /** A forward pass whose loss is added to `loss`: nobody waits for a device to tell it. */
  async forwardInto(loss: Loss): Promise<void> {
    await this.#run(0, this.built.length - 1, loss);
  }

  /** A backward pass that tells of each layer as soon as the gradients of its parameters are there. */
  async backwardTelling(onComplete: LayerCallback): Promise<void> {
    await this.#runner.backward(undefined, undefined, onComplete);
  }

  /** Brings data and gradients of all blobs and parameters to the host, where they lie on a device. */
  async toHost(): Promise<void> {
    const blobs = [...this.topBlobs.flat(), ...this.learnableParams.map(({ blob }) => blob)];
    await Promise.all([this.statesToHost(), ...blobs.map((blob) => blob.toHost())]);
  }

  /** Brings the parameters to the host, where they lie on a device. */
  async paramsToHost(): Promise<void> {
    await Promise.all(this.learnableParams.map(({ blob }) => blob.dataMem.toHost()));
  }

  /** Brings what layers carry on to a resumed run to the host. */
  async statesToHost(): Promise<void> {
    await Promise.all(this.layers.map((layer) => layer.stateToHost()));
  }

  /**
   * Runs any number of samples, a batch of the net's size at a time, and gives the outputs (and the other blobs
   * asked for) of all of them by name, as blobs of their own.
   */
  async forwardAll<Name extends string = string>(
    inputs: ValuesByName,
    options: Pick<AllOptions, "blobs"> = {},
  ): Promise<Record<Name, Blob>> {
    return (await runAll(this, inputs, undefined, options)).blobs as Record<Name, Blob>;
  }

  /** As `forwardAll`, and each batch backward from the gradients of its outputs. */
  forwardBackwardAll(
    inputs: ValuesByName,
    topDiffs: ValuesByName,
    options: AllOptions = {},
  ): Promise<AllPasses> {
    return runAll(this, inputs, topDiffs, options);
  }

  /** Lets every layer follow new shapes of the input blobs, without running. */
  reshape(): void {
    for (const { layer, bottomBlobs, topBlobs } of this.built) {
      layer.reshape(bottomBlobs, topBlobs);
    }
    this.#runner.planFusion();
  }

  /** Makes parameters shared by name use their owner's memory again, after that was exchanged. */
  reshareParameters(): void {
    this.#reshare();
  }

  /** Makes the gradient of every learnable parameter zero. */
  clearParamDiffs(): void {
    for (const { blob } of this.learnableParams) blob.diffMem.zero();
  }

  /** The output blobs' values after a forward pass, in order of their names. */
  outputValues(): Promise<NetOutput[]> {
    return outputValues(this);
  }

  /**
   * Copies weights of a .caffemodel, an HDF5 file, what `readCaffemodel` gave, or several of them (later ones win), into
   * layers of the same name; the others keep theirs, and in TEST a warning names those that nothing has filled.
   *
   * @returns what came from where
   * @throws FileError, FormatError where a file cannot be read or holds no blobs; NetError where none of its layers is one
   *   of this net with parameters, or counts or shapes differ. Nothing has been copied then.
   * @see Caffe's Net::CopyTrainedLayersFrom
   */
  copyFrom(weights: Weights, log: Log = this.#log): CopiedWeights {
    return copyWeights([this], readWeights(weights), log)[0] as CopiedWeights;
  }

  /** Layers with parameters that no weights file has filled, nor the prototxt itself as `blobs`: fillers made them. */
  get unfilledLayers(): readonly string[] {
    return unfilledLayers(this);
  }

  /**
   * Uses the other net's parameter memory for layers of the same name, without copying.
   * @throws NetError where counts or shapes differ
   * @see Caffe's Net::ShareTrainedLayersWith
   */
  shareWith(other: Net, log: Log = this.#log): void {
    shareWeights(this, other, log);
  }

  /** The net as files hold it: every layer (splits included) with its parameters, and diffs if asked for. */
  toParameter(withDiff = false): NetParameter {
    return netToParameter(this.#param.name, this.built, withDiff);
  }

  /** Writes the weights as a .caffemodel (and diffs if asked for); the file is there whole, or not at all. */
  save(path: string, withDiff = false): void {
    writeFileAtomically(path, encodeCaffemodel(this.toParameter(withDiff)));
  }

  /** As `save`, in HDF5. */
  saveHdf5(path: string, withDiff = false): void {
    checkHdf5Names(this.built.map(({ name, layer }) => ({ name, blobCount: layer.blobs.length })));
    writeHdf5(path, hdf5Model(ownBlobs(this, withDiff)));
  }

  /** Gives back files, threads and memory: its blobs are empty then, and it cannot run any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    forgottenNets.unregister(this);
    this.#runner.close();
    try {
      closeLayers(this.built);
    } finally {
      for (const { layer, topBlobs } of this.built) {
        for (const blob of [...topBlobs, ...layer.blobs]) blob.free();
      }
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
