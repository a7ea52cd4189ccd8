import { type ClassNames, listOfNames } from "../inference/class-names.ts";
import type { ClassifierReport, Mistake } from "./classifier-report.ts";
import { ClassifiedRecords } from "./collect/classified.ts";
import type { DataPass } from "./collect/data-pass.ts";
import type { Scored } from "./collect/scored.ts";
import { thumbnailAt } from "./collect/thumbnail.ts";
import { measureClassification } from "./measures/classification.ts";
import type { JudgedRecords } from "./measures/judged.ts";
import type { Collector, Report, ReportFacts } from "./report.ts";
import { classifierJson } from "./write/classifier-json.ts";
import { classifierPage } from "./write/classifier-page.ts";
import { confusionFiles } from "./write/confusion-files.ts";
import { predictionsCsv } from "./write/predictions-csv.ts";
import { textFile } from "./write/text-file.ts";

/** So many mistakes are shown. */
const MOST_MISTAKES = 24;

/** Makes the report of a net that says of each record which class it is of. */
export class ClassifierCollector implements Collector {
  readonly #records: ClassifiedRecords;
  readonly #source: string;
  readonly #pass: DataPass;
  readonly #names: ClassNames | undefined;

  constructor(scored: Scored, pass: DataPass, names: ClassNames | undefined) {
    this.#records = new ClassifiedRecords(scored, pass);
    this.#source = scored.source;
    this.#pass = pass;
    this.#names = names;
  }

  add(first: number, count: number): Promise<void> {
    return this.#records.add(first, count);
  }

  async report(facts: ReportFacts): Promise<Report> {
    const { judged, numbers } = this.#records;
    const measures = measureClassification(judged);
    const report: ClassifierReport = {
      ...{ facts, source: this.#source, judged, measures, numbers },
      names: listOfNames(this.#names, judged.classes),
      records: numbers.map((record) => this.#pass.names?.name(record) ?? ""),
      mistakes: await mistakesOf(judged, numbers, this.#pass),
    };
    const { accuracy, topFive, loss, confusion } = measures;
    return {
      summary: [
        ["accuracy", accuracy],
        ...(topFive === undefined ? [] : [["top-5 accuracy", topFive] as const]),
        ["loss", loss],
      ],
      files: [
        ["predictions.csv", predictionsCsv(report)],
        ...(await confusionFiles(confusion, report.names)),
        ["report.json", textFile(classifierJson(report))],
        ["index.html", textFile(await classifierPage(report))],
      ],
    };
  }
}

/** The most confident mistakes, with pictures where the source has them. */
async function mistakesOf(
  { better, confidences }: JudgedRecords,
  numbers: readonly number[],
  pass: DataPass,
): Promise<Mistake[]> {
  const wrong = [...numbers.keys()].filter((at) => better[at] !== 0);
  const surest = wrong
    .sort((a, b) => (confidences[b] ?? 0) - (confidences[a] ?? 0) || a - b)
    .slice(0, MOST_MISTAKES);
  const mistakes: Mistake[] = [];
  for (const at of surest) {
    mistakes.push({ at, picture: await thumbnailAt(pass.names, numbers[at] ?? 0) });
  }
  return mistakes;
}
