import type { DrawnLayer, DrawnNet } from "../../draw/drawn-net.ts";
import type { LayerRole } from "../../layers/base/layer.ts";
import { operatorRole } from "./operator-roles.ts";
import type { Overview, OverviewValue } from "./overview.ts";

const WORK_IN_PLACE: readonly LayerRole[] = ["activation", "normalization"];

/**
 * A graph as it is drawn: inputs and nodes. A node that works on what one other makes, and is the only one to read it, is drawn as
 * a layer in place is, within the box of that other.
 */
export function drawnOf({ name, inputs, outputs, nodes }: Overview): DrawnNet {
  const readers = new Map<string, number>();
  for (const one of [...nodes.flatMap((node) => node.inputs), ...outputs.map((out) => out.name)]) {
    readers.set(one, (readers.get(one) ?? 0) + 1);
  }
  const given = new Set(inputs.map((input) => input.name));
  /** What a value is drawn as: what is made of it in place in the end. */
  const drawnAs = new Map<string, string>();
  const shown = (value: string): string => drawnAs.get(value) ?? value;
  for (const {
    type,
    inputs: [x = "", ...others],
    outputs: [y, ...more],
  } of nodes.toReversed()) {
    const isAlone = others.length + more.length === 0 && readers.get(x) === 1 && !given.has(x);
    if (y && isAlone && WORK_IN_PLACE.includes(operatorRole(type))) drawnAs.set(x, shown(y.name));
  }
  const layers = nodes.map(
    (node): DrawnLayer => ({
      name: node.name,
      type: node.type,
      role: operatorRole(node.type),
      details: node.details,
      bottoms: node.inputs.map(shown),
      // What nothing reads is no output of the graph, unless it says so.
      tops: node.outputs.filter(({ name: own }) => readers.has(own)).map((top) => shown(top.name)),
    }),
  );
  return { name, layers: [...inputs.map(inputLayer), ...layers] };
}

function inputLayer({ name, type, axes }: OverviewValue): DrawnLayer {
  const details = [axes ? `${type} ${axes.join("×") || "scalar"}` : type];
  return { name, type: "input", role: "input", details, bottoms: [], tops: [name] };
}
