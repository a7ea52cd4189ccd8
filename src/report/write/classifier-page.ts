import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import {
  type Column,
  type Figure,
  gallery,
  legend,
  share,
  table,
  tiles,
} from "../../page/parts.ts";
import type { Series } from "../../plot/chart.ts";
import type { ClassifierReport } from "../classifier-report.ts";
import { type ClassMeasures, classThresholds } from "../measures/classification.ts";
import { type Point, precisionPoints, rocPoints, thinned } from "../measures/curves.ts";
import { confoundedTable } from "./confounded.ts";
import { confusionSvg } from "./confusion-picture.ts";
import { chart, decimals, footOf, leadOf, percent, SHARES, short } from "./shown.ts";

/** Curves of so many classes are drawn, each of so many points at most. */
const [MOST_CURVES, MOST_POINTS] = [10, 200];

/** What chance gives, and what a net is that is as sure as it is right. */
const DIAGONAL: Series = {
  label: "",
  isDashed: true,
  points: [
    [0, 0],
    [1, 1],
  ],
};

/** The page of a classifier's report. */
export async function classifierPage(report: ClassifierReport): Promise<string> {
  const { facts, measures, names } = report;
  return pageText({
    title: facts.title,
    lead: leadOf(facts),
    body: [
      numbers(report),
      section(
        "Confusion",
        "A row for each class: what its records were taken for. The stronger a colour, the larger its share of the row.",
        html`<div class="chart">${await confusionSvg(measures.confusion, names, "page")}</div>`,
        ...confoundedTable(measures.confounded, names, "records"),
      ),
      section(
        "Classes",
        "What was taken for a class and is of it (precision), what is of it and was taken for it (recall), both in one (F1), and how well its score finds it (AP, ROC area).",
        table(classColumns(names), measures.classes),
      ),
      ...curves(report),
      calibration(report),
      ...mistakes(report),
    ],
    foot: footOf(`Scores of ${report.source}`, facts),
  });
}

function numbers({ measures }: ClassifierReport): Html {
  const { mean, calibration: calibrated, topFive } = measures;
  return tiles([
    { name: "accuracy", value: percent(measures.accuracy) },
    ...(topFive === undefined ? [] : [{ name: "top-5 accuracy", value: percent(topFive) }]),
    { name: "loss (cross-entropy)", value: decimals(measures.loss, 4) },
    { name: "mean F1 of the classes", value: decimals(mean.f1) },
    { name: "mean recall of the classes", value: decimals(mean.recall) },
    { name: "mean average precision", value: decimals(mean.averagePrecision) },
    { name: "calibration error (ECE)", value: decimals(calibrated.expectedError) },
    { name: "records", value: measures.records.toLocaleString("en") },
  ]);
}

function classColumns(names: readonly string[]): readonly Column<ClassMeasures>[] {
  return [
    { title: "class", isText: true, of: ({ label }) => names[label] ?? "" },
    { title: "records", of: ({ records }) => records },
    { title: "precision", of: ({ precision }) => share(precision) },
    { title: "recall", of: ({ recall }) => share(recall) },
    { title: "F1", of: ({ f1 }) => share(f1) },
    { title: "AP", of: ({ averagePrecision }) => decimals(averagePrecision) },
    { title: "ROC area", of: ({ areaUnderRoc }) => decimals(areaUnderRoc) },
  ];
}

/** Precision over recall, and the receiver operating characteristic, of all classes or of those that are found worst. */
function curves({ judged, measures, names }: ClassifierReport): Html[] {
  const present = measures.classes.filter(
    ({ averagePrecision }) => !Number.isNaN(averagePrecision),
  );
  const worst = present
    .toSorted((a, b) => a.averagePrecision - b.averagePrecision)
    .slice(0, MOST_CURVES);
  const shown = present.length > MOST_CURVES ? worst : present;
  const lines = shown.flatMap(({ label }) => {
    const thresholds = classThresholds(judged, label);
    return thresholds ? [{ label: names[label] ?? "", thresholds }] : [];
  });
  if (lines.length === 0) return [];
  const seriesOf = (points: (line: (typeof lines)[number]) => readonly Point[]): Series[] =>
    lines.map((line) => ({ label: line.label, points: thinned(points(line), MOST_POINTS) }));
  const precision = seriesOf(({ thresholds }) => precisionPoints(thresholds));
  const roc = seriesOf(({ thresholds }) => rocPoints(thresholds));
  return [
    section(
      "Curves",
      present.length > MOST_CURVES
        ? `Of the ${MOST_CURVES} classes that are found worst, each against all others, over every threshold of its probability.`
        : "Each class against all others, over every threshold of its probability.",
      html`<div class="pair">${[
        chart({ xLabel: "recall", yLabel: "precision", series: precision, ...SHARES }),
        chart({
          ...{ xLabel: "share of the others taken for it", yLabel: "share of the class found" },
          ...{ series: [...roc, DIAGONAL], ...SHARES },
        }),
      ]}</div>`,
      legend(lines.map(({ label }) => label)),
    ),
  ];
}

function calibration({ measures }: ClassifierReport): Html {
  const { bins } = measures.calibration;
  const known = bins.filter(({ records }) => records > 0);
  return section(
    "Calibration",
    "Whether the net is as sure as it is right: among guesses of a confidence, as large a share should be right. Bars below the dashed line: it is surer than it is right.",
    html`<div class="pair">${[
      chart({
        ...{ xLabel: "confidence of the guess", yLabel: "share that is right", ...SHARES },
        ...{
          series: [DIAGONAL],
          bars: known.map(({ from, to, accuracy }) => ({ from, to, value: accuracy })),
        },
      }),
      chart({
        ...{ xLabel: "confidence of the guess", yLabel: "records", series: [], xRange: [0, 1] },
        bars: bins.map(({ from, to, records }) => ({ from, to, value: records })),
      }),
    ]}</div>`,
  );
}

function mistakes({
  mistakes: all,
  names,
  judged,
  records,
  numbers: positions,
}: ClassifierReport): Html[] {
  if (all.length === 0) return [];
  const figures = all.map(({ at, picture }): Figure => {
    const [label, guess] = [judged.labels[at] ?? 0, judged.guesses[at] ?? 0];
    return {
      source: picture?.source,
      isSmall: picture?.isSmall ?? false,
      caption: html`<b class="bad">${short(names[guess] ?? "")}</b> ${percent(judged.confidences[at] ?? 0)}<br>is <b class="good">${short(names[label] ?? "")}</b><small>${short(records[at] || `record ${positions[at]}`)}</small>`,
    };
  });
  return [
    section(
      "Most confident mistakes",
      "What the net was surest of and took for something else; wrong labels in the data are found here too.",
      gallery(figures),
    ),
  ];
}
