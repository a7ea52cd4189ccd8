import { readText } from "../io/files/read-file.ts";

/** One class with its score. */
export interface Choice {
  readonly index: number;
  /** The class's label where labels are known, else its number. */
  readonly label: string;
  readonly score: number;
}

/** The `top` classes with the highest scores, best first; of equal ones the first. */
export function topChoices(
  scores: ArrayLike<number>,
  labels: readonly string[],
  top: number,
): Choice[] {
  return Array.from(scores, (score, index) => ({
    index,
    label: labels[index] ?? String(index),
    score,
  }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, top);
}

/**
 * Labels, one a line, in the order of the classes; `n02123045 tabby, tabby cat` is one as it is.
 * @throws FileError where the file cannot be read
 */
export function readLabels(path: string): string[] {
  const lines = readText(path, "label file").split(/\r?\n/);
  while (lines.at(-1) === "") lines.pop();
  return lines;
}
