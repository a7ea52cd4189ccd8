import type { ImportGraph, ImportNode } from "../graph.ts";
import { become, GraphView } from "./graph-view.ts";

/**
 * A value times its own gate is an activation of its own:
 *
 *     x · σ(x)                                                    Swish
 *     x · HardSigmoid(x), with α = 1/6 and β = 1/2                HardSwish
 *     x · Clip(x + 3, 0, 6) / 6, divided before or behind         HardSwish
 */
export function joinGates(graph: ImportGraph): void {
  const view = new GraphView(graph);
  for (const node of graph.nodes) {
    const [a = "", b = ""] = node.inputs;
    const sixth = node.type === "Div" || node.type === "Mul" ? sixthOf(view, node) : undefined;
    const product = view.maker(sixth, "Mul");
    const x = product && ungated(view, product, (gate, value) => isRamp(view, gate, value));
    if (x !== undefined) become(node, "HardSwish", [x]);
    else if (node.type === "Mul" && a !== b) {
      const swish = ungated(
        view,
        node,
        (gate, value) => gate.type === "Sigmoid" && gate.inputs[0] === value,
      );
      const hard = ungated(view, node, (gate, value) => isHardSigmoid(view, gate, value));
      if (swish !== undefined) become(node, "Swish", [swish]);
      else if (hard !== undefined) become(node, "HardSwish", [hard]);
    }
  }
}

/** Of a product: the value whose gate the other factor is. */
function ungated(
  view: GraphView,
  { inputs: [a = "", b = ""] }: ImportNode,
  isGate: (gate: ImportNode, value: string) => boolean,
): string | undefined {
  const types = ["Sigmoid", "HardSigmoid", "Clip", "Div", "Mul"];
  const gateOf = (one: string, other: string): boolean => {
    const gate = view.maker(one, ...types);
    return gate !== undefined && isGate(gate, other);
  };
  if (gateOf(b, a)) return a;
  return gateOf(a, b) ? b : undefined;
}

/** What a node divides by 6. */
function sixthOf(view: GraphView, node: ImportNode): string | undefined {
  if (node.type === "Mul") return view.besideNumber(node, 1 / 6);
  return view.number(node.inputs[1]) === 6 ? node.inputs[0] : undefined;
}

/** Clip(x + 3, 0, 6) */
function isRamp(view: GraphView, clip: ImportNode, x: string): boolean {
  if (
    clip.type !== "Clip" ||
    bound(view, clip, "min", 1) !== 0 ||
    bound(view, clip, "max", 2) !== 6
  ) {
    return false;
  }
  return view.besideNumber(view.maker(clip.inputs[0], "Add"), 3) === x;
}

function bound(view: GraphView, clip: ImportNode, name: string, index: number): number | undefined {
  const value = clip.attributes.get(name);
  return typeof value === "number" ? value : view.number(clip.inputs[index]);
}

function isHardSigmoid(view: GraphView, gate: ImportNode, x: string): boolean {
  if (gate.type === "HardSigmoid") {
    const p = view.parameters(gate);
    const isSixth = Math.abs(p.number("alpha", 0.2) - 1 / 6) < 1e-6;
    return gate.inputs[0] === x && isSixth && p.number("beta", 0.5) === 0.5;
  }
  const isDivided = gate.type === "Div" || gate.type === "Mul";
  const ramp = isDivided ? view.maker(sixthOf(view, gate), "Clip") : undefined;
  return ramp !== undefined && isRamp(view, ramp, x);
}
