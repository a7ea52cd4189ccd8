import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import { type Column, legend, share, table, tiles } from "../../page/parts.ts";
import { precisionPoints, thinned } from "../measures/curves.ts";
import type { DetectedClass, DetectionMeasures } from "../measures/detection.ts";
import type { ReportFacts } from "../report.ts";
import { factsJson, reportJson } from "./report-json.ts";
import { chart, decimals, footOf, leadOf, SHARES } from "./shown.ts";

/** Curves of so many classes are drawn, each of so many points at most. */
const [MOST_CURVES, MOST_POINTS] = [10, 200];

/** All that a report of a detector says. */
export interface DetectorReport {
  readonly facts: ReportFacts;
  /** The layer that judges the detections. */
  readonly source: string;
  readonly nameOf: (label: number) => string;
  readonly measures: DetectionMeasures;
}

/** The text of a detector's report.json. */
export function detectorJson({ facts, source, nameOf, measures }: DetectorReport): string {
  return reportJson({
    mean_average_precision: measures.meanAveragePrecision,
    ap_version: measures.version,
    ...{ task: "detection", records: facts.pass.records, evaluated_by: source },
    ...factsJson(facts),
    classes: measures.classes.map(({ label, objects, detections, right, best, ...one }) => ({
      ...{ label, name: nameOf(label), objects, detections, right },
      average_precision: one.averagePrecision,
      best_f1: best ?? null,
    })),
  });
}

/** The page of a detector's report. */
export function detectorPage(report: DetectorReport): string {
  const { facts, source, measures, nameOf } = report;
  const { classes, version, meanAveragePrecision } = measures;
  const sum = (of: (one: DetectedClass) => number): string =>
    classes.reduce((before, one) => before + of(one), 0).toLocaleString("en");
  return pageText({
    title: facts.title,
    lead: leadOf(facts),
    body: [
      tiles([
        { name: `mean average precision (${version})`, value: decimals(meanAveragePrecision) },
        { name: "objects", value: sum(({ objects }) => objects) },
        { name: "detections", value: sum(({ detections }) => detections) },
        { name: "of these right", value: sum(({ right }) => right) },
        { name: "records", value: facts.pass.records.toLocaleString("en") },
      ]),
      section(
        "Classes",
        "How well the detections of a class find its objects (average precision), and the score from which on precision and recall are best together.",
        table(classColumns(nameOf), classes),
      ),
      ...curves(report),
    ],
    foot: footOf(`Detections as ${source} judges them`, facts),
  });
}

function classColumns(nameOf: (label: number) => string): readonly Column<DetectedClass>[] {
  return [
    { title: "class", isText: true, of: ({ label }) => nameOf(label) },
    { title: "objects", of: ({ objects }) => objects },
    { title: "detections", of: ({ detections }) => detections },
    { title: "AP", of: ({ averagePrecision }) => share(averagePrecision) },
    { title: "best F1", of: ({ best }) => decimals(best?.f1 ?? Number.NaN) },
    { title: "from score", of: ({ best }) => decimals(best?.threshold ?? Number.NaN) },
    { title: "precision there", of: ({ best }) => decimals(best?.precision ?? Number.NaN) },
    { title: "recall there", of: ({ best }) => decimals(best?.recall ?? Number.NaN) },
  ];
}

/** Precision over recall of all classes, or of those that are found worst. */
function curves({ measures, nameOf }: DetectorReport): Html[] {
  const present = measures.classes.filter(
    ({ objects, detections }) => objects > 0 && detections > 0,
  );
  if (present.length === 0) return [];
  const shown = present
    .toSorted((a, b) => a.averagePrecision - b.averagePrecision)
    .slice(0, MOST_CURVES);
  const series = shown.map(({ label, thresholds }) => ({
    label: nameOf(label),
    points: thinned(precisionPoints(thresholds), MOST_POINTS),
  }));
  return [
    section(
      "Precision over recall",
      present.length > MOST_CURVES
        ? `Of the ${MOST_CURVES} classes that are found worst, over every threshold of the score.`
        : "Over every threshold of the score.",
      html`<div class="chart">${chart({ xLabel: "recall", yLabel: "precision", series, ...SHARES })}</div>`,
      legend(series.map(({ label }) => label)),
    ),
  ];
}
