import { CaffeError } from "../../util/errors.ts";
import type { Shape } from "../../util/shape.ts";
import { Constant } from "./constant.ts";
import type { ImportGraph, ImportNode } from "./graph.ts";

/** Why a node cannot become layers: what it has, and what is expected. */
export class UnsupportedError extends CaffeError {
  override readonly name = "UnsupportedError";
}

/** A node's parameters and inputs, with their types, and what is known of its inputs' values. */
export class Parameters {
  readonly graph: ImportGraph;
  readonly node: ImportNode;

  constructor(graph: ImportGraph, node: ImportNode) {
    this.graph = graph;
    this.node = node;
  }

  /** @throws UnsupportedError with what was received and what was expected */
  fail(message: string): never {
    throw new UnsupportedError(message);
  }

  has(name: string): boolean {
    return this.node.attributes.has(name);
  }

  /** A number, whole or not. */
  number(name: string, usual: number): number {
    const value = this.node.attributes.get(name);
    if (value === undefined) return usual;
    if (typeof value === "number") return value;
    return this.fail(`${name} is no number. Expected one.`);
  }

  text(name: string, usual: string): string {
    const value = this.node.attributes.get(name);
    if (value === undefined) return usual;
    if (typeof value === "string") return value;
    return this.fail(`${name} is no text. Expected one.`);
  }

  /** A list of numbers; undefined where it is not given. */
  numbers(name: string): readonly number[] | undefined {
    const value = this.node.attributes.get(name);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((one) => typeof one === "number")) return value;
    return this.fail(`${name} is no list of numbers. Expected one.`);
  }

  tensor(name: string): Constant | undefined {
    const value = this.node.attributes.get(name);
    return value instanceof Constant ? value : undefined;
  }

  /** The name of an input's value; undefined where it is left out. */
  input(index: number): string | undefined {
    return this.node.inputs[index] || undefined;
  }

  /** The shape of an input. */
  shape(index: number): Shape {
    const name = this.input(index);
    if (name === undefined) return this.fail(`input ${index} is left out. Expected it.`);
    return this.graph.shapes.get(name) ?? this.fail(`the shape of input "${name}" is not known.`);
  }

  /** The value of an input that is known before anything runs. */
  constant(index: number): Constant | undefined {
    const name = this.input(index);
    return name === undefined ? undefined : this.graph.constants.get(name);
  }

  /** As `constant`, of one that has to be known. */
  known(index: number, what: string): Constant {
    return (
      this.constant(index) ??
      this.fail(`${what} is computed as the graph runs. Expected a constant.`)
    );
  }

  /** A list that is a parameter in older versions and an input in newer ones; undefined where neither is given. */
  list(name: string, index: number): readonly number[] | undefined {
    const given = this.numbers(name);
    if (given || this.input(index) === undefined) return given;
    return Array.from(this.known(index, name).values);
  }

  /** An axis of so many, negative ones counted from the end. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (Number.isInteger(axis) && axis >= 0 && axis < rank) return axis;
    return this.fail(`an axis is ${value} of ${rank}. Expected ${-rank} to ${rank - 1}.`);
  }
}
