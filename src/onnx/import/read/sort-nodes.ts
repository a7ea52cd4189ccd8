import { FormatError } from "../../../util/errors.ts";
import type { ImportNode } from "../graph.ts";

/**
 * Nodes in an order in which each stands behind those whose values it reads; what is in order stays as it is.
 *
 * @param given values that are there from the start
 * @param outputs values that have to be there in the end
 * @throws FormatError where a value is made twice or by nobody, or nodes wait for each other
 */
export function sortNodes(
  nodes: readonly ImportNode[],
  given: readonly string[],
  outputs: readonly string[],
): ImportNode[] {
  const makers = new Map<string, number>();
  const start = new Set(given);
  nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (makers.has(name) || start.has(name)) {
        throw new FormatError(
          `value "${name}" is made twice, at last by node "${node.name}" (${node.type}).`,
        );
      }
      makers.set(name, i);
    }
  });
  const expectMade = (name: string, reader: string): void => {
    if (name === "" || start.has(name) || makers.has(name)) return;
    throw new FormatError(`${reader} reads "${name}", which nothing makes.`);
  };
  for (const { name, type, inputs } of nodes) {
    for (const input of inputs) expectMade(input, `node "${name}" (${type})`);
  }
  for (const output of outputs) expectMade(output, "the graph's outputs:");
  const sorted: ImportNode[] = [];
  const state = new Map<number, "open" | "done">();
  // A stack of its own: a hostile file may be deeper than that of the program.
  for (let first = 0; first < nodes.length; first++) {
    const stack = [first];
    while (stack.length > 0) {
      const index = stack[stack.length - 1] as number;
      const node = nodes[index] as ImportNode;
      const waiting =
        state.get(index) === undefined
          ? node.inputs
              .flatMap((name) => makers.get(name) ?? [])
              .filter((i) => state.get(i) !== "done")
          : [];
      if (state.get(index) === undefined) state.set(index, "open");
      else {
        stack.pop();
        if (state.get(index) === "open") sorted.push(node);
        state.set(index, "done");
      }
      for (const other of waiting.reverse()) {
        if (state.get(other) === "open") {
          throw new FormatError(
            `nodes read each other in a circle, by "${node.name}" (${node.type}).`,
          );
        }
        stack.push(other);
      }
    }
  }
  return sorted;
}
