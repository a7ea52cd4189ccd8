import { type ClassNames, nameOfLabel, namesFor } from "../inference/class-names.ts";
import type { ApVersion } from "../net/evaluation/average-precision.ts";
import type { Net } from "../net/net.ts";
import type { DataPass } from "./collect/data-pass.ts";
import { DetectedRecords } from "./collect/detected.ts";
import { measureDetection } from "./measures/detection.ts";
import type { Collector, Report, ReportFacts } from "./report.ts";
import { detectionsCsv } from "./write/detections-csv.ts";
import { type DetectorReport, detectorJson, detectorPage } from "./write/detector-page.ts";
import { textFile } from "./write/text-file.ts";

/** Makes the report of a net that finds things in pictures, and evaluates them itself. */
export class DetectorCollector implements Collector {
  readonly #records: DetectedRecords;
  readonly #pass: DataPass;
  readonly #names: ClassNames | undefined;
  readonly #version: ApVersion;
  readonly #source: string;

  constructor(
    net: Net,
    layer: number,
    pass: DataPass,
    names: ClassNames | undefined,
    version: ApVersion,
  ) {
    this.#records = new DetectedRecords(net, layer);
    this.#pass = pass;
    this.#names = names;
    this.#version = version;
    this.#source = net.layerNames[layer] ?? "";
  }

  async add(first: number, count: number): Promise<void> {
    this.#records.add(first, count);
  }

  async report(facts: ReportFacts): Promise<Report> {
    const { objects, scores } = this.#records;
    const measures = measureDetection(scores, this.#version);
    const last = measures.classes.at(-1)?.label ?? 0;
    const names = namesFor(this.#names, last + 1);
    const nameOf = (label: number): string => nameOfLabel(names, label);
    const report: DetectorReport = { facts, source: this.#source, nameOf, measures };
    const called = new Map<number, string>();
    for (const { record } of objects) {
      if (!called.has(record)) called.set(record, this.#pass.names?.name(record) ?? "");
    }
    return {
      summary: [["mean average precision", measures.meanAveragePrecision]],
      files: [
        ["predictions.csv", detectionsCsv(objects, called, nameOf)],
        ["report.json", textFile(detectorJson(report))],
        ["index.html", textFile(detectorPage(report))],
      ],
    };
  }
}
