import type { Blob } from "../../blob/blob.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import type { Net } from "../../net/net.ts";
import { type Axis, Operand } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import type { GraphValue } from "../graph/model.ts";
import { endOf, isEnd, PROBABILITIES } from "./ends.ts";
import type { AxesOfBlobs } from "./free-axes.ts";
import { type Preparation, prepareInGraph } from "./preparation.ts";
import { type SharedWeights, Site } from "./site.ts";
import { translationOf } from "./translations.ts";

/** Goes through a net's layers and writes each to the graph. */
export class Translator {
  readonly inputs: GraphValue[] = [];
  readonly #net: Net;
  readonly #graph: GraphBuilder;
  readonly #axes: AxesOfBlobs;
  #preparation: Preparation | undefined;
  readonly #registry: LayerRegistry = new LayerRegistry();
  readonly #shared: SharedWeights = new Map();
  /** The value that each blob holds by now, by its name. */
  readonly #values: Map<string, string> = new Map();
  /** Values that already are what a blob is called after. */
  readonly #named: Set<string> = new Set();
  /** Blobs that a layer has made, or let pass. */
  readonly #passed: Set<string> = new Set();
  /** Outputs that stand for losses and scores. */
  readonly #ends: {
    readonly name: string;
    readonly layer: string;
    readonly value: string;
    readonly axes: readonly Axis[];
    readonly isComputed: boolean;
  }[] = [];

  /** @param preparation what is done to the first input of images */
  constructor(net: Net, graph: GraphBuilder, axes: AxesOfBlobs, preparation?: Preparation) {
    this.#net = net;
    this.#preparation = preparation;
    this.#graph = graph;
    this.#axes = axes;
    for (const name of net.blobNames) graph.unique(name);
  }

  /** Writes all layers; gives the graph's outputs. */
  run(): GraphValue[] {
    this.#net.layers.forEach((_, i) => {
      this.#layer(i);
    });
    const read = new Set(this.#graph.nodes.flatMap(({ inputs }) => inputs));
    const outputs = this.#net.outputs
      .filter((name) => this.#passed.has(name))
      .map((name) =>
        this.#output(name, this.#values.get(name) ?? "", this.#axesOf(this.#net.blob(name))),
      );
    // What goes on through other layers is no end.
    const ends = this.#ends.filter(
      ({ value }, i) =>
        !read.has(value) &&
        !this.#isInput(value) &&
        this.#ends.findIndex((end) => end.value === value) === i,
    );
    for (const { name, layer, value, axes, isComputed } of ends) {
      const isAlone = ends.filter((end) => end.name === name).length === 1;
      const isBlob = this.#net.blobs.has(name);
      const own =
        isBlob && name !== PROBABILITIES
          ? name
          : this.#graph.unique(isAlone ? name : `${name}/${layer}`);
      outputs.push({ ...this.#output(own, value, axes), ...(isComputed && { loss: layer }) });
    }
    return outputs;
  }

  #axesOf(blob: Blob): readonly Axis[] {
    return this.#axes.get(blob) ?? blob.shape;
  }

  #layer(index: number): void {
    const net = this.#net;
    const layer = net.layers[index] as Net["layers"][number];
    const { type = "" } = layer.param;
    const key = net.layerKeys[index] ?? "";
    const [bottomBlobs, topBlobs] = [net.bottomBlobs[index] ?? [], net.topBlobs[index] ?? []];
    const bottomNames = net.bottomNames(key);
    const topNames = net.topNames(key);
    if (this.#registry.roleOf(type) === "input") {
      topNames.forEach((name, i) => {
        this.#values.set(name, name);
        this.#named.add(name);
        this.inputs.push({ name, axes: this.#axesOf(topBlobs[i] as Blob) });
        this.#prepare(name, topBlobs[i] as Blob);
      });
      return;
    }
    this.#graph.scope = key;
    const operand = (value: string, blob: Blob): Operand =>
      new Operand(value, this.#axesOf(blob), blob.shape);
    const bottoms = bottomBlobs.map((blob, i) =>
      operand(this.#values.get(bottomNames[i] ?? "") ?? "", blob),
    );
    const tops = topBlobs.map((blob) => operand("", blob));
    const site = new Site(
      this.#graph,
      layer,
      bottoms,
      tops,
      { bottomBlobs, topBlobs },
      this.#shared,
    );
    if (isEnd(layer.param)) {
      this.#ends.push({ ...endOf(site), layer: key, axes: this.#axesOf(bottomBlobs[0] as Blob) });
      return;
    }
    const made = translationOf(layer)?.(site) ?? [];
    const values = typeof made === "string" ? [made] : made;
    topNames.forEach((name, i) => {
      const value = values[i];
      if (value === undefined) return;
      this.#values.set(name, this.#call(value, name, index));
      this.#passed.add(name);
    });
  }

  #prepare(name: string, { shape }: Blob): void {
    if (this.#preparation === undefined || shape.length !== 4) return;
    this.#graph.scope = name;
    const value = prepareInGraph(this.#graph, name, shape[1] as number, this.#preparation);
    this.#values.set(name, value);
    this.#named.add(value);
    this.#preparation = undefined;
  }

  /** Gives what a layer made the blob's name, or, where layers in place follow, the blob's and the layer's. */
  #call(value: string, blob: string, index: number): string {
    if (!this.#isMade(value) || this.#named.has(value)) return value;
    const isLast = !this.#net.layerKeys
      .slice(index + 1)
      .some((key) => this.#net.topNames(key).includes(blob));
    const name =
      isLast && !this.#isInput(blob)
        ? blob
        : this.#graph.unique(`${blob}/${this.#net.layerKeys[index]}`);
    this.#rename(value, name);
    return name;
  }

  #isInput(name: string): boolean {
    return this.inputs.some((input) => input.name === name);
  }

  #isMade(value: string): boolean {
    return this.#graph.nodes.some(({ outputs }) => outputs.includes(value));
  }

  #rename(value: string, name: string): void {
    this.#graph.rename(value, name);
    this.#named.add(name);
  }

  /** An output of that name; what has another name of its own is given it once more. */
  #output(name: string, value: string, axes: readonly Axis[]): GraphValue {
    const isInput = this.#isInput(name);
    const isMade = this.#isMade(value);
    // A layer in place may end what is an input too.
    if (isMade && (value === name || isInput)) return { name: value, axes };
    this.#graph.scope = name;
    const own = isInput ? this.#graph.unique(`${name}/output`) : name;
    const isFree = isMade && !this.#named.has(value);
    this.#rename(isFree ? value : this.#graph.op("Identity", [value]), own);
    return { name: own, axes };
  }
}
