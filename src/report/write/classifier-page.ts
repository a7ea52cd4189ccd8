import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import { type Column, type Figure, gallery, share, table, tiles } from "../../page/parts.ts";
import type { ClassifierReport } from "../classifier-report.ts";
import { type ClassMeasures, classThresholds } from "../measures/classification.ts";
import { confoundedTable } from "./confounded.ts";
import { confusionSvg } from "./confusion-picture.ts";
import { curvesOfWorst, DIAGONAL } from "./curves.ts";
import { chart, decimals, footOf, leadOf, percent, SHARES, short } from "./shown.ts";

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
      ...curvesOfWorst(
        measures.classes,
        (label) => names[label] ?? "",
        (label) => classThresholds(report.judged, label),
        "class",
      ),
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
