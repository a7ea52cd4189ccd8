import type { Row } from "./row.ts";

const SWEEPS = 40;
/** Of these, how many look to one side only. */
const ONE_SIDED = 12;
/** How little a tag draws a box to itself, beside another box. */
const TO_TAG = 0.05;
/** What lies between two boxes, and beside a line. */
const BETWEEN = 16;
const BESIDE_LINE = 9;

/**
 * The middle of each item across the direction in which data flows: as near as may be to the middle of what it is joined to, in the
 * order of its column and without touching its neighbours; lines that go on straight count more.
 */
export function placeItems(row: Row): number[] {
  const { items, columns, links } = row;
  const places = items.map(() => 0);
  for (const column of columns) {
    let at = 0;
    for (const [i, item] of column.items.entries()) {
      if (i > 0) at += apart(row, column.items[i - 1] ?? 0, item);
      places[item] = at;
    }
    for (const item of column.items) places[item] = (places[item] ?? 0) - at / 2;
  }
  const joined: { other: number; isBefore: boolean; weight: number }[][] = items.map(() => []);
  for (const { from, to } of links) {
    const ends = [items[from]?.kind, items[to]?.kind];
    const bends = ends.filter((kind) => kind === "bend").length;
    const weight = ends.includes("tag") ? TO_TAG : ([1, 2, 8][bends] ?? 1);
    joined[from]?.push({ other: to, isBefore: false, weight });
    joined[to]?.push({ other: from, isBefore: true, weight });
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    // At last all that an item is joined to counts.
    const counts = (isBefore: boolean): boolean => sweep >= ONE_SIDED || isBefore === isForward;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[isForward ? i : columns.length - 1 - i]?.items ?? [];
      const wishes = column.map((item) => {
        let [sum, weight] = [0, 0];
        for (const one of joined[item] ?? []) {
          if (!counts(one.isBefore)) continue;
          sum += one.weight * (places[one.other] ?? 0);
          weight += one.weight;
        }
        return weight > 0
          ? { place: sum / weight, weight }
          : { place: places[item] ?? 0, weight: 0.01 };
      });
      const gaps = column.map((item, k) => (k > 0 ? apart(row, column[k - 1] ?? 0, item) : 0));
      const found = apartAndNear(wishes, gaps);
      for (const [k, item] of column.entries()) places[item] = found[k] ?? 0;
    }
  }
  return places;
}

/** How far the middles of two neighbours lie from each other at least. */
function apart({ items }: Row, a: number, b: number): number {
  const [one, other] = [items[a], items[b]];
  const gap = one?.kind === "bend" || other?.kind === "bend" ? BESIDE_LINE : BETWEEN;
  return ((one?.breadth ?? 0) + (other?.breadth ?? 0)) / 2 + gap;
}

/**
 * Places that are nearest to what is wished, by weighted squares, and at least `gaps` apart: places less the sum of gaps must not fall,
 * so neighbours that would are pooled.
 *
 * @see Pool Adjacent Violators, isotonic regression
 */
function apartAndNear(
  wishes: readonly { readonly place: number; readonly weight: number }[],
  gaps: readonly number[],
): number[] {
  const offsets: number[] = [];
  for (const gap of gaps) offsets.push((offsets.at(-1) ?? 0) + gap);
  const pools: { sum: number; weight: number; size: number }[] = [];
  for (const [i, { place, weight }] of wishes.entries()) {
    let pool = { sum: weight * (place - (offsets[i] ?? 0)), weight, size: 1 };
    for (let last = pools.at(-1); last; last = pools.at(-1)) {
      if (last.sum / last.weight <= pool.sum / pool.weight) break;
      pools.pop();
      pool = {
        sum: last.sum + pool.sum,
        weight: last.weight + pool.weight,
        size: last.size + pool.size,
      };
    }
    pools.push(pool);
  }
  const flat = pools.flatMap(({ sum, weight, size }) => new Array<number>(size).fill(sum / weight));
  return flat.map((place, i) => place + (offsets[i] ?? 0));
}
