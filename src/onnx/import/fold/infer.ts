import { countOf, type Shape } from "../../../util/shape.ts";
import { Constant } from "../constant.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { Parameters, UnsupportedError } from "../parameters.ts";
import { evaluators, shapesOfValues } from "./evaluators.ts";
import { isShape, shapeRules } from "./shape-rules.ts";

/** Constants that are made are not larger than this, or than all that they are made of. */
const MOST = 2 ** 24;

/** Why the shapes of a node's outputs are not known, by the node. */
export type Unknowns = ReadonlyMap<ImportNode, string>;

/**
 * Finds the shape of every value, and the values that are known before anything runs; nodes that make nothing else go.
 * The graph's inputs have their shapes already.
 *
 * A node whose operator no rule knows has outputs of no shape, and so have those that read them.
 */
export function infer(graph: ImportGraph): Unknowns {
  const unknown = new Map<ImportNode, string>();
  for (const [name, { dims }] of graph.constants) graph.shapes.set(name, dims);
  graph.nodes = graph.nodes.filter((node) => {
    const p = new Parameters(graph, node);
    try {
      const shapes = shapesOf(p);
      if (!shapes) return true;
      node.outputs.forEach((name, i) => {
        if (name !== "" && shapes[i]) graph.shapes.set(name, shapes[i]);
      });
      const values = valuesOf(p, shapes);
      node.outputs.forEach((name, i) => {
        const value = values?.[i];
        if (value) graph.constants.set(name, value);
      });
      return values === undefined;
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      unknown.set(node, error.message);
      for (const name of node.outputs) graph.shapes.delete(name);
      return true;
    }
  });
  return unknown;
}

/** The shapes of the outputs; undefined where no rule knows the operator, or an input has none. */
function shapesOf(p: Parameters): readonly Shape[] | undefined {
  const { type, inputs } = p.node;
  const rule = shapesOfValues.get(type) ?? shapeRules.get(type);
  const isOpen = inputs.some((name) => name !== "" && !p.graph.shapes.has(name));
  if (!rule || isOpen) return undefined;
  const shapes = rule(p);
  const odd = shapes.find((shape) => !isShape(shape));
  if (odd) p.fail(`it makes ${odd.join("×")}. Expected whole lengths that memory can hold.`);
  return shapes;
}

/** The values of the outputs, where they are known. */
function valuesOf(p: Parameters, shapes: readonly Shape[]): readonly Constant[] | undefined {
  const { type, inputs } = p.node;
  if (type === "Shape") {
    const dims = p.shape(0);
    const [start, end] = [p.number("start", 0), p.number("end", dims.length)];
    const part = dims.slice(start, end);
    return [new Constant("int", [part.length], Float64Array.from(part))];
  }
  if (type === "Size") return [new Constant("int", [], Float64Array.of(countOf(p.shape(0))))];
  const evaluate = evaluators.get(type);
  const given = inputs.filter((name) => name !== "").map((name) => p.graph.constants.get(name));
  if (!evaluate || given.some((constant) => constant === undefined)) return undefined;
  const size = Math.max(MOST, ...given.map((constant) => constant?.count ?? 0));
  if (shapes.some((shape) => countOf(shape) > 2 * size)) {
    p.fail(`it makes a constant of ${shapes.map((shape) => shape.join("×")).join(", ")} elements.`);
  }
  return evaluate(p, shapes);
}
