/** What an arrow costs that goes on in the next row, beside a row that is left wholly empty, which costs 1. */
const BROKEN = 0.5;
/** And a block that is cut in two. */
const CUT = 2;

/** Boxes in the order of their ranks, which are columns where data flows to the right. */
interface Ranked {
  /** How long each rank is in the direction in which data flows. */
  readonly lengths: readonly number[];
  /** Arrows, each once for all that read the same blob, from rank to last rank. */
  readonly spans: readonly (readonly [from: number, to: number])[];
  /** Blocks that are to stay together, by first and last rank. */
  readonly blocks: readonly (readonly [first: number, last: number])[];
}

/**
 * Where rows begin, so that none is longer than `limit`: few arrows and blocks are cut, and rows are full. A rank that is longer has
 * a row of its own.
 */
export function rowStarts({ lengths, spans, blocks }: Ranked, limit: number): number[] {
  if (limit <= 0) return [0];
  const count = lengths.length;
  const cutCost = Array.from({ length: count + 1 }, (_, at) => {
    if (at === 0 || at === count) return 0;
    const crossing = ([first, last]: readonly [number, number]): boolean =>
      first < at && last >= at;
    return BROKEN * spans.filter(crossing).length + CUT * blocks.filter(crossing).length;
  });
  // The best way to end a row before each rank, and where that row begins.
  const best: { cost: number; from: number }[] = [{ cost: 0, from: 0 }];
  for (let end = 1; end <= count; end++) {
    let chosen = { cost: Number.POSITIVE_INFINITY, from: end - 1 };
    let length = 0;
    for (let from = end - 1; from >= 0; from--) {
      length += lengths[from] ?? 0;
      if (length > limit && from < end - 1) break;
      const empty = Math.max(0, 1 - length / limit);
      const cost =
        (best[from]?.cost ?? 0) +
        (cutCost[end] ?? 0) +
        (end === count ? 0.3 : 1) * empty ** 2 +
        0.2;
      if (cost < chosen.cost) chosen = { cost, from };
    }
    best.push(chosen);
  }
  const starts: number[] = [];
  for (let end = count; end > 0; end = best[end]?.from ?? 0) starts.unshift(best[end]?.from ?? 0);
  return starts.length > 0 ? starts : [0];
}
