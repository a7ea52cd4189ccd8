/**
 * The rank of each box: one more than the highest it reads from. A box that reads nothing stands just before its first reader.
 *
 * @param reads for each box the boxes it reads from, which come before it
 */
export function ranksOf(reads: readonly (readonly number[])[]): number[] {
  const ranks: number[] = [];
  for (const from of reads) ranks.push(Math.max(0, ...from.map((i) => (ranks[i] ?? 0) + 1)));
  const firstReader = reads.map(() => Number.POSITIVE_INFINITY);
  for (const [to, from] of reads.entries()) {
    for (const i of from) firstReader[i] = Math.min(firstReader[i] ?? 0, ranks[to] ?? 0);
  }
  return ranks.map((rank, i) => {
    const reader = firstReader[i] ?? Number.POSITIVE_INFINITY;
    return reads[i]?.length === 0 && Number.isFinite(reader) ? reader - 1 : rank;
  });
}
