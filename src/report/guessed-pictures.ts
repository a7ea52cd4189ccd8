import { meanOf } from "./measures/mean.ts";
import type { Report } from "./report.ts";
import { guessesHead, guessesRow } from "./write/guesses-csv.ts";
import { type GuessedClass, type GuessedPicture, guessesPage } from "./write/guesses-page.ts";
import { reportJson } from "./write/report-json.ts";
import { textFile } from "./write/text-file.ts";

/** So many pictures are shown on the page of a report. */
export const MOST_PICTURES = 500;

/** What a report of pictures without labels is of. */
interface GuessFacts {
  readonly model: string;
  readonly weights: string;
  /** Files that could not be read, and why. */
  readonly skipped: readonly { readonly file: string; readonly problem: string }[];
}

/** The report of what pictures are taken for, one or more of them. */
export function guessesReport(
  pictures: readonly GuessedPicture[],
  { model, weights, skipped }: GuessFacts,
): Report {
  const classes = classesOf(pictures);
  const json = {
    ...{ task: "classification of pictures", pictures: pictures.length, model, weights },
    classes,
    predictions: pictures.map(({ file, predictions }) => ({ file, predictions })),
    skipped,
  };
  const guesses = pictures[0]?.predictions.length ?? 0;
  const table = [guessesHead(guesses), ...pictures.map(guessesRow)].join("");
  return {
    summary: [["pictures", pictures.length]],
    files: [
      ["predictions.csv", textFile(table)],
      ["report.json", textFile(reportJson(json))],
      ["index.html", textFile(guessesPage({ model, weights, skipped, pictures, classes }))],
    ],
  };
}

/** Which classes are guessed, how often and how surely; the most frequent first. */
function classesOf(pictures: readonly GuessedPicture[]): GuessedClass[] {
  const scores = new Map<string, number[]>();
  for (const { predictions } of pictures) {
    const [best] = predictions;
    if (!best) continue;
    const own = scores.get(best.label) ?? [];
    scores.set(best.label, own);
    own.push(best.score);
  }
  return [...scores]
    .map(([label, own]) => ({ label, pictures: own.length, mean_score: meanOf(own) }))
    .sort((a, b) => b.pictures - a.pictures);
}
