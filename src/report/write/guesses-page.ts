import { basename } from "node:path";
import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import { type Column, type Figure, gallery, share, table, tiles } from "../../page/parts.ts";
import { version } from "../../util/version.ts";
import type { Thumbnail } from "../collect/thumbnail.ts";
import type { Guesses } from "./guesses-csv.ts";
import { decimals, short } from "./shown.ts";

/** A picture, what it is taken for, and a small form of it. */
export interface GuessedPicture extends Guesses {
  /** Undefined where there is no room for more on the page. */
  readonly picture: Thumbnail | undefined;
}

/** A class that pictures are taken for. */
export interface GuessedClass {
  readonly label: string;
  readonly pictures: number;
  /** Of the best guesses that are of it. */
  readonly mean_score: number;
}

/** What the page shows. */
interface Guessed {
  readonly model: string;
  readonly weights: string;
  readonly skipped: readonly { readonly file: string; readonly problem: string }[];
  readonly pictures: readonly GuessedPicture[];
  readonly classes: readonly GuessedClass[];
}

/** The page of what pictures are taken for: each with its guesses, in the order in which they were given. */
export function guessesPage({ model, weights, skipped, pictures, classes }: Guessed): string {
  const shown = pictures.filter(({ picture }) => picture !== undefined);
  const columns: readonly Column<GuessedClass>[] = [
    { title: "class", isText: true, of: ({ label }) => label },
    { title: "pictures", of: (one) => one.pictures },
    { title: "mean score", of: (one) => share(one.mean_score) },
  ];
  return pageText({
    title: `${pictures.length.toLocaleString("en")} pictures`,
    lead: html`as ${weights} sees them`,
    body: [
      tiles([
        { name: "pictures", value: pictures.length.toLocaleString("en") },
        { name: "classes that are guessed", value: classes.length.toLocaleString("en") },
        ...(skipped.length > 0
          ? [{ name: "files left out", value: skipped.length.toLocaleString("en") }]
          : []),
      ]),
      section("What they are taken for", undefined, table(columns, classes)),
      section(
        "Pictures",
        shown.length < pictures.length
          ? `The first ${shown.length}; all are in predictions.csv.`
          : undefined,
        gallery(shown.map(figureOf)),
      ),
      ...leftOut(skipped),
    ],
    foot: html`Scores of ${model}. Made by caffe-ts ${version}; the numbers are in the files beside this page.`,
  });
}

function figureOf({ file, predictions, picture }: GuessedPicture): Figure {
  const [best, ...others] = predictions.map(
    ({ label, score }, i) =>
      html`${i === 0 ? html`<b>${short(label)}</b>` : short(label)} ${decimals(score)}${i + 1 < predictions.length ? html`<br>` : undefined}`,
  );
  return {
    source: picture?.source,
    isSmall: picture?.isSmall ?? false,
    caption: html`${best}${others}<small>${short(basename(file))}</small>`,
  };
}

function leftOut(skipped: Guessed["skipped"]): Html[] {
  if (skipped.length === 0) return [];
  const columns: readonly Column<Guessed["skipped"][number]>[] = [
    { title: "file", isText: true, of: ({ file }) => file },
    { title: "problem", isText: true, of: ({ problem }) => problem },
  ];
  return [section("Left out", "Files that could not be read.", table(columns, skipped))];
}
