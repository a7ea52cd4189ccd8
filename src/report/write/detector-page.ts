import type { TestObject } from "../../layers/base/test-counts.ts";
import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import {
  type Column,
  type Figure,
  gallery,
  legend,
  type Mark,
  share,
  table,
  tiles,
} from "../../page/parts.ts";
import type { ShownPicture } from "../collect/thumbnail.ts";
import { precisionPoints } from "../measures/curves.ts";
import type { DetectedClass, DetectionMeasures } from "../measures/detection.ts";
import type { MistakenRecord } from "../measures/detection-mistakes.ts";
import type { ReportFacts } from "../report.ts";
import { lineOf, worstFound } from "./curves.ts";
import { factsJson, reportJson } from "./report-json.ts";
import { chart, decimals, footOf, leadOf, SHARES, short } from "./shown.ts";

/** A record in which something is detected wrongly or missed, with its picture. */
export interface ShownRecord extends MistakenRecord, ShownPicture {}

/** All that a report of a detector says. */
export interface DetectorReport {
  readonly facts: ReportFacts;
  /** The layer that judges the detections. */
  readonly source: string;
  readonly nameOf: (label: number) => string;
  readonly measures: DetectionMeasures;
  readonly mistakes: readonly ShownRecord[];
}

/** The text of a detector's report.json. */
export function detectorJson(report: DetectorReport): string {
  const { facts, source, nameOf, measures, mistakes: all } = report;
  const named = ({ label, box }: TestObject): object => ({ label, name: nameOf(label), box });
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
    mistakes: all.map(({ record, name, wrong, missed }) => ({
      ...{ record, name },
      wrong: wrong.map(({ label, score, box }) => ({ label, name: nameOf(label), score, box })),
      missed: missed.map(named),
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
      ...mistakes(report),
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
  const { shown, isPart } = worstFound(measures.classes.filter(({ detections }) => detections > 0));
  if (shown.length === 0) return [];
  const series = shown.map(({ label, thresholds }) =>
    lineOf(nameOf(label), precisionPoints(thresholds)),
  );
  return [
    section(
      "Precision over recall",
      isPart
        ? `Of the ${shown.length} classes that are found worst, over every threshold of the score.`
        : "Over every threshold of the score.",
      html`<div class="chart">${chart({ xLabel: "recall", yLabel: "precision", series, ...SHARES })}</div>`,
      legend(series.map(({ label }) => label)),
    ),
  ];
}

/** Colours of the page's theme, for what is there, what is found rightly and what is found wrongly. */
const [TRUE, RIGHT, WRONG] = [2, 0, 5];
/** So many of a picture's mistakes are told in words. */
const MOST_TOLD = 4;

function mistakes({ mistakes: all, nameOf }: DetectorReport): Html[] {
  if (all.length === 0) return [];
  const figures = all.map((one): Figure => {
    const { picture, name, right, wrong, found, missed } = one;
    const marks = [
      ...[...found, ...missed].map(({ label, box }) => mark(box, TRUE, nameOf(label))),
      ...[...right, ...wrong].map(({ label, box, score, isRight }) =>
        mark(box, isRight ? RIGHT : WRONG, `${nameOf(label)} ${decimals(score)}`),
      ),
    ];
    const told = [
      ...wrong.map(
        ({ label, score }) =>
          html`<b class="bad">${short(nameOf(label))}</b> ${decimals(score)}<br>`,
      ),
      ...missed.map(({ label }) => html`missed: <b class="good">${short(nameOf(label))}</b><br>`),
    ];
    const more = told.length - MOST_TOLD;
    return {
      source: picture?.source,
      isSmall: picture?.isSmall ?? false,
      caption: html`${told.slice(0, MOST_TOLD)}${more > 0 ? `and ${more} more` : ""}<small>${short(name)}</small>`,
      ...(picture && { marked: { size: [picture.width, picture.height], marks } }),
    };
  });
  return [
    section(
      "Most confident mistakes",
      "Detections from the score on with which a class's F1 is best: what was found and is not so, the surest first, and what was missed. Objects without a box in the data are found here too.",
      legend(["what is there", "found, and right", "found, and wrong"], [TRUE, RIGHT, WRONG]),
      gallery(figures),
    ),
  ];
}

function mark(edges: Mark["edges"], colour: number, title: string): Mark {
  return { edges, colour, title };
}
