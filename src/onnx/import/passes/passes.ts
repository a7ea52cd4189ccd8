import type { ImportGraph } from "../graph.ts";
import { UnsupportedError } from "../parameters.ts";
import { joinBiases } from "./biases.ts";
import { dropDeadNodes } from "./dead-nodes.ts";
import { joinGates } from "./gates.ts";
import { joinMargins } from "./margins.ts";
import { joinShuffles } from "./shuffles.ts";
import { joinSlices } from "./slices.ts";

/** Makes a graph, whose shapes are known, simpler: what several nodes do together, one does. */
export function simplify(graph: ImportGraph): void {
  dropDeadNodes(graph);
  for (const pass of [joinGates, joinShuffles, joinSlices, joinBiases, joinMargins]) {
    try {
      pass(graph);
    } catch (error) {
      // What is wrong with a node's parameters its translation tells.
      if (!(error instanceof UnsupportedError)) throw error;
    }
  }
  dropDeadNodes(graph);
}
