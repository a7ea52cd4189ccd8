import type { ImportGraph } from "../graph.ts";

/** Drops nodes that lead to no output. */
export function dropDeadNodes(graph: ImportGraph): void {
  const needed = new Set(graph.outputs);
  const kept = [...graph.nodes].reverse().filter((node) => {
    const isNeeded = node.outputs.some((name) => needed.has(name));
    if (isNeeded) for (const name of node.inputs) needed.add(name);
    return isNeeded;
  });
  graph.nodes = kept.reverse();
}
