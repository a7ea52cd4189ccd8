import type { Blob } from "../blob/blob.ts";
import { referenceOf } from "../engines/choose.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { printPrototxt } from "../io/prototxt.ts";
import type { Blobs, Layer } from "../layers/base/layer.ts";
import { LayerRegistry } from "../layers/registry.ts";
import type { DType } from "../util/arrays.ts";
import { NetError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";
import { type BuiltLayer, buildNet, writeLossWeights } from "./build.ts";
import { DebugInfo } from "./debug-info.ts";
import { type Fusion, findFusions } from "./fusion.ts";
import { insertSplits } from "./insert-splits.ts";
import { located, withRecord } from "./locate.ts";
import type { NetOptions } from "./options.ts";
import type { LearnableParam } from "./parameters.ts";
import { filterByState, mergeStates } from "./state.ts";
import { copyWeights, netToParameter, shareWeights, type TrainedWeights } from "./weights.ts";

/** Called before or after a layer runs; `index` counts the net's layers. */
export type LayerCallback = (index: number) => void;

/** The value of one output blob after a forward pass. */
export interface NetOutput {
  readonly name: string;
  readonly lossWeight: number;
  readonly values: ArrayLike<number>;
}

/**
 * Layers joined by blobs: a graph that runs forward to outputs and a loss, and backward to gradients.
 *
 * Takes an upgraded NetParameter; filters it by phase, level and stages, inserts splits, sets up every
 * layer on its engine, plans backward, and finds what can be fused. Only `forward` waits for anything
 * (batches that are still being read).
 *
 * @see Caffe's Net
 */
export class Net {
  readonly name: string;
  readonly phase: "TRAIN" | "TEST";
  /** Element type of every blob. */
  readonly dtype: DType;
  readonly blobs: ReadonlyMap<string, Blob>;
  readonly inputNames: readonly string[];
  /** Blobs that no layer reads, in alphabetical order. */
  readonly outputNames: readonly string[];
  readonly learnableParams: readonly LearnableParam[];
  /** Bytes of all tops, as Caffe counts them. */
  readonly memoryBytes: number;
  readonly beforeForward: LayerCallback[] = [];
  readonly afterForward: LayerCallback[] = [];
  readonly beforeBackward: LayerCallback[] = [];
  readonly afterBackward: LayerCallback[] = [];
  /** Logs the mean size of every top, parameter and gradient as layers run; `debug_info` in the prototxt. */
  debugInfo: boolean;
  readonly #built: readonly BuiltLayer[];
  readonly #debug: DebugInfo;
  readonly #reshare: () => void;
  readonly #param: NetParameter;
  readonly #log: Log;
  #fusions: ReadonlyMap<number, Fusion> = new Map();
  #fusedFollowers: ReadonlyMap<number, Fusion> = new Map();

  /**
   * @throws NetError, LayerError, EngineError where the net cannot be built; nothing is left open then
   */
  constructor(param: NetParameter, options: NetOptions) {
    const log = options.log ?? silent;
    const state = mergeStates(param.state, {
      phase: options.phase,
      ...(options.level !== undefined && { level: options.level }),
      ...(options.stages !== undefined && { stage: [...options.stages] }),
    });
    this.name = param.name ?? "";
    this.phase = state.phase;
    this.dtype = options.dtype ?? "f32";
    const { dtype } = this;
    const [ready, built] = located(param, () => {
      const filtered = filterByState(param, state, log);
      if (log !== silent) {
        const { phase, level, stages } = state;
        const shown = { ...withoutBlobs(filtered), state: { phase, level, stage: [...stages] } };
        log(
          "info",
          "net",
          `Initializing net from parameters: \n${printPrototxt("NetParameter", shown)}`,
        );
      }
      const split = insertSplits(filtered);
      return [
        split,
        buildNet(split, {
          ...options,
          engines: dtype === "f64" ? [referenceOf(options.engines)] : options.engines,
          phase: state.phase,
          seed: options.seed ?? 1,
          dtype,
          log,
          registry: options.registry ?? new LayerRegistry(),
          buildNet: (inner) =>
            new Net(inner, { ...options, log, phase: state.phase, level: 0, stages: [] }),
        }),
      ] as const;
    });
    this.#param = ready;
    this.#log = log;
    this.#built = built.layers;
    this.blobs = built.blobs;
    this.inputNames = built.inputs;
    this.outputNames = built.outputs;
    this.learnableParams = built.learnable;
    this.memoryBytes = built.memoryBytes;
    this.#reshare = built.reshare;
    this.debugInfo = param.debug_info ?? false;
    this.#debug = new DebugInfo(referenceOf(options.engines), log);
    this.#planFusion();
    log("info", "net", "Network initialization done.");
  }

  get layers(): readonly Layer[] {
    return this.#built.map(({ layer }) => layer);
  }

  get layerNames(): readonly string[] {
    return this.#built.map(({ name }) => name);
  }

  get blobNames(): readonly string[] {
    return [...this.blobs.keys()];
  }

  get inputBlobs(): Blobs {
    return this.inputNames.map((name) => this.blob(name));
  }

  get outputBlobs(): Blobs {
    return this.outputNames.map((name) => this.blob(name));
  }

  get bottomBlobs(): readonly Blobs[] {
    return this.#built.map(({ bottomBlobs }) => bottomBlobs);
  }

  get topBlobs(): readonly Blobs[] {
    return this.#built.map(({ topBlobs }) => topBlobs);
  }

  get bottomNeedsBackward(): readonly (readonly boolean[])[] {
    return this.#built.map(({ bottomNeedsBackward }) => bottomNeedsBackward);
  }

  /** Per layer: whether backward runs it. */
  get layerNeedsBackward(): readonly boolean[] {
    return this.#built.map(({ needsBackward }) => needsBackward);
  }

  /** Per layer and top: its weight in the objective, 0 for none. */
  get lossWeights(): readonly (readonly number[])[] {
    return this.#built.map(({ lossWeights }) => lossWeights);
  }

  /**
   * The blob of that name.
   * @throws NetError where there is none
   */
  blob(name: string): Blob {
    const blob = this.blobs.get(name);
    if (!blob) throw new NetError(`net "${this.name}" has no blob "${name}".`);
    return blob;
  }

  /**
   * Runs layers [from, to], all by default, each reshaped first, and returns Σ loss_weight · top.
   * @throws NetError where there are no such layers
   */
  async forward(from = 0, to: number = this.#built.length - 1): Promise<number> {
    this.#checkRange(from, to);
    let loss = 0;
    for (let i = from; i <= to; i++) {
      const wait = this.#built[i]?.layer.ready();
      if (wait) await wait;
      loss += this.#forwardLayer(i, from, to);
    }
    return loss;
  }

  /**
   * `forward` of layers of which none waits for anything.
   * @throws NetError where one has to, or there are no such layers
   */
  forwardNow(from = 0, to: number = this.#built.length - 1): number {
    this.#checkRange(from, to);
    let loss = 0;
    for (let i = from; i <= to; i++) {
      if (this.#built[i]?.layer.ready()) {
        throw new NetError(
          `layer "${this.layerNames[i]}" has to wait for its data. Expected forward to be awaited.`,
        );
      }
      loss += this.#forwardLayer(i, from, to);
    }
    return loss;
  }

  #forwardLayer(i: number, from: number, to: number): number {
    const built = this.#built[i] as BuiltLayer;
    const { layer, bottomBlobs, topBlobs } = built;
    for (const callback of this.beforeForward) callback(i);
    layer.reshape(bottomBlobs, topBlobs);
    writeLossWeights(built);
    // What debug_info says of a layer is about its own result, not that of the one behind it.
    const takenOver = this.debugInfo ? undefined : this.#fusedFollowers.get(i);
    if (!takenOver || takenOver.producer < from) {
      const fusion = this.debugInfo ? undefined : this.#fusions.get(i);
      const post = fusion && fusion.follower <= to ? fusion.post : undefined;
      try {
        layer.forward(bottomBlobs, topBlobs, post);
      } catch (error) {
        throw withRecord(error, this.layers);
      }
    }
    if (this.debugInfo) this.#debug.forward(built);
    for (const callback of this.afterForward) callback(i);
    return weightedLoss(built);
  }

  /**
   * Goes through the layers from `from` back to `to`, all by default, and runs the backward of those that need it.
   * @throws NetError where there are no such layers
   */
  backward(from: number = this.#built.length - 1, to = 0): void {
    this.#checkRange(to, from);
    for (let i = from; i >= to; i--) {
      const built = this.#built[i] as BuiltLayer;
      for (const callback of this.beforeBackward) callback(i);
      if (built.needsBackward) {
        built.layer.backward(built.topBlobs, built.bottomNeedsBackward, built.bottomBlobs);
        if (this.debugInfo) this.#debug.backward(built);
      }
      for (const callback of this.afterBackward) callback(i);
    }
    const isWhole = to === 0 && from === this.#built.length - 1;
    if (this.debugInfo && isWhole) this.#debug.norms(this.learnableParams);
  }

  #checkRange(first: number, last: number): void {
    const count = this.#built.length;
    if (first >= 0 && last < count) return;
    throw new NetError(
      `layers ${first} to ${last} of a net of ${count}. Expected 0 to ${count - 1}.`,
    );
  }

  /** One forward and one backward pass; returns the loss. */
  async forwardBackward(): Promise<number> {
    const loss = await this.forward();
    this.backward();
    return loss;
  }

  /** Lets every layer follow new shapes of the input blobs, without running. */
  reshape(): void {
    for (const { layer, bottomBlobs, topBlobs } of this.#built) {
      layer.reshape(bottomBlobs, topBlobs);
    }
    this.#planFusion();
  }

  /** Makes parameters shared by name use their owner's memory again, after that was exchanged. */
  reshareParameters(): void {
    this.#reshare();
  }

  /** Makes the gradient of every learnable parameter zero. */
  clearParamDiffs(): void {
    for (const { blob } of this.learnableParams) blob.diff.zero();
  }

  /** The output blobs' values after a forward pass, in order of their names. */
  outputs(): NetOutput[] {
    return this.outputNames.map((name) => ({
      name,
      lossWeight: this.lossWeightOf(name),
      values: this.blob(name).values(),
    }));
  }

  /** The weight in the objective of the output of that name; 0 where it is none. */
  lossWeightOf(name: string): number {
    for (const { tops, lossWeights } of this.#built) {
      const weight = lossWeights[tops.indexOf(name)];
      if (weight) return weight;
    }
    return 0;
  }

  /**
   * Copies the parameters of layers that have the same name; the others keep theirs.
   * @throws NetError where counts or shapes differ
   */
  copyTrainedLayersFrom(weights: TrainedWeights, log: Log = this.#log): void {
    const owners = new Set(this.learnableParams.map(({ blob }) => blob));
    copyWeights(this.layerNames, this.layers, weights, (blob) => owners.has(blob), log);
  }

  /**
   * Uses the other net's parameter memory for layers of the same name, without copying.
   * @throws NetError where counts or shapes differ
   */
  shareTrainedLayersWith(other: Net, log: Log = this.#log): void {
    shareWeights(this, other, log);
  }

  /** The net as files hold it: every layer (splits included) with its parameters, and diffs if asked for. */
  toParameter(withDiff = false): NetParameter {
    return netToParameter(this.#param.name, this.#built, withDiff);
  }

  /** Gives back files, threads and memory. */
  close(): void {
    for (const { layer } of this.#built) layer.close();
  }

  #planFusion(): void {
    const fusions = findFusions(this.layers, this.bottomBlobs, this.topBlobs);
    this.#fusions = new Map(fusions.map((fusion) => [fusion.producer, fusion]));
    this.#fusedFollowers = new Map(fusions.map((fusion) => [fusion.follower, fusion]));
  }
}

/** Σ loss_weight · top of one layer. */
function weightedLoss({ lossWeights, topBlobs }: BuiltLayer): number {
  let loss = 0;
  for (let t = 0; t < lossWeights.length; t++) {
    const weight = lossWeights[t];
    const top = topBlobs[t];
    if (!weight || !top) continue;
    for (const value of top.values()) loss += weight * value;
  }
  return loss;
}

/** The net without weights that its prototxt may hold: too much for a log. */
function withoutBlobs(param: NetParameter): NetParameter {
  return { ...param, layer: (param.layer ?? []).map(({ blobs: _blobs, ...layer }) => layer) };
}
