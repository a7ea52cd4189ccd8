import { mapColour } from "../../draw/palette.ts";
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
import { mapPicture } from "../collect/map-picture.ts";
import type { WorstRecord } from "../collect/segmented.ts";
import type { ShownPicture } from "../collect/thumbnail.ts";
import type { PixelShares, Segmentation } from "../measures/segmentation.ts";
import type { ReportFacts } from "../report.ts";
import { confoundedJson, confoundedTable } from "./confounded.ts";
import { confusionSvg } from "./confusion-picture.ts";
import { factsJson, reportJson } from "./report-json.ts";
import { decimals, footOf, leadOf, percent, short } from "./shown.ts";

/** A picture that is told badly. */
export interface WorstPicture extends WorstRecord, ShownPicture {}

/** All that a report of a segmenter says. */
export interface SegmenterReport {
  readonly facts: ReportFacts;
  /** The layer or the blob whose scores these are. */
  readonly source: string;
  /** Of the classes, by rising label. */
  readonly names: readonly string[];
  readonly measures: Segmentation;
  readonly records: number;
  readonly worst: readonly WorstPicture[];
}

/** The text of a segmenter's report.json. */
export function segmenterJson({
  facts,
  source,
  names,
  measures,
  records,
}: SegmenterReport): string {
  return reportJson({
    accuracy: measures.accuracy,
    mean_iou: measures.meanIou,
    mean_recall: measures.meanRecall,
    frequency_weighted_iou: measures.weightedIou,
    ...{ task: "segmentation", records, pixels: measures.pixels, scores: source },
    ...factsJson(facts),
    classes: measures.classes.map((one) => ({
      ...{ label: one.label, name: names[one.label], pixels: one.records, guessed: one.guessed },
      ...{ iou: one.iou, precision: one.precision, recall: one.recall, f1: one.f1 },
    })),
    most_confounded: confoundedJson(measures.confounded, names, "pixels"),
  });
}

/** The page of a segmenter's report. */
export async function segmenterPage(report: SegmenterReport): Promise<string> {
  const { facts, measures, names, source } = report;
  return pageText({
    title: facts.title,
    lead: leadOf(facts),
    body: [
      tiles([
        { name: "mean IoU of the classes", value: decimals(measures.meanIou) },
        { name: "pixel accuracy", value: percent(measures.accuracy) },
        { name: "mean recall of the classes", value: decimals(measures.meanRecall) },
        { name: "IoU weighted by pixels", value: decimals(measures.weightedIou) },
        { name: "records", value: report.records.toLocaleString("en") },
        { name: "pixels", value: measures.pixels.toLocaleString("en") },
      ]),
      section(
        "Classes",
        "Pixels that are of a class and told so, of those that are either (IoU), of those told so (precision), and of those of it (recall).",
        table(classColumns(names), measures.classes),
      ),
      section(
        "Confusion",
        "A row for each class: what its pixels were taken for. The stronger a colour, the larger its share of the row.",
        html`<div class="chart">${await confusionSvg(measures.confusion, names, "page")}</div>`,
        ...confoundedTable(measures.confounded, names, "pixels"),
      ),
      ...(await worstPictures(report.worst, names)),
    ],
    foot: footOf(`Scores of ${source}`, facts),
  });
}

function classColumns(names: readonly string[]): readonly Column<PixelShares>[] {
  return [
    { title: "class", isText: true, of: ({ label }) => names[label] ?? "" },
    { title: "pixels", of: ({ records }) => records },
    { title: "IoU", of: ({ iou }) => share(iou) },
    { title: "precision", of: ({ precision }) => share(precision) },
    { title: "recall", of: ({ recall }) => share(recall) },
  ];
}

async function worstPictures(
  worst: readonly WorstPicture[],
  names: readonly string[],
): Promise<Html[]> {
  if (worst.length === 0) return [];
  const figures = await Promise.all(
    worst.map(
      async ({ picture, name, maps, meanIou, accuracy }): Promise<Figure> => ({
        source: picture?.source,
        isSmall: picture?.isSmall ?? false,
        maps: maps && [
          { title: "labels", source: await mapPicture(maps, maps.truth) },
          { title: "guesses", source: await mapPicture(maps, maps.guess) },
        ],
        caption: html`mean IoU <b>${decimals(meanIou)}</b><br>${percent(accuracy)} of pixels<small>${short(name)}</small>`,
      }),
    ),
  );
  const colours = names.map((_, label) => `rgb(${mapColour(label).join(",")})`);
  return [
    section(
      "Told worst",
      "The pictures with the least mean intersection over union of the classes in them. Below each: its labels, and what the net says.",
      ...(worst.some(({ maps }) => maps) ? [legend(names, colours)] : []),
      gallery(figures),
    ),
  ];
}
