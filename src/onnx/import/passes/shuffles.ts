import type { ImportGraph } from "../graph.ts";
import { become, GraphView } from "./graph-view.ts";

/** Reshape, Transpose and Reshape that mix the channels of groups are one: N×C×H×W as N×g×C/g×H×W, the groups' axes turned round. */
export function joinShuffles(graph: ImportGraph): void {
  const view = new GraphView(graph);
  for (const last of graph.nodes) {
    const turn = last.type === "Reshape" ? view.maker(last.inputs[0], "Transpose") : undefined;
    const first = view.maker(turn?.inputs[0], "Reshape");
    const [x = ""] = first?.inputs ?? [];
    const from = graph.shapes.get(x);
    const split = graph.shapes.get(first?.outputs[0] ?? "");
    const to = graph.shapes.get(last.outputs[0] ?? "");
    if (!turn || !from || !split || from.length !== 4 || from.join() !== to?.join()) continue;
    const [n, group = 1, size = 1, ...places] = split;
    const isSplit =
      n === from[0] && group * size === from[1] && places.join() === from.slice(2).join();
    if (isSplit && view.parameters(turn).numbers("perm")?.join() === "0,2,1,3,4") {
      become(last, "ShuffleChannel", [x], new Map([["group", group]]));
    }
  }
}
