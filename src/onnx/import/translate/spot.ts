import type { LayerParameter } from "../../../io/proto/caffe.ts";
import type { FloatArray } from "../../../util/arrays.ts";
import { type Shape, sameShape } from "../../../util/shape.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { Parameters } from "../parameters.ts";

/** What a layer has learned: an array, whose elements are asked for when the weights are written. */
export interface Learned {
  readonly shape: Shape;
  readonly values: () => FloatArray;
}

/** A layer without its name, its tops and its weights: what a translation says. */
export type LayerFields = Omit<LayerParameter, "name" | "top" | "blobs"> & {
  readonly type: string;
};

/** Takes the layers that translations make, in order. */
export interface LayerSink {
  /** Adds a layer and gives the names of its tops. `part` tells the layers of one node apart. */
  add(
    node: ImportNode,
    fields: LayerFields,
    learned: readonly Learned[],
    part: string,
    tops: number,
  ): readonly string[];
}

/** A node that is being translated: its parameters, the blobs that it reads, and where its layers go. */
export class Spot extends Parameters {
  readonly #sink: LayerSink;
  readonly #blobs: ReadonlyMap<string, string>;

  constructor(
    graph: ImportGraph,
    node: ImportNode,
    blobs: ReadonlyMap<string, string>,
    sink: LayerSink,
  ) {
    super(graph, node);
    this.#blobs = blobs;
    this.#sink = sink;
  }

  /** The blob that holds an input's value; a constant becomes one that a layer gives. */
  blob(index: number): string {
    const name = this.input(index) ?? this.fail(`input ${index} is left out. Expected it.`);
    const blob = this.#blobs.get(name);
    if (blob !== undefined) return blob;
    const constant = this.known(index, `input "${name}"`);
    return this.layer(
      { type: "Parameter", parameter_param: { shape: { dim: constant.dims } } },
      {
        part: `constant${index}`,
        learned: [{ shape: constant.dims, values: () => constant.values }],
      },
    );
  }

  /** The shape of an output. */
  made(index = 0): Shape {
    const name = this.node.outputs[index] ?? "";
    return this.graph.shapes.get(name) ?? this.fail(`the shape of output ${index} is not known.`);
  }

  /** A layer of one top, whose name it gives. */
  layer(fields: LayerFields, more: { learned?: readonly Learned[]; part?: string } = {}): string {
    return this.layers(fields, 1, more)[0] as string;
  }

  /** A layer of several tops. */
  layers(
    fields: LayerFields,
    tops: number,
    { learned = [], part = "" }: { learned?: readonly Learned[]; part?: string } = {},
  ): readonly string[] {
    return this.#sink.add(this.node, fields, learned, part, tops);
  }

  /** A blob repeated along every axis until it has that shape, of which its lengths are parts; axes in front may be missing. */
  tiled(blob: string, from: Shape, to: Shape, part = ""): string {
    const dims = [...to.slice(from.length).map(() => 1), ...from];
    const axes = dims.map((_, axis) => axis).filter((axis) => dims[axis] !== to[axis]);
    let result = this.view(blob, from, dims, `rank${part}`);
    for (const axis of axes) {
      const tiles = (to[axis] as number) / (dims[axis] as number);
      const isLast = axis === axes.at(-1) && part === "";
      result = this.layer(
        { type: "Tile", bottom: [result], tile_param: { axis, tiles } },
        { part: isLast ? "" : `tile${part}.${axis}` },
      );
    }
    return result;
  }

  /** A blob in another shape; axes in front that stay as they are may be of any length later. */
  view(blob: string, from: Shape, to: Shape, part = ""): string {
    if (sameShape(from, to)) return blob;
    const [batch = 1, ...rest] = to;
    const isFlat = to.length === 2 && from.length > 2 && batch === from[0];
    if (isFlat) return this.layer({ type: "Flatten", bottom: [blob] }, { part });
    let kept = 0;
    while (kept < from.length && kept <= rest.length && from[kept] === to[kept]) kept++;
    // Of what stays in front only the first is left open: others are equal by chance where axes change their meaning.
    const dim = to.map((length, i) => (i === 0 && kept > 0 ? 0 : length));
    return this.layer(
      { type: "Reshape", bottom: [blob], reshape_param: { shape: { dim } } },
      { part },
    );
  }
}

/** What a node becomes: it adds layers, and gives the blobs that hold its outputs. */
export type Translation = (at: Spot) => string | readonly string[];
