import type { LayerParameter } from "../../../io/proto/caffe.ts";
import { CaffeError } from "../../../util/errors.ts";
import type { Unknowns } from "../fold/infer.ts";
import { type ImportGraph, type ImportNode, makersOf, readersOf } from "../graph.ts";
import { layerName, Names, plainName } from "../names.ts";
import { UnsupportedError } from "../parameters.ts";
import { type LayerFields, type LayerSink, type Learned, Spot } from "./spot.ts";
import { importTranslations } from "./translations.ts";

/** A layer of a net that was a graph, and where it comes from. */
export interface ImportedLayer {
  readonly param: LayerParameter;
  readonly learned: readonly Learned[];
  /** The node whose work it does. */
  readonly node: ImportNode;
}

/** Layers in order, and the blobs that hold the graph's outputs. */
interface Translated {
  readonly layers: ImportedLayer[];
  /** The blob of each output, in the graph's order. */
  readonly outputs: readonly string[];
}

/** So many problems are told with their words, the rest by number. */
const MOST_TOLD = 20;

/**
 * Makes layers of a graph's nodes.
 * @throws CaffeError that names every node that can become no layer, with its neighbours and the reason
 */
export function translate(graph: ImportGraph, unknown: Unknowns): Translated {
  const translator = new Translator(graph, unknown);
  return translator.run();
}

class Translator implements LayerSink {
  readonly #graph: ImportGraph;
  readonly #unknown: Unknowns;
  readonly #layers: ImportedLayer[] = [];
  readonly #blobs: Map<string, string> = new Map();
  readonly #layerNames: Names;
  readonly #blobNames: Names;
  readonly #own: Map<ImportNode, string> = new Map();
  readonly #problems: string[] = [];

  constructor(graph: ImportGraph, unknown: Unknowns) {
    this.#graph = graph;
    this.#unknown = unknown;
    const inputs = graph.inputs.map(({ name }) => plainName(name));
    this.#layerNames = new Names(inputs);
    this.#blobNames = new Names([...inputs, ...graph.outputs.map(plainName)]);
    for (const { name } of graph.inputs) this.#blobs.set(name, plainName(name));
  }

  run(): Translated {
    for (const node of this.#graph.nodes) this.#translate(node);
    if (this.#problems.length > 0) throw new CaffeError(this.#report());
    const outputs = this.#graph.outputs.map((value) => this.#output(value));
    return { layers: this.#layers, outputs };
  }

  #translate(node: ImportNode): void {
    const translation = importTranslations.get(node.type);
    const reason =
      this.#unknown.get(node) ??
      (translation ? undefined : "no layer does the work of this operator.");
    if (reason !== undefined || !translation) {
      this.#problems.push(this.#problem(node, reason ?? ""));
      return;
    }
    // What reads a value of a node that failed is not to blame.
    const isCut = node.inputs.some(
      (name) => name !== "" && !this.#blobs.has(name) && !this.#graph.constants.has(name),
    );
    if (isCut) return;
    try {
      const spot = new Spot(this.#graph, node, this.#blobs, this);
      const made = translation(spot);
      const blobs = typeof made === "string" ? [made] : made;
      node.outputs.forEach((name, i) => {
        if (name !== "" && blobs[i] !== undefined) this.#blobs.set(name, blobs[i]);
      });
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      this.#problems.push(this.#problem(node, error.message));
    }
  }

  add(
    node: ImportNode,
    fields: LayerFields,
    learned: readonly Learned[],
    part: string,
    tops: number,
  ): readonly string[] {
    const own = this.#ownName(node);
    const name = part === "" ? own : this.#layerNames.unique(`${own}/${part}`);
    const top = Array.from({ length: tops }, (_, i) =>
      this.#blobNames.unique(tops === 1 ? name : `${name}/${i}`),
    );
    const { type, ...rest } = fields;
    this.#layers.push({
      param: { name, type, ...rest, ...(tops > 0 && { top }) } as LayerParameter,
      learned,
      node,
    });
    return top;
  }

  /** The name of a node's layers. */
  #ownName(node: ImportNode): string {
    const known = this.#own.get(node);
    if (known !== undefined) return known;
    const name = this.#layerNames.unique(layerName(node.name, node.type));
    this.#own.set(node, name);
    return name;
  }

  /** The blob of an output of the graph. */
  #output(value: string): string {
    const blob = this.#blobs.get(value);
    if (blob !== undefined) return blob;
    throw new CaffeError(
      `output "${value}" is a constant. Expected outputs that are computed of the inputs.`,
    );
  }

  /** A node with its neighbours, and what is wrong with it. */
  #problem(node: ImportNode, reason: string): string {
    const makers = makersOf(this.#graph);
    const readers = readersOf(this.#graph);
    const text = (one: ImportNode): string => `"${plainName(one.name)}" (${plainName(one.type)})`;
    const before = node.inputs.flatMap((name) => makers.get(name) ?? []).map(text);
    const behind = node.outputs.flatMap((name) => readers.get(name) ?? []).map(text);
    const list = (texts: readonly string[]): string => [...new Set(texts)].slice(0, 3).join(", ");
    const places = [
      before.length > 0 && `behind ${list(before)}`,
      behind.length > 0 && `before ${list(behind)}`,
    ].filter((place) => place !== false);
    const where = places.length > 0 ? `, ${places.join(" and ")}` : "";
    return `node ${text(node)}${where}: ${reason}`;
  }

  #report(): string {
    const told = this.#problems.slice(0, MOST_TOLD);
    const rest = this.#problems.length - told.length;
    const lines = [...told, ...(rest > 0 ? [`and ${rest} more`] : [])];
    if (lines.length === 1) return lines[0] as string;
    return `${this.#problems.length} nodes can become no layers:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  }
}
