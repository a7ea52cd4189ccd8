import { slicesOf } from "../fold/view-shapes.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { GraphView } from "./graph-view.ts";

/** A part of one axis. */
interface Part {
  readonly node: ImportNode;
  readonly axis: number;
  readonly start: number;
  readonly count: number;
}

/** Slices that cut a value into parts, side by side, are one Split. */
export function joinSlices(graph: ImportGraph): void {
  const view = new GraphView(graph);
  const replaced = new Map<ImportNode, ImportNode | undefined>();
  const seen = new Set<string>();
  for (const { type, inputs } of graph.nodes) {
    const [x = ""] = inputs;
    if (type !== "Slice" || seen.has(x) || !graph.shapes.has(x)) continue;
    seen.add(x);
    const parts = view
      .readers(x)
      .filter((node) => node.type === "Slice")
      .flatMap((node) => partOf(view, node) ?? [])
      .sort((a, b) => a.start - b.start);
    const [first] = parts;
    if (!first || parts.length < 2 || !isWhole(parts, graph.shapes.get(x)?.[first.axis] ?? 0)) {
      continue;
    }
    const split: ImportNode = {
      name: first.node.name,
      type: "Split",
      inputs: [x],
      outputs: parts.map(({ node }) => node.outputs[0] as string),
      attributes: new Map<string, number | readonly number[]>([
        ["axis", first.axis],
        ["split", parts.map(({ count }) => count)],
      ]),
    };
    const all = new Set(parts.map(({ node }) => node));
    const earliest = graph.nodes.find((node) => all.has(node)) as ImportNode;
    for (const { node } of parts) replaced.set(node, node === earliest ? split : undefined);
  }
  graph.nodes = graph.nodes.flatMap((node) =>
    replaced.has(node) ? (replaced.get(node) ?? []) : [node],
  );
}

function partOf(view: GraphView, node: ImportNode): Part | undefined {
  const p = view.parameters(node);
  const { starts, steps, counts } = slicesOf(p);
  const shape = p.shape(0);
  const cut = shape.map((_, i) => i).filter((i) => counts[i] !== shape[i]);
  const [axis = 0] = cut;
  if (cut.length !== 1 || steps[axis] !== 1) return undefined;
  return { node, axis, start: starts[axis] as number, count: counts[axis] as number };
}

function isWhole(parts: readonly Part[], length: number): boolean {
  let end = 0;
  for (const { axis, start, count } of parts) {
    if (axis !== parts[0]?.axis || start !== end) return false;
    end += count;
  }
  return end === length;
}
