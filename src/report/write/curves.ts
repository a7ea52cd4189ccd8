import { type Html, html } from "../../page/html.ts";
import { section } from "../../page/page.ts";
import { legend } from "../../page/parts.ts";
import type { Series } from "../../plot/chart.ts";
import {
  type Point,
  precisionPoints,
  rocPoints,
  type Thresholds,
  thinned,
} from "../measures/curves.ts";
import { chart, SHARES } from "./shown.ts";

/** Curves of so many classes are drawn, each of so many points at most. */
const [MOST_CURVES, MOST_POINTS] = [10, 200];

/** What chance gives, and what a net is that is as sure as it is right. */
export const DIAGONAL: Series = {
  label: "",
  isDashed: true,
  points: [
    [0, 0],
    [1, 1],
  ],
};

/** Classes of which some are drawn: all, or those that are found worst. */
interface Drawn<Of> {
  readonly shown: readonly Of[];
  readonly isPart: boolean;
}

/** The classes whose average precision is least, where there are more than are drawn; those without one are left out. */
export function worstFound<Of extends { readonly averagePrecision: number }>(
  classes: readonly Of[],
): Drawn<Of> {
  const present = classes.filter(({ averagePrecision }) => !Number.isNaN(averagePrecision));
  if (present.length <= MOST_CURVES) return { shown: present, isPart: false };
  const worst = present.toSorted((a, b) => a.averagePrecision - b.averagePrecision);
  return { shown: worst.slice(0, MOST_CURVES), isPart: true };
}

/** A curve as a line of a chart. */
export function lineOf(label: string, points: readonly Point[]): Series {
  return { label, points: thinned(points, MOST_POINTS) };
}

/** Precision over recall, and the receiver operating characteristic, of all classes or of those that are found worst. */
export function curvesOfWorst(
  classes: readonly { readonly label: number; readonly averagePrecision: number }[],
  nameOf: (label: number) => string,
  thresholdsOf: (label: number) => Thresholds | undefined,
  word: "class" | "label",
): Html[] {
  const { shown, isPart } = worstFound(classes);
  const lines = shown.flatMap(({ label }) => {
    const thresholds = thresholdsOf(label);
    return thresholds ? [{ name: nameOf(label), thresholds }] : [];
  });
  if (lines.length === 0) return [];
  const seriesOf = (points: (thresholds: Thresholds) => readonly Point[]): Series[] =>
    lines.map(({ name, thresholds }) => lineOf(name, points(thresholds)));
  const each =
    word === "class" ? "each against all others" : "records that have it against the others";
  const most = isPart
    ? `Of the ${shown.length} ${word === "class" ? "classes" : "labels"} that are found worst, ${each}`
    : `${each[0]?.toUpperCase()}${each.slice(1)}`;
  return [
    section(
      "Curves",
      `${most}, over every threshold of ${word === "class" ? "its" : "a label's"} probability.`,
      html`<div class="pair">${[
        chart({
          xLabel: "recall",
          yLabel: "precision",
          series: seriesOf(precisionPoints),
          ...SHARES,
        }),
        chart({
          ...{ xLabel: "share of the others taken for it", yLabel: `share of the ${word} found` },
          ...{ series: [...seriesOf(rocPoints), DIAGONAL], ...SHARES },
        }),
      ]}</div>`,
      legend(lines.map(({ name }) => name)),
    ),
  ];
}
