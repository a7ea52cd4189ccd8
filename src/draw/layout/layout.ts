import type { Layout, LayoutInput } from "./layout-parts.ts";
import { GAP, MeasuredRow } from "./measured-row.ts";
import { orderColumns } from "./order.ts";
import { ranksOf } from "./ranks.ts";
import { type Broken, rowOf } from "./row.ts";
import { rowStarts } from "./rows.ts";
import { LANE, type LaidWire, StackedRows } from "./stacked-rows.ts";

/** Lays boxes out in ranks, and ranks in rows. */
export function layOut(input: LayoutInput): Layout {
  const { sizes, wires, frames, limit, tagSize } = input;
  const reads: number[][] = sizes.map(() => []);
  for (const { from, to } of wires) for (const node of to) reads[node]?.push(from);
  const ranks = ranksOf(reads);
  const rankOf = (node: number): number => ranks[node] ?? 0;
  const lengths: number[] = [];
  for (const [node, { length }] of sizes.entries()) {
    lengths[rankOf(node)] = Math.max(lengths[rankOf(node)] ?? 0, length + GAP + LANE);
  }
  const span = (nodes: readonly number[]): [number, number] => [
    Math.min(...nodes.map(rankOf)),
    Math.max(...nodes.map(rankOf)),
  ];
  const starts = rowStarts(
    {
      lengths,
      spans: wires.filter(({ to }) => to.length > 0).map(({ from, to }) => span([from, ...to])),
      blocks: frames.map(({ nodes }) => span(nodes)),
    },
    limit,
  );
  const broken: Broken = { wires, ranks, sizes, starts, tagSize };
  const drawn = new StackedRows();
  let came: LaidWire[] = [];
  for (const at of starts.keys()) {
    const row = rowOf(
      broken,
      at,
      came.map(({ wire }) => wire),
    );
    orderColumns(row);
    came = drawn.addRow(new MeasuredRow(row, input), came);
  }
  return drawn.finished();
}
