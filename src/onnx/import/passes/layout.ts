/** Channels that come last: where programs that have them so wrap each layer in Transposes, these meet and go. */
import { Constant } from "../constant.ts";
import { transposed } from "../fold/arrays.ts";
import { orderOf } from "../fold/view-shapes.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { UnsupportedError } from "../parameters.ts";
import { GraphView } from "./graph-view.ts";

/** A value as another whose axes are in another order: its axis i is axis order[i] of that. */
interface Turned {
  readonly from: string;
  readonly order: readonly number[];
}

/** From N×H×W×C to N×C×H×W, and back. */
const [TO_PLANES, TO_LAST] = [
  [0, 3, 1, 2],
  [0, 2, 3, 1],
] as const;

/** Operators that do to each element the same, whatever the order of axes. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...["Abs", "Add", "Cast", "Clip", "Div", "Dropout", "Elu", "Exp", "HardSigmoid", "HardSwish"],
  ...["Identity", "LeakyRelu", "Log", "Max", "Mean", "Min", "Mul", "Neg", "Pow", "Reciprocal"],
  ...["Relu", "Selu", "Sigmoid", "Softplus", "Sqrt", "Sub", "Sum", "Tanh"],
]);

/** Operators that name one axis. */
const ALONG_AXIS: ReadonlySet<string> = new Set(["Concat", "Softmax", "LogSoftmax"]);

/** Operators over axes that stay there, of length 1. */
const REDUCTIONS: ReadonlySet<string> = new Set(["ReduceMean", "ReduceSum"]);

/**
 * Lets Transposes sink through what does not mind the order of axes, until they meet and cancel. Images with channels last become
 * inputs with channels first, and so do outputs; `graph.orders` says which.
 *
 * Shapes are those of before: who calls it works them out again.
 */
export function sinkTransposes(graph: ImportGraph): void {
  const isTransposed = graph.nodes.some(({ type, attributes }) => {
    const perm = attributes.get("perm");
    return type === "Transpose" && Array.isArray(perm) && perm.join() === TO_PLANES.join();
  });
  if (isTransposed) new Sinking(graph).run();
}

class Sinking {
  readonly #graph: ImportGraph;
  readonly #view: GraphView;
  readonly #turned: Map<string, Turned> = new Map();
  readonly #made: Set<string> = new Set();
  readonly #nodes: ImportNode[] = [];
  #count = 0;

  constructor(graph: ImportGraph) {
    this.#graph = graph;
    this.#view = new GraphView(graph);
  }

  run(): void {
    for (const { name } of this.#graph.inputs) {
      const shape = this.#graph.shapes.get(name) ?? [];
      const isImage = shape.length === 4 && (shape[3] as number) <= 4;
      if (!isImage || this.#graph.outputs.includes(name)) continue;
      // The name stands for channels first from now on: who read it reads another, as it was.
      const last = this.#name(name);
      for (const node of this.#graph.nodes) {
        node.inputs = node.inputs.map((one) => (one === name ? last : one));
      }
      this.#turned.set(last, { from: name, order: TO_LAST });
      this.#graph.orders.set(name, TO_LAST);
      this.#graph.shapes.set(last, shape);
      this.#graph.shapes.set(
        name,
        TO_PLANES.map((axis) => shape[axis] as number),
      );
    }
    for (const node of this.#graph.nodes) this.#pass(node);
    for (const output of this.#graph.outputs) this.#end(output);
    this.#graph.nodes = this.#nodes;
  }

  #name(value: string): string {
    return `${value}/turned${this.#count++}`;
  }

  #pass(node: ImportNode): void {
    if (this.#sinks(node)) return;
    for (const name of new Set(node.inputs)) this.#restore(name);
    this.#nodes.push(node);
  }

  /** Whether the node does its work before the Transpose, or is one; what is wrong with its parameters its translation tells. */
  #sinks(node: ImportNode): boolean {
    try {
      if (node.type === "Transpose") return this.#transpose(node);
      const order = node.inputs.map((name) => this.#turned.get(name)?.order).find((one) => one);
      return order !== undefined && this.#sinksBehind(node, order);
    } catch (error) {
      if (error instanceof UnsupportedError) return false;
      throw error;
    }
  }

  #transpose(node: ImportNode): boolean {
    const [x = ""] = node.inputs;
    const { from, order } = this.#turned.get(x) ?? { from: x, order: undefined };
    if (!this.#graph.shapes.has(x)) return false;
    const own = orderOf(this.#view.parameters(node));
    this.#turned.set(node.outputs[0] as string, {
      from,
      order: order ? own.map((axis) => order[axis] as number) : own,
    });
    return true;
  }

