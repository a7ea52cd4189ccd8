import type { FloatArray } from "../../util/arrays.ts";
import type { Attributes } from "./attributes.ts";
import type { Tensor } from "./tensor.ts";

/** One application of an operator: names of the values that it reads and makes. */
export interface GraphNode {
  readonly name: string;
  readonly type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Attributes;
}

/** Constants of fewer elements that are equal are one. */
const SMALL = 64;

/** Nodes and constant values, gathered one behind the other; every name is given once. */
export class GraphBuilder {
  /** The version of ONNX's operators. */
  readonly opset: number;
  nodes: GraphNode[] = [];
  readonly tensors: Map<string, Tensor> = new Map();
  /** What is being translated: nodes and values are called after it. */
  scope = "";
  readonly #names: Set<string> = new Set();
  readonly #constants: Map<string, string> = new Map();

  constructor(opset: number) {
    this.opset = opset;
  }

  /** A name that no value has: the one asked for, or that with a number behind. */
  unique(name: string): string {
    let free = name;
    for (let i = 1; this.#names.has(free); i++) free = `${name}_${i}`;
    this.#names.add(free);
    return free;
  }

  /** A node with one output, whose name it gives. An empty name stands for an input that is left out. */
  op(type: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.ops(type, inputs, 1, attributes)[0] as string;
  }

  /** A node with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Attributes = {},
  ): readonly string[] {
    const name = this.unique(`${this.scope}/${type}`);
    const outputs = Array.from({ length: count }, (_, i) => this.unique(`${name}:${i}`));
    this.nodes.push({ name, type, inputs, outputs, attributes });
    return outputs;
  }

  /** Whole numbers; a list by default. */
  ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.#constant("INT64", values, dims, () => BigInt64Array.from(values, BigInt));
  }

  /** Floats, one for every element of that shape, or one for all; a scalar by default. */
  floats(values: ArrayLike<number>, dims: readonly number[] = []): string {
    const data = Float32Array.from(values);
    return this.#constant("FLOAT", Array.from(values), dims, () => data);
  }

  /** A constant of a name of its own: weights, which are asked for when the file is written. */
  weights(name: string, dims: readonly number[], data: () => FloatArray): string {
    const own = this.unique(name);
    this.tensors.set(own, { type: "FLOAT", dims, data });
    return own;
  }

  #constant(
    type: Tensor["type"],
    values: readonly number[],
    dims: readonly number[],
    data: Tensor["data"],
  ): string {
    const key = values.length <= SMALL ? `${type} ${dims.join("x")}: ${values.map(keyOf)}` : "";
    const known = this.#constants.get(key);
    if (known !== undefined && key !== "") return known;
    const name = this.unique(`${this.scope}/constant`);
    this.tensors.set(name, { type, dims, data });
    if (key !== "") this.#constants.set(key, name);
    return name;
  }

  /** Gives a node's output another name, where it has the one that it was made with. */
  rename(from: string, to: string): void {
    const swap = (names: readonly string[]): readonly string[] =>
      names.includes(from) ? names.map((name) => (name === from ? to : name)) : names;
    for (const node of this.nodes) {
      node.inputs = swap(node.inputs);
      node.outputs = swap(node.outputs);
    }
  }

  /** Drops what does not lead to these values. */
  keepOnly(outputs: Iterable<string>): void {
    const needed = new Set(outputs);
    const kept = [...this.nodes].reverse().filter((node) => {
      const isNeeded = node.outputs.some((name) => needed.has(name));
      if (isNeeded) for (const name of node.inputs) needed.add(name);
      return isNeeded;
    });
    this.nodes = kept.reverse();
    for (const name of this.tensors.keys()) if (!needed.has(name)) this.tensors.delete(name);
  }
}

/** −0 is no 0. */
function keyOf(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
