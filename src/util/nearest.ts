/** What is longer than any name is no slip of one, and would take long to compare. */
const MOST_LETTERS = 200;

/** The known name with the fewest edits to `name`, if that is few enough to be a slip. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // In JavaScript a name may be of any type.
  if (typeof name !== "string" || name.length > MOST_LETTERS) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    if (candidate.length > MOST_LETTERS) continue;
    const distance = edits(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?` for the nearest known name, or nothing. */
export function nearestText(name: string, known: Iterable<string>): string {
  const found = nearest(name, known);
  return found === undefined ? "" : ` Did you mean "${found}"?`;
}

/** How many insertions, deletions, replacements and swaps of neighbours turn a into b. */
function edits(a: string, b: string): number {
  let beforeThat: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeThat[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    beforeThat = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
