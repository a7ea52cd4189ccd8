import { type ClassNames, listOfNames } from "../inference/class-names.ts";
import type { DataPass } from "./collect/data-pass.ts";
import { CollectedLabels } from "./collect/labelled.ts";
import type { Scored } from "./collect/scored.ts";
import { shownAt } from "./collect/thumbnail.ts";
import { measureLabels, wrongLabels } from "./measures/multi-label.ts";
import type { Collector, Report, ReportFacts } from "./report.ts";
import {
  type MultiLabelReport,
  multiLabelJson,
  multiLabelPage,
  type ShownMistake,
} from "./write/multi-label-page.ts";
import { recordsCsv } from "./write/records-csv.ts";
import { textFile } from "./write/text-file.ts";

/** So many wrong answers are shown. */
const MOST_MISTAKES = 24;

/** Makes the report of a net that says of each record which of several labels it has. */
export class MultiLabelCollector implements Collector {
  readonly #records: CollectedLabels;
  readonly #source: string;
  readonly #pass: DataPass;
  readonly #names: ClassNames | undefined;

  constructor(scored: Scored, pass: DataPass, names: ClassNames | undefined) {
    this.#records = new CollectedLabels(scored, pass);
    this.#source = scored.source;
    this.#pass = pass;
    this.#names = names;
  }

  add(first: number, count: number): Promise<void> {
    return this.#records.add(first, count);
  }

  async report(facts: ReportFacts): Promise<Report> {
    const { all } = this.#records;
    const measures = measureLabels(all);
    const names = listOfNames(this.#names, all.labels);
    const called = Array.from(
      { length: all.records },
      (_, record) => this.#pass.names?.name(record) ?? "",
    );
    const mistakes: ShownMistake[] = [];
    for (const one of wrongLabels(all, MOST_MISTAKES)) {
      mistakes.push({ ...one, ...(await shownAt(this.#pass.names, one.record)) });
    }
    const report: MultiLabelReport = {
      ...{ facts, source: this.#source, names, all, measures, mistakes },
    };
    const { mean, exactMatch, labelAccuracy } = measures;
    return {
      summary: [
        ["mean average precision", mean.averagePrecision],
        ["records with all labels right", exactMatch],
        ["labels right", labelAccuracy],
      ],
      files: [
        ["predictions.csv", recordsCsv(called, columnsOf(names), rowsOf(report))],
        ["report.json", textFile(multiLabelJson(report))],
        ["index.html", textFile(multiLabelPage(report))],
      ],
    };
  }
}

/** Of each label whether a record has it, and how likely it has as the net says. */
function columnsOf(names: readonly string[]): string[] {
  return names.flatMap((name) => [name, `probability of ${name}`]);
}

function* rowsOf({ all }: MultiLabelReport): Generator<number[]> {
  const { records, labels, truths, probabilities } = all;
  for (let record = 0; record < records; record++) {
    yield Array.from({ length: labels }, (_, label) => {
      const at = record * labels + label;
      const truth = truths[at] ?? -1;
      return [truth < 0 ? Number.NaN : truth, probabilities[at] ?? 0];
    }).flat();
  }
}
