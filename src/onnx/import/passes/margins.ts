import { paddingOf } from "../fold/view-shapes.ts";
import type { ImportGraph, ImportNode } from "../graph.ts";
import { GraphView } from "./graph-view.ts";

/** A margin of zeros around the places becomes part of the convolution, or the average, behind it. */
export function joinMargins(graph: ImportGraph): void {
  const view = new GraphView(graph);
  const gone = new Set<ImportNode>();
  for (const node of graph.nodes) {
    const window = node.type === "Pad" ? view.onlyReader(node, "Conv", "AveragePool") : undefined;
    if (!window || window.inputs[0] !== node.outputs[0]) continue;
    const p = view.parameters(node);
    const value = p.has("value") ? p.number("value", 0) : (p.constant(2)?.values[0] ?? 0);
    if (p.text("mode", "constant") !== "constant" || value !== 0) continue;
    const pads = paddingOf(p);
    const rank = pads.length / 2;
    const isOutside = pads.some((length, i) => length < 0 || (i % rank < 2 && length > 0));
    const own = view.parameters(window);
    const auto = own.text("auto_pad", "NOTSET");
    const none = new Array<number>(2 * (rank - 2)).fill(0);
    const given = auto === "VALID" ? none : (own.numbers("pads") ?? none);
    const isPadded = given.some((length) => length > 0);
    const counts = own.number("count_include_pad", 0) === 1;
    const isAverage = window.type === "AveragePool";
    if (isOutside || auto.startsWith("SAME") || (isAverage && isPadded && !counts)) continue;
    const added = [...pads.slice(2, rank), ...pads.slice(rank + 2)];
    const attributes = new Map(window.attributes);
    attributes.delete("auto_pad");
    attributes.set(
      "pads",
      given.map((length, i) => length + (added[i] as number)),
    );
    if (isAverage) attributes.set("count_include_pad", 1);
    window.attributes = attributes;
    window.inputs = [node.inputs[0] as string, ...window.inputs.slice(1)];
    gone.add(node);
  }
  graph.nodes = graph.nodes.filter((node) => !gone.has(node));
}
