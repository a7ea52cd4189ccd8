import { type ClassNames, listOfNames } from "../inference/class-names.ts";
import { CaffeError } from "../util/errors.ts";
import type { DataPass } from "./collect/data-pass.ts";
import type { Scored } from "./collect/scored.ts";
import { SegmentedRecords } from "./collect/segmented.ts";
import { shownAt } from "./collect/thumbnail.ts";
import { measureSegmentation } from "./measures/segmentation.ts";
import type { Collector, Report, ReportFacts } from "./report.ts";
import { confusionFiles } from "./write/confusion-files.ts";
import { recordsCsv } from "./write/records-csv.ts";
import {
  type SegmenterReport,
  segmenterJson,
  segmenterPage,
  type WorstPicture,
} from "./write/segmenter-page.ts";
import { textFile } from "./write/text-file.ts";

/** Makes the report of a net that says of each pixel which class it is of. */
export class SegmenterCollector implements Collector {
  readonly #records: SegmentedRecords;
  readonly #scored: Scored;
  readonly #pass: DataPass;
  readonly #names: ClassNames | undefined;

  constructor(scored: Scored, pass: DataPass, names: ClassNames | undefined) {
    this.#records = new SegmentedRecords(scored.scores.shape[1] ?? 0, scored.ignored);
    this.#scored = scored;
    this.#pass = pass;
    this.#names = names;
  }

  async add(first: number, count: number): Promise<void> {
    const { scores, labels } = this.#scored;
    await Promise.all([scores.toHost(), labels.toHost()]);
    const batch = { shape: scores.shape, scores: scores.values(), labels: labels.values() };
    this.#records.add(first, count, batch);
  }

  /** @throws CaffeError where no pixel counts */
  async report(facts: ReportFacts): Promise<Report> {
    const { confusion, records } = this.#records;
    const measures = measureSegmentation(confusion);
    if (measures.pixels === 0) {
      throw new CaffeError(
        `no pixel of the ${records.length} records has a label that counts. Expected one or more to report of.`,
      );
    }
    const names = listOfNames(this.#names, confusion.classes);
    const called = records.map(({ record }) => this.#pass.names?.name(record) ?? "");
    const report: SegmenterReport = {
      ...{ facts, source: this.#scored.source, names, measures, records: records.length },
      worst: await this.#worst(),
    };
    const columns = ["pixels", "accuracy", "mean_iou"];
    const rows = records.map(({ pixels, accuracy, meanIou }) => [pixels, accuracy, meanIou]);
    return {
      summary: [
        ["mean IoU", measures.meanIou],
        ["pixel accuracy", measures.accuracy],
        ["mean recall", measures.meanRecall],
      ],
      files: [
        ["predictions.csv", recordsCsv(called, columns, rows)],
        ...(await confusionFiles(confusion, names)),
        ["report.json", textFile(segmenterJson(report))],
        ["index.html", textFile(await segmenterPage(report))],
      ],
    };
  }

  /** The pictures that are told worst. */
  async #worst(): Promise<WorstPicture[]> {
    const pictures: WorstPicture[] = [];
    for (const one of this.#records.worst) {
      pictures.push({ ...one, ...(await shownAt(this.#pass.names, one.record)) });
    }
    return pictures;
  }
}
