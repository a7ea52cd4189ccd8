import { type ClassNames, nameOfLabel, namesFor } from "../inference/class-names.ts";
import type { ApVersion } from "../net/evaluation/average-precision.ts";
import type { Net } from "../net/net.ts";
import type { DataPass } from "./collect/data-pass.ts";
import { DetectedRecords } from "./collect/detected.ts";
import { shownAt } from "./collect/thumbnail.ts";
import { type DetectionMeasures, measureDetection } from "./measures/detection.ts";
import { mistakenRecords } from "./measures/detection-mistakes.ts";
import type { Collector, Report, ReportFacts } from "./report.ts";
import { detectionsCsv } from "./write/detections-csv.ts";
import {
  type DetectorReport,
  detectorJson,
  detectorPage,
  type ShownRecord,
} from "./write/detector-page.ts";
import { textFile } from "./write/text-file.ts";

/** So many pictures are shown. */
const MOST_MISTAKES = 24;
/** The score from which on a class counts of which nothing is found rightly. */
const EVEN = 0.5;

/** Makes the report of a net that finds things in pictures, and evaluates them itself. */
export class DetectorCollector implements Collector {
  readonly #records: DetectedRecords;
  readonly #pass: DataPass;
  readonly #names: ClassNames | undefined;
  readonly #version: ApVersion;
  readonly #source: string;
  readonly #isWhole: boolean;

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
    this.#isWhole = seesWholePictures(net);
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
    const called = new Map<number, string>();
    for (const { record } of objects) {
      if (!called.has(record)) called.set(record, this.#pass.names?.name(record) ?? "");
    }
    const report: DetectorReport = {
      ...{ facts, source: this.#source, nameOf, measures },
      mistakes: await this.#mistakes(measures),
    };
    return {
      summary: [["mean average precision", measures.meanAveragePrecision]],
      files: [
        ["predictions.csv", detectionsCsv(objects, called, nameOf)],
        ["report.json", textFile(detectorJson(report))],
        ["index.html", textFile(detectorPage(report))],
      ],
    };
  }

  /** What was detected wrongly or missed, where the scores of each class are cut so that precision and recall are best together. */
  async #mistakes({ classes }: DetectionMeasures): Promise<ShownRecord[]> {
    const least = new Map(classes.map(({ label, best }) => [label, best?.threshold]));
    const mistaken = mistakenRecords(
      this.#records.objects,
      this.#records.truths,
      (label) => least.get(label) ?? EVEN,
      MOST_MISTAKES,
    );
    const shown: ShownRecord[] = [];
    for (const one of mistaken) {
      shown.push({ ...one, ...(await shownAt(this.#pass.names, one.record, this.#isWhole)) });
    }
    return shown;
  }
}

/** Whether a net sees whole pictures, so that shares of its input are shares of the picture: nothing is cut off or put around. */
function seesWholePictures(net: Net): boolean {
  return net.layers.every(({ param: { transform_param: { crop_size, resize_param } = {} } }) => {
    const isPadded = resize_param?.some(
      ({ resize_mode }) => resize_mode === "FIT_LARGE_SIZE_AND_PAD",
    );
    return !crop_size && !isPadded;
  });
}
