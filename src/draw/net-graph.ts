import { type DrawOptions, drawnShape } from "./draw-options.ts";
import type { DrawnLayer, DrawnNet } from "./drawn-net.ts";

/** One layer within a box. */
type Part = Pick<DrawnLayer, "name" | "type" | "details" | "role">;

/** A box: a layer, and those that work in place on what it makes. */
export interface GraphNode {
  readonly parts: readonly Part[];
  /** What it makes, with shapes where they are known. */
  readonly tops: readonly { readonly blob: string; readonly shape: string | undefined }[];
}

/** A blob on its way from the box that makes it to one that reads it. */
export interface GraphEdge {
  readonly from: number;
  readonly to: number;
  readonly blob: string;
}

/** Blocks of boxes of which the first is drawn for all. */
export interface Fold {
  readonly nodes: readonly number[];
  readonly count: number;
  /** Which layers the block begins with, the first time and the last. */
  readonly first: string;
  readonly last: string;
}

/** A net as boxes, which stand in the order in which they run, and arrows. */
export interface NetGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Blobs that no layer reads. */
  readonly outputs: readonly { readonly from: number; readonly blob: string }[];
  readonly folds: readonly Fold[];
}

/** A box while further layers may join it. */
interface OpenNode {
  readonly parts: Part[];
  readonly blobs: readonly string[];
}

/** The boxes and arrows of a net. */
export function netGraphOf(net: DrawnNet, shapes: DrawOptions["shapes"]): NetGraph {
  const nodes: OpenNode[] = [];
  const edges: GraphEdge[] = [];
  const makers = new Map<string, number>();
  /** Blobs that were read since they were last written. */
  const read = new Set<string>();
  for (const layer of net.layers) {
    const { name, type, details, role, bottoms, tops } = layer;
    const part: Part = { name, type, details, role };
    const joined = isInPlace(layer) ? joinable(nodes, makers, read, bottoms[0] ?? "") : undefined;
    if (joined) {
      joined.parts.push(part);
      continue;
    }
    const to = nodes.length;
    nodes.push({ parts: [part], blobs: tops });
    for (const blob of bottoms) {
      const from = makers.get(blob);
      if (from !== undefined) edges.push({ from, to, blob });
      read.add(blob);
    }
    for (const blob of tops) {
      makers.set(blob, to);
      read.delete(blob);
    }
  }
  return {
    nodes: nodes.map(({ parts, blobs }) => ({
      parts,
      tops: blobs.map((blob) => {
        const shape = shapes?.get(blob);
        return { blob, shape: shape && drawnShape(shape) };
      }),
    })),
    edges,
    outputs: [...makers]
      .filter(([blob]) => !read.has(blob))
      .map(([blob, from]) => ({ blob, from })),
    folds: [],
  };
}

function isInPlace({ bottoms, tops }: DrawnLayer): boolean {
  return bottoms.length === 1 && tops.length === 1 && bottoms[0] === tops[0];
}

/** The box that a layer in place joins: that of the only blob of a layer that is no source, not read by another yet. */
function joinable(
  nodes: readonly OpenNode[],
  makers: ReadonlyMap<string, number>,
  read: ReadonlySet<string>,
  blob: string,
): OpenNode | undefined {
  const node = nodes[makers.get(blob) ?? -1];
  const [first] = node?.parts ?? [];
  const joins = first && node?.blobs.length === 1 && !read.has(blob);
  return joins && !["source", "input"].includes(first.role) ? node : undefined;
}
