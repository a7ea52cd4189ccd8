import { Constant } from "../constant.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { GraphView } from "./graph-view.ts";

/** A constant that is added to a product with constant weights becomes its bias. */
export function joinBiases(graph: ImportGraph): void {
  const view = new GraphView(graph);
  const gone = new Set<ImportNode>();
  for (const node of graph.nodes) {
    const isBare = node.inputs.length === 2 && view.constant(node.inputs[1]) !== undefined;
    const add =
      isBare &&
      ["Conv", "ConvTranspose", "MatMul"].includes(node.type) &&
      view.onlyReader(node, "Add");
    const [value = ""] = node.outputs;
    const shape = graph.shapes.get(value);
    if (!add || !shape) continue;
    const bias = view.constant(add.inputs.find((name) => name !== value));
    const axis = node.type === "MatMul" ? shape.length - 1 : 1;
    const channels = shape[axis] as number;
    const dims = bias && [...shape.slice(bias.dims.length).map(() => 1), ...bias.dims];
    const isEach =
      dims?.length === shape.length && dims.every((n, i) => n === (i === axis ? channels : 1));
    if (!bias || !isEach) continue;
    const name = `${node.name}.bias`;
    if (graph.shapes.has(name)) continue;
    graph.constants.set(name, new Constant(bias.kind, [channels], () => bias.values));
    graph.shapes.set(name, [channels]);
    node.inputs = [...node.inputs, name];
    node.outputs = add.outputs;
    gone.add(add);
  }
  graph.nodes = graph.nodes.filter((node) => !gone.has(node));
}
