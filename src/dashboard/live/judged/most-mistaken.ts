/** So many classes have rows of their own in a table; of more, those that are mistaken most. */
const MOST_SHOWN = 40;

/** The part of a confusion that a table shows: its classes, and a row of counts for each. */
export function shownConfusion(
  counts: ArrayLike<number>,
  classes: number,
): { readonly shown: number[]; readonly confusion: number[][] } {
  const shown = counts.length > 0 ? mostMistaken(counts, classes) : [];
  const rowOf = (label: number): number[] =>
    shown.map((guess) => counts[label * classes + guess] ?? 0);
  return { shown, confusion: shown.map(rowOf) };
}

/**
 * All classes where they are few; else those that are mistaken, or others are taken for, most.
 * @param counts of a confusion: row by true class, column by guess
 */
function mostMistaken(counts: ArrayLike<number>, classes: number): number[] {
  const all = Array.from({ length: classes }, (_, label) => label);
  if (classes <= MOST_SHOWN) return all;
  const mistaken = new Float64Array(classes);
  for (const label of all) {
    for (const guess of all) {
      const count = label === guess ? 0 : (counts[label * classes + guess] ?? 0);
      mistaken[label] = (mistaken[label] ?? 0) + count;
      mistaken[guess] = (mistaken[guess] ?? 0) + count;
    }
  }
  return all
    .sort((a, b) => (mistaken[b] ?? 0) - (mistaken[a] ?? 0) || a - b)
    .slice(0, MOST_SHOWN)
    .sort((a, b) => a - b);
}
