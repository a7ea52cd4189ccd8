import type { TestObject } from "../../../layers/base/test-counts.ts";
import type { ApVersion } from "../../../net/evaluation/average-precision.ts";
import type { ClassPrecision } from "../../../net/evaluation/detection-scores.ts";
import { DetectionScores } from "../../../net/evaluation/detection-scores.ts";
import type { Net } from "../../../net/net.ts";
import { type DetectedObject, DetectedRecords } from "../../../report/collect/detected.ts";
import { measureDetection } from "../../../report/measures/detection.ts";
import {
  type MistakenRecord,
  mistakenRecords,
} from "../../../report/measures/detection-mistakes.ts";

/** So many records are shown, chosen among so many that are kept while scores are still coming. */
const [MOST_SHOWN, MOST_KEPT] = [24, 48];
/** The score from which on a class counts of which nothing is found rightly. */
const EVEN = 0.5;

/** A record in which something is found that is not there, or is not found. */
interface JudgedObjectsOf extends MistakenRecord {
  /** The record as the net has seen it. */
  readonly pixels: Float32Array | undefined;
}

/** What a detector found in a test. */
export interface JudgedObjects {
  readonly kind: "objects";
  readonly records: number;
  readonly meanAveragePrecision: number;
  readonly classes: readonly (ClassPrecision & { readonly right: number })[];
  /** The surest that is wrong first. */
  readonly worst: readonly JudgedObjectsOf[];
}

/** Judges what a detector finds, batch by batch, as its DetectionEvaluate does. */
export class ObjectsTest {
  readonly #scores = new DetectionScores();
  readonly #version: ApVersion;
  #objects: readonly DetectedObject[] = [];
  #truths: ReadonlyMap<number, readonly TestObject[]> = new Map();
  readonly #pixels = new Map<number, Float32Array | undefined>();
  #seen = 0;

  /** @param version how average precisions are found */
  constructor(version: ApVersion) {
    this.#version = version;
  }

  /** Takes in what a net has just found in `count` records, by its layer of that number. */
  add(
    net: Net,
    layer: number,
    count: number,
    pixelsOf: (record: number) => Float32Array | undefined,
  ): void {
    const first = this.#seen;
    const batch = new DetectedRecords(net, layer, this.#scores);
    batch.add(first, count);
    this.#seen += count;
    const objects = [...this.#objects, ...batch.objects];
    const truths = new Map([...this.#truths, ...batch.truths]);
    // Which scores count is known at the end; until then all do.
    const kept = new Set(
      mistakenRecords(objects, truths, () => Number.NEGATIVE_INFINITY, MOST_KEPT).map(
        ({ record }) => record,
      ),
    );
    this.#objects = objects.filter(({ record }) => kept.has(record));
    this.#truths = new Map([...truths].filter(([record]) => kept.has(record)));
    for (const record of this.#pixels.keys()) if (!kept.has(record)) this.#pixels.delete(record);
    for (const record of kept) {
      if (record >= first) this.#pixels.set(record, pixelsOf(record - first));
    }
  }

  /** What was found in all records; undefined where there were no objects to find. */
  result(): JudgedObjects | undefined {
    const { classes, meanAveragePrecision } = measureDetection(this.#scores, this.#version);
    if (classes.length === 0) return undefined;
    const least = new Map(classes.map(({ label, best }) => [label, best?.threshold]));
    const leastOf = (label: number): number => least.get(label) ?? EVEN;
    const worst = mistakenRecords(this.#objects, this.#truths, leastOf, MOST_SHOWN);
    return {
      ...{ kind: "objects", records: this.#seen, meanAveragePrecision },
      classes: classes.map(({ label, objects, detections, averagePrecision, right }) => ({
        ...{ label, objects, detections, averagePrecision, right },
      })),
      worst: worst.map((one) => ({ ...one, pixels: this.#pixels.get(one.record) })),
    };
  }
}
