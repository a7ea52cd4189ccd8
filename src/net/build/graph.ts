import type { Blob } from "../../blob/blob.ts";
import type { Blobs, Layer } from "../../layers/base/layer.ts";
import { NetError } from "../../util/errors.ts";
import { nearestText } from "../../util/nearest.ts";
import type { BuiltLayer, BuiltNet } from "./build.ts";
import { type LearnableParam, paramsOf } from "./parameters.ts";

/** The layers of a net and the blobs between them, by index and by name. */
export class NetGraph {
  readonly name: string;
  /** Every blob by its name, in the order of the net. */
  readonly blobs: ReadonlyMap<string, Blob>;
  /** The blobs of each layer that has any, by the layer's key: see `layerKeys`. */
  readonly params: ReadonlyMap<string, Blobs>;
  /** Names of the blobs that Input layers make. */
  readonly inputs: readonly string[];
  /** Names of the blobs that no layer reads, in alphabetical order. */
  readonly outputs: readonly string[];
  readonly learnableParams: readonly LearnableParam[];
  /** Numbers that all its parameters hold; those that layers share count once. */
  readonly parameterCount: number;
  /** Bytes of all tops, as Caffe counts them. */
  readonly memoryBytes: number;
  /** The layers with all that running them takes. */
  readonly #built: readonly BuiltLayer[];

  protected constructor(name: string, built: BuiltNet) {
    this.name = name;
    this.blobs = built.blobs;
    this.params = paramsOf(built.layers);
    this.inputs = built.inputs;
    this.outputs = built.outputs;
    this.learnableParams = built.learnable;
    this.parameterCount = built.learnable.reduce((sum, { blob }) => sum + blob.count(), 0);
    this.memoryBytes = built.memoryBytes;
    this.#built = built.layers;
  }

  get layers(): readonly Layer[] {
    return this.#built.map(({ layer }) => layer);
  }

  get layerNames(): readonly string[] {
    return this.#built.map(({ name }) => name);
  }

  /**
   * What tells each layer from the others: its name, and for layers that come after one of the same name `<name>#2`,
   * `<name>#3`, ….
   */
  get layerKeys(): readonly string[] {
    return this.#built.map(({ key }) => key);
  }

  /**
   * The index in `layers` of the layer of that name; of several of one name the first, and the others by their keys.
   * @throws NetError where there is none
   */
  layerIndex(name: string): number {
    const index = this.#built.findIndex(({ key }) => key === name);
    if (index >= 0) return index;
    throw new NetError(
      `net "${this.name}" has no layer "${name}".${nearestText(name, this.layerNames)}`,
    );
  }

  /** The layer of that name; throws as `layerIndex`. */
  layer(name: string): Layer {
    return this.layers[this.layerIndex(name)] as Layer;
  }

  /** The names of a layer's bottoms; throws as `layerIndex`. */
  bottomNames(layer: string): readonly string[] {
    return this.#built[this.layerIndex(layer)]?.bottoms ?? [];
  }

  /** The names of a layer's tops; throws as `layerIndex`. */
  topNames(layer: string): readonly string[] {
    return this.#built[this.layerIndex(layer)]?.tops ?? [];
  }

  get blobNames(): readonly string[] {
    return [...this.blobs.keys()];
  }

  get inputBlobs(): Blobs {
    return this.inputs.map((name) => this.blob(name));
  }

  get outputBlobs(): Blobs {
    return this.outputs.map((name) => this.blob(name));
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
    if (blob) return blob;
    throw new NetError(
      `net "${this.name}" has no blob "${name}".${nearestText(name, this.blobs.keys())}`,
    );
  }
}
