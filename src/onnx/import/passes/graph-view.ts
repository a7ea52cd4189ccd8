import type { Constant } from "../constant.ts";
import { type ImportGraph, type ImportNode, makersOf, readersOf } from "../graph.ts";
import { Parameters } from "../parameters.ts";

/** Who makes and who reads each value of a graph, as a pass finds it. */
export class GraphView {
  readonly #graph: ImportGraph;
  readonly #makers: ReadonlyMap<string, ImportNode>;
  readonly #readers: ReadonlyMap<string, readonly ImportNode[]>;

  constructor(graph: ImportGraph) {
    this.#graph = graph;
    this.#makers = makersOf(graph);
    this.#readers = readersOf(graph);
  }

  /** The node of one of these types that makes a value. */
  maker(value: string | undefined, ...types: readonly string[]): ImportNode | undefined {
    const node = value === undefined ? undefined : this.#makers.get(value);
    return node && types.includes(node.type) ? node : undefined;
  }

  readers(value: string): readonly ImportNode[] {
    return this.#readers.get(value) ?? [];
  }

  /** The only node that reads a node's only output, which is no output of the graph; of one of these types. */
  onlyReader(node: ImportNode, ...types: readonly string[]): ImportNode | undefined {
    const [value = "", ...others] = node.outputs;
    const [reader, ...rest] = this.readers(value);
    const isAlone =
      others.length === 0 && rest.length === 0 && !this.#graph.outputs.includes(value);
    const isOnce = reader?.inputs.filter((name) => name === value).length === 1;
    return isAlone && isOnce && types.includes(reader.type) ? reader : undefined;
  }

  constant(value: string | undefined): Constant | undefined {
    return value === undefined ? undefined : this.#graph.constants.get(value);
  }

  /** The only number of a constant. */
  number(value: string | undefined): number | undefined {
    const constant = this.constant(value);
    return constant?.count === 1 ? constant.values[0] : undefined;
  }

  /** Of a node of two inputs: what is beside an input of that number; undefined where there is none. */
  besideNumber(node: ImportNode | undefined, number: number): string | undefined {
    const [a, b] = node?.inputs ?? [];
    const is = (value: string | undefined): boolean =>
      Math.abs((this.number(value) ?? Number.NaN) - number) < 1e-6;
    if (is(b)) return a;
    return is(a) ? b : undefined;
  }

  parameters(node: ImportNode): Parameters {
    return new Parameters(this.#graph, node);
  }
}

/** Makes a node another one, that makes the same output of other inputs. */
export function become(
  node: ImportNode,
  type: string,
  inputs: readonly string[],
  attributes: ImportNode["attributes"] = new Map(),
): void {
  node.type = type;
  node.inputs = inputs;
  node.attributes = attributes;
}
