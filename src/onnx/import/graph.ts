import type { Shape } from "../../util/shape.ts";
import type { Constant } from "./constant.ts";

/** The value of a node's parameter. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Constant;

/** One application of an operator in a file that is read: values by name, an empty name where an input is left out. */
export interface ImportNode {
  /** As the file has it, or after its first output where it has none. */
  readonly name: string;
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, AttributeValue>;
}

/** An input of a graph; lengths that are not known are undefined. */
export interface GraphInput {
  readonly name: string;
  /** Lengths, undefined where they are open; undefined altogether where even their number is. */
  readonly dims: readonly (number | undefined)[] | undefined;
}

/** A graph that was read, and what is known of its values. */
export interface ImportGraph {
  readonly name: string;
  /** The version of ONNX's operators. */
  readonly opset: number;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** Each behind those whose values it reads. */
  nodes: ImportNode[];
  /** What is known before anything runs. */
  readonly constants: Map<string, Constant>;
  /** Of constants too. */
  readonly shapes: Map<string, Shape>;
  /** Inputs and outputs whose axes are in another order than in the file: axis i of the file's is axis order[i] here. */
  readonly orders: Map<string, readonly number[]>;
}

/** The node that makes each value. */
export function makersOf(graph: ImportGraph): ReadonlyMap<string, ImportNode> {
  return new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}

/** The nodes that read each value. */
export function readersOf(graph: ImportGraph): ReadonlyMap<string, readonly ImportNode[]> {
  const readers = new Map<string, ImportNode[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(node.inputs)) {
      const known = readers.get(name);
      if (known) known.push(node);
      else readers.set(name, [node]);
    }
  }
  return readers;
}
