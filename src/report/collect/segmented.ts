import { countConfusion } from "../../layers/base/confusion.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import type { Confusion } from "../measures/confusion.ts";
import { measureSegmentation } from "../measures/segmentation.ts";
import { type PixelMaps, pixelMapsOf } from "./pixel-maps.ts";

/** How well one picture was told. */
interface SegmentedRecord {
  readonly record: number;
  /** Pixels that count. */
  readonly pixels: number;
  readonly accuracy: number;
  readonly meanIou: number;
}

/** A picture that is among those told worst. */
export interface WorstRecord extends SegmentedRecord {
  readonly maps: PixelMaps | undefined;
}

/** So many pictures are kept with their maps. */
const MOST_WORST = 24;

/** A batch's scores of classes, N×C×…, and the labels of their places. */
interface SegmentedBatch {
  /** Of the scores. */
  readonly shape: Shape;
  readonly scores: FloatArray;
  readonly labels: FloatArray;
}

/** Takes in what a net says of the pixels of records, batch by batch. Pixels whose label is no class count for nothing. */
export class SegmentedRecords {
  readonly #ignored: readonly number[];
  readonly #records: SegmentedRecord[] = [];
  #worst: readonly WorstRecord[] = [];
  readonly confusion: Confusion;

  /** @param ignored labels that count for nothing */
  constructor(classes: number, ignored: readonly number[]) {
    this.#ignored = ignored;
    this.confusion = { classes, counts: new Float64Array(classes ** 2) };
  }

  /** Each picture, in order. */
  get records(): readonly SegmentedRecord[] {
    return this.#records;
  }

  /** Those with a pixel that is told wrong whose mean intersection over union is least, rising. */
  get worst(): readonly WorstRecord[] {
    return this.#worst;
  }

  /** Takes in the first `count` samples of a batch, of which the first is record `first`. */
  add(first: number, count: number, { shape, scores, labels }: SegmentedBatch): void {
    const { classes } = this.confusion;
    const [inner, size] = [countOf(shape, 2), countOf(shape, 1)];
    const isCounted = (label: number): boolean =>
      label >= 0 && label < classes && !this.#ignored.includes(label);
    for (let i = 0; i < count; i++) {
      const own = { classes, counts: new Float64Array(classes ** 2) };
      const ofSample = scores.subarray(i * size, (i + 1) * size);
      const itsLabels = labels.subarray(i * inner, (i + 1) * inner);
      countConfusion(ofSample, itsLabels, inner, own.counts, isCounted);
      own.counts.forEach((places, at) => {
        this.confusion.counts[at] = (this.confusion.counts[at] ?? 0) + places;
      });
      const { accuracy, meanIou, pixels } = measureSegmentation(own);
      const told: SegmentedRecord = { record: first + i, pixels, accuracy, meanIou };
      this.#records.push(told);
      const last = this.#worst[MOST_WORST - 1];
      if (!(meanIou < (last?.meanIou ?? 1))) continue;
      const maps = pixelMapsOf(shape, ofSample, itsLabels, isCounted);
      this.#worst = [...this.#worst, { ...told, maps }]
        .toSorted((a, b) => a.meanIou - b.meanIou || a.record - b.record)
        .slice(0, MOST_WORST);
    }
  }
}
