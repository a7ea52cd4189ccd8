import { type Html, html } from "../../page/html.ts";
import { pageText, section } from "../../page/page.ts";
import { type Column, type Figure, gallery, share, table, tiles } from "../../page/parts.ts";
import type { ShownPicture } from "../collect/thumbnail.ts";
import {
  type LabelledRecords,
  type LabelMeasures,
  labelThresholds,
  type MultiLabelMeasures,
  type WrongLabel,
} from "../measures/multi-label.ts";
import type { ReportFacts } from "../report.ts";
import { curvesOfWorst } from "./curves.ts";
import { factsJson, reportJson } from "./report-json.ts";
import { decimals, footOf, leadOf, percent, short } from "./shown.ts";

/** A wrong answer with the record's picture. */
export interface ShownMistake extends WrongLabel, ShownPicture {}

/** All that a report of a net that gives records several labels says. */
export interface MultiLabelReport {
  readonly facts: ReportFacts;
  /** The layer or the blob whose scores these are. */
  readonly source: string;
  /** Of the labels, in order. */
  readonly names: readonly string[];
  readonly all: LabelledRecords;
  readonly measures: MultiLabelMeasures;
  /** What was wrong, the most confident first. */
  readonly mistakes: readonly ShownMistake[];
}

/** The text of its report.json. */
export function multiLabelJson({ facts, source, names, measures }: MultiLabelReport): string {
  const { mean, together } = measures;
  return reportJson({
    mean_average_precision: mean.averagePrecision,
    exact_match: measures.exactMatch,
    label_accuracy: measures.labelAccuracy,
    loss: measures.loss,
    mean_over_labels: {
      ...{ precision: mean.precision, recall: mean.recall, f1: mean.f1 },
      ...{ average_precision: mean.averagePrecision, roc_auc: mean.areaUnderRoc },
    },
    all_labels_as_one: together,
    ...{ task: "multi-label classification", records: measures.records, scores: source },
    ...factsJson(facts),
    labels: measures.labels.map((one) => ({
      ...{ label: one.label, name: names[one.label], records: one.records, guessed: one.guessed },
      ...{ precision: one.precision, recall: one.recall, f1: one.f1 },
      ...{ average_precision: one.averagePrecision, roc_auc: one.areaUnderRoc },
    })),
  });
}

/** Its page. */
export function multiLabelPage(report: MultiLabelReport): string {
  const { facts, measures, names, all } = report;
  const { mean, together } = measures;
  return pageText({
    title: facts.title,
    lead: leadOf(facts),
    body: [
      tiles([
        { name: "mean average precision", value: decimals(mean.averagePrecision) },
        { name: "records with all labels right", value: percent(measures.exactMatch) },
        { name: "labels right", value: percent(measures.labelAccuracy) },
        { name: "loss (cross-entropy)", value: decimals(measures.loss, 4) },
        { name: "F1 of all labels as one", value: decimals(together.f1) },
        { name: "mean F1 of the labels", value: decimals(mean.f1) },
        { name: "mean ROC area", value: decimals(mean.areaUnderRoc) },
        { name: "records", value: measures.records.toLocaleString("en") },
      ]),
      section(
        "Labels",
        "A record may have several, and is told to have those of probability 0.5 or more. Of those told, the share that have it (precision); of those that have it, the share told (recall); both in one (F1); and how well its score finds it at any threshold (AP, ROC area).",
        table(columns(names), measures.labels),
      ),
      ...curvesOfWorst(
        measures.labels,
        (label) => names[label] ?? "",
        (label) => labelThresholds(all, label),
        "label",
      ),
      ...mistakes(report),
    ],
    foot: footOf(`Scores of ${report.source}`, facts),
  });
}

function columns(names: readonly string[]): readonly Column<LabelMeasures>[] {
  return [
    { title: "label", isText: true, of: ({ label }) => names[label] ?? "" },
    { title: "records", of: ({ records }) => records },
    { title: "told", of: ({ guessed }) => guessed },
    { title: "precision", of: ({ precision }) => share(precision) },
    { title: "recall", of: ({ recall }) => share(recall) },
    { title: "F1", of: ({ f1 }) => share(f1) },
    { title: "AP", of: ({ averagePrecision }) => decimals(averagePrecision) },
    { title: "ROC area", of: ({ areaUnderRoc }) => decimals(areaUnderRoc) },
  ];
}

function mistakes({ mistakes: all, names }: MultiLabelReport): Html[] {
  if (all.length === 0) return [];
  const figures = all.map(({ label, has, probability, picture, name }): Figure => {
    const told = html`<b class="${has ? "good" : "bad"}">${short(names[label] ?? "")}</b> ${percent(probability)}`;
    return {
      source: picture?.source,
      isSmall: picture?.isSmall ?? false,
      caption: html`${told}<br>${has ? "has it" : "has it not"}<small>${short(name)}</small>`,
    };
  });
  return [
    section(
      "Most confident mistakes",
      "Labels that the net was surest of and that are not so; wrong labels in the data are found here too.",
      gallery(figures),
    ),
  ];
}
