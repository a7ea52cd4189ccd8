import type { Fold, GraphEdge, GraphNode, NetGraph } from "./net-graph.ts";

/** Blocks are looked for up to this many boxes long. */
const LONGEST = 64;

/** Boxes `start` to `start + count · length`, `count` times the same block one after the other. */
interface Run {
  readonly start: number;
  readonly length: number;
  readonly count: number;
}

/**
 * The net with blocks that follow one another unchanged drawn once. A block repeats another where its boxes say the same but
 * for their names, and read what lies as far before them, or the same box before all blocks. Of a block one box alone is read by
 * the next, and of all but the last no other box reads. Blocks are folded where that saves four boxes, of three blocks or more.
 */
export function foldRepeats(graph: NetGraph): NetGraph {
  const reads = readsOf(graph);
  const kinds = graph.nodes.map((node) => JSON.stringify(kindOf(node)));
  const chosen: Run[] = [];
  const saved = ({ length, count }: Run): number => length * (count - 1);
  const found = runsOf(kinds, reads)
    .map((run) => ({ ...run, count: closedCount(run, graph.edges) }))
    .filter((run) => run.count >= 3 && saved(run) >= 4 && isJoinedByOne(run, graph.edges))
    .sort((a, b) => saved(b) - saved(a) || a.length - b.length || a.start - b.start);
  const taken = new Set<number>();
  for (const run of found) {
    const members = Array.from({ length: run.length * run.count }, (_, i) => run.start + i);
    if (members.some((i) => taken.has(i))) continue;
    for (const i of members) taken.add(i);
    chosen.push(run);
  }
  return chosen.length === 0 ? graph : foldedGraph(graph, chosen);
}

/** What a box says, but for names. */
function kindOf({ parts, tops }: GraphNode): unknown {
  return [parts.map(({ type, details }) => [type, details]), tops.length];
}

/** The boxes that each box reads from. */
function readsOf({ nodes, edges }: NetGraph): number[][] {
  const reads: number[][] = nodes.map(() => []);
  for (const { from, to } of edges) reads[to]?.push(from);
  return reads;
}

function runsOf(kinds: readonly string[], reads: readonly number[][]): Run[] {
  const runs: Run[] = [];
  const count = kinds.length;
  for (let length = 1; length <= Math.min(LONGEST, count >> 1); length++) {
    // How many boxes from each on are followed, `length` later, by one that is the same.
    let same = 0;
    for (let i = count - length - 1; i >= 0; i--) {
      same = isSame(i, i + length, kinds, reads) ? same + 1 : 0;
      if (same >= length) runs.push({ start: i, length, count: 1 + Math.floor(same / length) });
    }
  }
  return runs;
}

function isSame(
  i: number,
  j: number,
  kinds: readonly string[],
  reads: readonly number[][],
): boolean {
  const [a, b] = [reads[i] ?? [], reads[j] ?? []];
  if (kinds[i] !== kinds[j] || a.length !== b.length) return false;
  return a.every((from, k) => from === b[k] || i - from === j - (b[k] ?? 0));
}

/** As many of a run's blocks as nobody outside reads from, but from the last. */
function closedCount({ start, length, count }: Run, edges: readonly GraphEdge[]): number {
  let closed = count;
  for (const { from, to } of edges) {
    const block = Math.floor((from - start) / length);
    if (from < start || block >= closed) continue;
    const reader = Math.floor((to - start) / length);
    // A later block may read from the one before it; a reader further on must be behind the run's last.
    if (reader > block + 1 || (reader === block + 1 && reader >= count)) {
      closed = Math.min(closed, block + 1);
    }
  }
  return closed;
}

/** Whether each block reads one box of the block before it: blocks then begin where people see them begin. */
function isJoinedByOne({ start, length }: Run, edges: readonly GraphEdge[]): boolean {
  const second = start + length;
  const read = edges.filter(({ from, to }) => from >= start && from < second && to >= second);
  return new Set(read.map(({ from }) => from)).size === 1;
}

function foldedGraph(graph: NetGraph, runs: readonly Run[]): NetGraph {
  /** Where each box is drawn: one of a later block in the first; of all but the last block, none sends anything out. */
  const drawnAs = graph.nodes.map((_, i) => i);
  const sends = graph.nodes.map(() => true);
  const isLeft = graph.nodes.map(() => true);
  for (const { start, length, count } of runs) {
    for (let i = start; i < start + length * count; i++) {
      drawnAs[i] = start + ((i - start) % length);
      sends[i] = i >= start + length * (count - 1);
      isLeft[i] = i < start + length;
    }
  }
  const numbers: number[] = [];
  let next = 0;
  for (const isKept of isLeft) numbers.push(isKept ? next++ : -1);
  const numberOf = (node: number): number => numbers[drawnAs[node] ?? node] ?? 0;
  const blockOf = (node: number): number =>
    runs.findIndex(({ start, length, count }) => node >= start && node < start + length * count);
  const edges = graph.edges.filter(({ from, to }) => {
    const block = blockOf(from);
    // Within a run, what the first block is made of; into it, what the first reads; out of it, what the last sends.
    if (block >= 0 && block === blockOf(to)) return isLeft[from] && isLeft[to];
    return sends[from] && isLeft[to];
  });
  return {
    nodes: graph.nodes
      .map((node, i) => {
        const { length = 0, count = 1 } = runs[blockOf(i)] ?? {};
        return withLastShapes(node, graph.nodes[i + length * (count - 1)] ?? node);
      })
      .filter((_, i) => isLeft[i]),
    edges: edges.map(({ from, to, blob }) => ({ from: numberOf(from), to: numberOf(to), blob })),
    outputs: graph.outputs
      .filter(({ from }) => sends[from])
      .map(({ from, blob }) => ({ from: numberOf(from), blob })),
    folds: runs.map(
      ({ start, length, count }): Fold => ({
        nodes: Array.from({ length }, (_, i) => numberOf(start + i)),
        count,
        first: graph.nodes[start]?.parts[0]?.name ?? "",
        last: graph.nodes[start + length * (count - 1)]?.parts[0]?.name ?? "",
      }),
    ),
  };
}

/** A box of a first block, with how its shapes change up to that of the last: `96…224×56×56`. */
function withLastShapes(node: GraphNode, last: GraphNode): GraphNode {
  const tops = node.tops.map(({ blob, shape }, k) => {
    const end = last.tops[k]?.shape?.split("×") ?? [];
    const lengths = shape?.split("×").map((length, axis) => {
      const final = end[axis] ?? length;
      return final === length ? length : `${length}…${final}`;
    });
    return { blob, shape: lengths?.join("×") };
  });
  return { ...node, tops };
}
