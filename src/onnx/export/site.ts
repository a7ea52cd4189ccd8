import type { Blob } from "../../blob/blob.ts";
import type { LayerParameter } from "../../io/proto/caffe.ts";
import type { Layer } from "../../layers/base/layer.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError, LayerError } from "../../util/errors.ts";
import { type Axis, type FreeAxis, FreeAxisError, type Operand } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { slice } from "../graph/operators.ts";

/** Names of constants that hold weights, by the memory that they lie in and their shape: layers that share them share these. */
export type SharedWeights = Map<Blob["dataMem"], Map<string, string>>;

/** A layer that is being translated: what it reads, what shapes it makes, and the graph that it is written to. */
export class Site {
  readonly graph: GraphBuilder;
  readonly layer: Layer;
  readonly bottoms: readonly Operand[];
  /** Its tops' axes; they have no values yet. */
  readonly tops: readonly Operand[];
  /** Blobs of the net that is translated, as bottoms and tops: shaped, and empty. */
  readonly bottomBlobs: readonly Blob[];
  readonly topBlobs: readonly Blob[];
  readonly #shared: SharedWeights;

  constructor(
    graph: GraphBuilder,
    layer: Layer,
    bottoms: readonly Operand[],
    tops: readonly Operand[],
    { bottomBlobs, topBlobs }: Pick<Site, "bottomBlobs" | "topBlobs">,
    shared: SharedWeights,
  ) {
    this.graph = graph;
    this.layer = layer;
    this.bottoms = bottoms;
    this.tops = tops;
    this.bottomBlobs = bottomBlobs;
    this.topBlobs = topBlobs;
    this.#shared = shared;
  }

  get param(): LayerParameter {
    return this.layer.param;
  }

  get x(): Operand {
    return this.bottoms[0] as Operand;
  }

  get y(): Operand {
    return this.tops[0] as Operand;
  }

  get blobs(): readonly Blob[] {
    return this.layer.blobs;
  }

  /** A learned blob as it is, or in another shape. */
  weights(index: number, what: string, dims?: readonly number[]): string {
    const blob = this.layer.blobs[index] as Blob;
    const shape = dims ?? blob.shape;
    const key = shape.join("x");
    const names = this.#shared.get(blob.dataMem) ?? new Map<string, string>();
    const known = names.get(key);
    if (known !== undefined) return known;
    const name = this.graph.weights(`${this.graph.scope}.${what}`, shape, () => blob.values());
    names.set(key, name);
    this.#shared.set(blob.dataMem, names);
    return name;
  }

  /** A constant that is made of learned blobs when the file is written. */
  made(what: string, dims: readonly number[], data: () => FloatArray): string {
    return this.graph.weights(`${this.graph.scope}.${what}`, dims, data);
  }

  /** Ends with an error that names the layer. */
  fail(message: string): never {
    throw new LayerError(this.param, message);
  }

  /** `fail` as what reads parameters calls it. */
  readonly failing = (message: string): never => this.fail(message);

  /** Runs `work`, and puts the layer's name before an error that knows no layer. */
  named<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof CaffeError && !(error instanceof LayerError)) this.fail(error.message);
      throw error;
    }
  }

  /** A list of one whole number: the length of an axis as the graph runs. */
  lengthOf(axis: Axis): string {
    if (typeof axis === "number") return this.graph.ints([axis]);
    for (const { value, axes } of this.bottoms) {
      const index = axes.findIndex((one) => typeof one !== "number" && one.symbol === axis.symbol);
      if (index < 0) continue;
      return slice(this.graph, this.graph.op("Shape", [value]), [0], [index], [index + 1]);
    }
    throw new FreeAxisError(axis);
  }

  /** A list of the lengths of axes as the graph runs. */
  lengthsOf(axes: readonly Axis[]): string {
    if (axes.every((axis) => typeof axis === "number")) return this.graph.ints(axes as number[]);
    return this.graph.op(
      "Concat",
      axes.map((axis) => this.lengthOf(axis)),
      { axis: 0 },
    );
  }

  /** A value that has the axes `from`, with the axes `to`: the same elements in the same order. */
  reshape(value: string, from: readonly Axis[], to: readonly Axis[]): string {
    if (from.length === to.length && from.every((axis, i) => isSame(axis, to[i]))) return value;
    const g = this.graph;
    const dims = to.map((axis, i) =>
      typeof axis === "number" ? axis : isSame(axis, from[i]) ? 0 : -1,
    );
    const isTold = to.some((axis) => axis === 0) || dims.filter((length) => length < 0).length > 1;
    return isTold
      ? g.op("Reshape", [value, this.lengthsOf(to)])
      : g.op("Reshape", [value, g.ints(dims)]);
  }

  /** A value stretched to the axes `to`. */
  expand(value: string, to: readonly Axis[]): string {
    return this.graph.op("Expand", [value, this.lengthsOf(to)]);
  }
}

/** Whether two axes are equally long, whatever is free. */
function isSame(one: Axis | undefined, other: Axis | undefined): boolean {
  if (typeof one === "number" || typeof other === "number") return one === other;
  return one?.symbol === (other as FreeAxis | undefined)?.symbol;
}

/** What a layer type becomes: it writes nodes, and gives the values of the layer's tops. */
export type Translation = (at: Site) => string | readonly string[];