  /** Whether the node does its work before the Transpose. */
  #sinksBehind(node: ImportNode, order: readonly number[]): boolean {
    const rank = order.length;
    const inputs = node.inputs.map((name) => this.#before(name, order));
    const isKnown = inputs.every((name) => name !== undefined);
    const attributes = new Map(node.attributes);
    const [output = "", ...others] = node.outputs;
    if (!isKnown || others.some((name) => name !== "")) return false;
    if (ALONG_AXIS.has(node.type)) {
      const axis = this.#view.parameters(node).number("axis", node.type === "Concat" ? 1 : -1);
      if (this.#graph.opset < 13 && node.type !== "Concat") return false;
      attributes.set("axis", order[axis < 0 ? axis + rank : axis] as number);
    } else if (REDUCTIONS.has(node.type)) {
      return this.#reduces(node, order, inputs[0] as string);
    } else if (!ELEMENTWISE.has(node.type)) return false;
    this.#push(node, output, inputs as readonly string[], attributes, order);
    return true;
  }

  /** A sum over axes before the Transpose; axes that go are those of places, so that the others keep their order. */
  #reduces(node: ImportNode, order: readonly number[], x: string): boolean {
    const p = this.#view.parameters(node);
    const given = p.list("axes", 1) ?? [];
    const axes = given.map((axis) => order[p.axis(axis, order.length)] as number);
    const keeps = p.number("keepdims", 1) === 1;
    const rest = order.filter((axis) => !axes.includes(axis));
    const isOrdered = rest.every((axis, i) => i === 0 || axis > (rest[i - 1] as number));
    if (given.length === 0 || (!keeps && !isOrdered)) return false;
    const attributes = new Map(node.attributes);
    const isInput =
      this.#graph.opset >= 18 || (node.type === "ReduceSum" && this.#graph.opset >= 13);
    const inputs = [x];
    if (isInput)
      inputs.push(this.#constant(new Constant("int", [axes.length], Float64Array.from(axes))));
    else attributes.set("axes", axes);
    const output = node.outputs[0] as string;
    if (keeps) this.#push(node, output, inputs, attributes, order);
    else this.#nodes.push({ ...node, inputs, attributes });
    return true;
  }

  #push(
    node: ImportNode,
    output: string,
    inputs: readonly string[],
    attributes: ImportNode["attributes"],
    order: readonly number[],
  ): void {
    const from = this.#name(output);
    this.#nodes.push({ ...node, inputs, attributes, outputs: [from] });
    this.#turned.set(output, { from, order });
  }

  /** An input as it is before the Transpose: of that order, a constant turned back, a single number; undefined where it is none. */
  #before(name: string, order: readonly number[]): string | undefined {
    const turned = this.#turned.get(name);
    if (turned) return turned.order.join() === order.join() ? turned.from : undefined;
    if (name === "") return name;
    const constant = this.#graph.constants.get(name);
    if (!constant || constant.dims.length > order.length) return undefined;
    if (constant.count === 1) return name;
    const dims = [...order.slice(constant.dims.length).map(() => 1), ...constant.dims];
    const back = order.map((_, axis) => order.indexOf(axis));
    return this.#constant(transposed(constant.reshaped(dims), back));
  }

  #constant(constant: Constant): string {
    const name = this.#name("constant");
    this.#graph.constants.set(name, constant);
    this.#graph.shapes.set(name, constant.dims);
    return name;
  }

  /** Makes a value that a Transpose was to make, for a node that wants it as it was. */
  #restore(name: string): void {
    const turned = this.#turned.get(name);
    if (!turned || this.#made.has(name)) return;
    const { from, order } = turned;
    const isSame = order.every((axis, i) => axis === i);
    const type = isSame ? "Identity" : "Transpose";
    const attributes = new Map<string, readonly number[]>(isSame ? [] : [["perm", order]]);
    this.#nodes.push({ name, type, inputs: [from], outputs: [name], attributes });
    this.#made.add(name);
  }

  #end(output: string): void {
    const turned = this.#turned.get(output);
    if (!turned || this.#made.has(output)) return;
    const { from, order } = turned;
    if (order.join() !== TO_LAST.join()) {
      this.#restore(output);
      return;
    }
    this.#graph.orders.set(output, order);
    this.#nodes.push({
      name: output,
      type: "Identity",
      inputs: [from],
      outputs: [output],
      attributes: new Map(),
    });
    this.#made.add(output);
  }
}
