import { graphlib, layout } from "@dagrejs/dagre";
import type { NetBoxes } from "./net-boxes.ts";

/** Where a box stands: its left upper corner, and how large it is. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where all of a net's picture stands. */
export interface NetLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Place[];
  /** By wire, a path in SVG's words. */
  readonly wires: readonly string[];
}

const WIDTH = 188;
/** Heights of a box's head, and of each layer in place below it. */
export const HEAD = 44;
export const ROW = 19;

/** Lays boxes out from top to bottom. */
export function netLayout({ boxes, wires }: NetBoxes): NetLayout {
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: 22, ranksep: 34, marginx: 12, marginy: 12 });
  boxes.forEach(({ layers }, i) => {
    graph.setNode(String(i), { width: WIDTH, height: HEAD + ROW * (layers.length - 1) });
  });
  wires.forEach(({ from, to }, i) => {
    graph.setEdge(String(from), String(to), {}, String(i));
  });
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: boxes.map((_, i) => {
      const node = graph.node(String(i)) as unknown as Place;
      return { ...node, x: node.x - node.width / 2, y: node.y - node.height / 2 };
    }),
    wires: wires.map(({ from, to }, i) => {
      const edge = graph.edge(String(from), String(to), String(i)) as unknown as {
        readonly points: readonly Point[];
      };
      return pathThrough(edge.points);
    }),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A smooth line through points: straight where they are, round between them. */
function pathThrough(points: readonly Point[]): string {
  const [first, ...others] = points;
  const last = others.pop();
  if (!first || !last) return "";
  let path = `M${at(first)}`;
  others.forEach((point, i) => {
    const next = others[i + 1] ?? last;
    path += ` Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  });
  return `${path} L${at(last)}`;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
