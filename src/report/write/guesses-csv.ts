import type { Choice } from "../../inference/choice.ts";
import { csvName, csvPath } from "../../util/csv.ts";

/** A picture and what it is taken for, best guesses first. */
export interface Guesses {
  readonly file: string;
  readonly predictions: readonly Choice[];
}

/** The names of the columns of a table of so many guesses each. */
export function guessesHead(guesses: number): string {
  const names = Array.from({ length: guesses }, (_, i) =>
    i === 0 ? "label,score" : `label_${i + 1},score_${i + 1}`,
  );
  return `file,${names.join()}\n`;
}

/** A picture's row of it. */
export function guessesRow({ file, predictions }: Guesses): string {
  const fields = predictions.flatMap(({ label, score }) => [
    csvName(label),
    String(Number(score.toPrecision(6))),
  ]);
  return `${[csvPath(file), ...fields].join()}\n`;
}
