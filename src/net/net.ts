import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { writeHdf5 } from "../io/hdf5/hdf5.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { parseNetParameter } from "../io/text/read-net.ts";
import { encodeCaffemodel } from "../io/weights/caffemodel.ts";
import { checkHdf5Names, hdf5Model } from "../io/weights/hdf5-model.ts";
import { checkSize } from "../io/weights/size-limit.ts";
import { type Log, logOf } from "../util/log.ts";
import { assemble } from "./build/assemble.ts";
import { type NetOptions, withInference } from "./options.ts";
import { forgottenNets } from "./run/close-layers.ts";
import { DebugInfo } from "./run/debug-info.ts";
import { LayerRunner } from "./run/layer-runner.ts";
import { type NetOutput, outputValues, outputValuesNow } from "./run/outputs.ts";
import { RunnableNet } from "./run/runnable-net.ts";
import { type CopiedWeights, copyWeights, unfilledLayers } from "./weights/copy-weights.ts";
import {
  netToParameter,
  ownBlobs,
  readWeights,
  shareWeights,
  type Weights,
} from "./weights/weights.ts";

/**
 * Layers joined by blobs: a graph that runs forward to outputs and a loss, and backward to gradients.
 *
 * Passes of one net wait for each other, in the order in which they were asked for: any number may be asked for at once.
 * Nets with shared weights run side by side.
 *
 * Takes a prototxt; filters it by phase, level and stages, inserts splits, sets up every layer on its engine,
 * plans backward, and finds what can be fused. What a GPU computed has to be brought to the host with `toHost` before
 * it is read there; passes with inputs by name do so themselves. `close` (or `using`) gives back files, threads and memory; so does the collector, some time later.
 *
 * @see Caffe's Net
 */
export class Net extends RunnableNet {
  readonly phase: "TRAIN" | "TEST";
  /** @internal The net as a file would say it: filtered by its state, without splits and weights. */
  readonly written: NetParameter;
  readonly #param: NetParameter;
  readonly #reshare: () => void;
  readonly #log: Log;

  /**
   * @param source the net's prototxt file, or the net as an object; for a text there is `Net.parse`
   * @throws NetError, LayerError, EngineError where the net cannot be built; nothing is left open then
   */
  constructor(source: string | NetParameter, options: NetOptions = {}) {
    const makeInner = (param: NetParameter, inner: NetOptions): Net => new Net(param, inner);
    const assembled = assemble(source, options, makeInner);
    const { param, phase, debugInfo, built, reference, log, isForwardOnly } = assembled;
    const debug = new DebugInfo(reference, log);
    const runner = new LayerRunner(built, debug, debugInfo, {
      ...withInference(options),
      ...(isForwardOnly && { forwardOnly: true }),
    });
    super(param.name ?? "", built, runner, options.dtype ?? "f32");
    this.phase = phase;
    this.written = assembled.written;
    this.#param = param;
    this.#reshare = built.reshare;
    this.#log = log;
    forgottenNets.register(this, { layers: built.layers, log }, this);
    log("info", "net", "Network initialization done.");
    try {
      if (options.weights !== undefined) this.copyFrom(options.weights, log);
      built.fillRest();
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
    return new Net(parseNetParameter(text, "prototxt", logOf(options)), options);
  }

  /** Brings data and gradients of all blobs and parameters to the host, where they lie on a device. */
  async toHost(): Promise<void> {
    this.checkOpen();
    const blobs = [...this.topBlobs.flat(), ...this.learnableParams.map(({ blob }) => blob)];
    await Promise.all([this.statesToHost(), ...blobs.map((blob) => blob.toHost())]);
  }

  /** Brings the parameters to the host, where they lie on a device. */
  async paramsToHost(): Promise<void> {
    this.checkOpen();
    await Promise.all(this.learnableParams.map(({ blob }) => blob.dataMem.toHost()));
  }

  /** Brings what layers carry on to a resumed run to the host. */
  async statesToHost(): Promise<void> {
    this.checkOpen();
    await Promise.all(this.layers.map((layer) => layer.stateToHost()));
  }

  /** Makes parameters shared by name use their owner's memory again, after that was exchanged. */
  reshareParameters(): void {
    this.checkOpen();
    this.#reshare();
  }

  /** Makes the gradient of every learnable parameter zero. */
  clearParamDiffs(): void {
    this.checkOpen();
    for (const { blob } of this.learnableParams) blob.diffMem.zero();
  }

  /** The output blobs' values after a forward pass, in order of their names. */
  async outputValues(): Promise<NetOutput[]> {
    this.checkOpen();
    return outputValues(this);
  }

  /** @internal As `outputValues`, of what they are now, though a device tells it later, when other passes have overwritten them. */
  async outputValuesNow(): Promise<NetOutput[]> {
    this.checkOpen();
    return outputValuesNow(this);
  }

  /**
   * Copies weights of a .caffemodel, an HDF5 file, what `readCaffemodel` gave, or several of them (later ones win), into
   * layers of the same name; the others keep theirs, and in TEST a warning names those that nothing has filled.
   *
   * @returns what came from where
   * @throws FileError, FormatError where a file cannot be read or holds no blobs; NetError where none of its layers is one
   *   of this net with parameters, or counts or shapes differ, or a pass is under way; there is `inTurn` to wait for its end.
   *   Nothing has been copied then.
   * @see Caffe's Net::CopyTrainedLayersFrom
   */
  copyFrom(weights: Weights, log: Log = this.#log): CopiedWeights {
    this.checkIdle();
    return copyWeights([this], readWeights(weights), log)[0] as CopiedWeights;
  }

  /** Layers with parameters that no weights file has filled, nor the prototxt itself as `blobs`: fillers made them. */
  get unfilledLayers(): readonly string[] {
    this.checkOpen();
    return unfilledLayers(this);
  }

  /**
   * Uses the other net's parameter memory for layers of the same name, without copying.
   * @throws NetError where counts or shapes differ, or a pass of this net is under way
   * @see Caffe's Net::ShareTrainedLayersWith
   */
  shareWith(other: Net, log: Log = this.#log): void {
    this.checkIdle();
    other.checkOpen();
    shareWeights(this, other, log);
  }

  /** The net as files hold it: every layer (splits included) with its parameters, and diffs if asked for. */
  toParameter(withDiff = false): NetParameter {
    return netToParameter(this.#param.name, this.open.layers, withDiff);
  }

  /**
   * Writes the weights as a .caffemodel (and diffs if asked for); the file is there whole, or not at all. Warns where it
   * is too large for BVLC Caffe.
   * @throws FileError where it cannot be written, FormatError where it could not be read again: `saveHdf5` has no limit
   */
  save(path: string, withDiff = false): void {
    const blobs = this.open.layers.flatMap(({ layer }) => layer.blobs);
    checkSize(blobs, `"${path}"`, "saveHdf5", this.#log, withDiff ? 2 : 1);
    writeFileAtomically(path, encodeCaffemodel(this.toParameter(withDiff)));
  }

  /** As `save`, in HDF5. */
  saveHdf5(path: string, withDiff = false): void {
    const { layers } = this.open;
    checkHdf5Names(layers.map(({ name, layer }) => ({ name, blobCount: layer.blobs.length })));
    writeHdf5(path, hdf5Model(ownBlobs(this, withDiff)));
  }
}
