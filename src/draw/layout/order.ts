import type { Row } from "./row.ts";

/** How often columns are gone through, there and back. */
const SWEEPS = 12;

/**
 * Puts what stands in each column of a row in an order in which few lines cross: each where the middle of what it is joined to lies.
 * Lines that come from the row before keep their order.
 *
 * @see Sugiyama, Tagawa and Toda, Methods for visual understanding of hierarchical system structures
 */
export function orderColumns(row: Row): void {
  const { columns, items, links } = row;
  const came = columns[0]?.items.filter((item) => items[item]?.kind === "bend") ?? [];
  const before: number[][] = items.map(() => []);
  const behind: number[][] = items.map(() => []);
  for (const { from, to } of links) {
    behind[from]?.push(to);
    before[to]?.push(from);
  }
  /** Where each item stands in its column, between 0 and 1: columns have different numbers of them. */
  const places = items.map(() => 0);
  const number = (order: readonly number[]): void => {
    for (const [i, item] of order.entries()) places[item] = (i + 0.5) / order.length;
  };
  for (const { items: order } of columns) number(order);
  let best = columns.map(({ items: order }) => [...order]);
  let fewest = crossings(best, behind, places);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const isForward = sweep % 2 === 0;
    for (const i of columns.keys()) {
      const column = columns[isForward ? i : columns.length - 1 - i];
      if (!column) continue;
      column.items = sorted(column.items, isForward ? before : behind, places);
      if (column === columns[0]) column.items = withOrder(column.items, came);
      number(column.items);
    }
    const now = columns.map(({ items: order }) => [...order]);
    const count = crossings(now, behind, places);
    if (count < fewest) [fewest, best] = [count, now];
  }
  for (const [i, column] of columns.entries()) column.items = best[i] ?? [];
}

/** Items by the middle of what they are joined to; those that are joined to nothing stay. */
function sorted(
  order: readonly number[],
  joined: readonly (readonly number[])[],
  places: readonly number[],
): number[] {
  const middles = new Map(
    order.map((item) => {
      const others = joined[item] ?? [];
      const sum = others.reduce((total, other) => total + (places[other] ?? 0), 0);
      return [item, others.length > 0 ? sum / others.length : (places[item] ?? 0)];
    }),
  );
  return order.toSorted((a, b) => (middles.get(a) ?? 0) - (middles.get(b) ?? 0));
}

/** The items, of which some take each other's places so that they stand in this order. */
function withOrder(items: readonly number[], order: readonly number[]): number[] {
  const rest = [...order];
  return items.map((item) => (order.includes(item) ? (rest.shift() ?? item) : item));
}

function crossings(
  columns: readonly (readonly number[])[],
  behind: readonly (readonly number[])[],
  places: readonly number[],
): number {
  let sum = 0;
  for (const column of columns) {
    const lines = column.flatMap((item) =>
      (behind[item] ?? []).map((to) => [places[item] ?? 0, places[to] ?? 0] as const),
    );
    for (const [k, [a, b]] of lines.entries()) {
      for (let i = k + 1; i < lines.length; i++) {
        const [c, d] = lines[i] ?? [a, b];
        if ((a - c) * (b - d) < 0) sum++;
      }
    }
  }
  return sum;
}
