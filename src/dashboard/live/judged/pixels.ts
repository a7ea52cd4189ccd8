import type { PixelMaps } from "../../../report/collect/pixel-maps.ts";
import { SegmentedRecords } from "../../../report/collect/segmented.ts";
import type { Confusion } from "../../../report/measures/confusion.ts";
import type { FloatArray } from "../../../util/arrays.ts";
import type { Shape } from "../../../util/shape.ts";

/** A picture that is told badly. */
interface JudgedPicture {
  /** Its number in the test. */
  readonly record: number;
  readonly accuracy: number;
  readonly meanIou: number;
  readonly maps: PixelMaps | undefined;
  /** The record as the net has seen it. */
  readonly pixels: Float32Array | undefined;
}

/** What a segmenter said in a test. */
export interface JudgedPixels {
  readonly kind: "pixels";
  readonly records: number;
  /** Of pixels: row by true class, column by guess. */
  readonly confusion: Confusion;
  /** Those with the least mean intersection over union first. */
  readonly worst: readonly JudgedPicture[];
}

/** A batch as far as the scores of its pixels are judged by it. */
interface PixelBatch {
  /** Of the scores. */
  readonly shape: Shape;
  readonly labels: FloatArray;
  readonly pixelsOf: (record: number) => Float32Array | undefined;
}

/** Judges what a segmenter says, batch by batch. */
export class PixelsTest {
  readonly #records: SegmentedRecords;
  /** Of the worst so far. */
  readonly #pixels = new Map<number, Float32Array | undefined>();
  #seen = 0;

  /** @param ignored labels that count for nothing */
  constructor(classes: number, ignored: readonly number[]) {
    this.#records = new SegmentedRecords(classes, ignored);
  }

  /** Takes in the scores of a batch. */
  add(scores: FloatArray, { shape, labels, pixelsOf }: PixelBatch): void {
    const [first, count] = [this.#seen, shape[0] ?? 0];
    this.#records.add(first, count, { shape, scores, labels });
    this.#seen += count;
    const worst = new Set(this.#records.worst.map(({ record }) => record));
    for (const record of this.#pixels.keys()) if (!worst.has(record)) this.#pixels.delete(record);
    for (const record of worst) {
      if (!this.#pixels.has(record)) this.#pixels.set(record, pixelsOf(record - first));
    }
  }

  /** What was said of all records; undefined where no pixel counted. */
  result(): JudgedPixels | undefined {
    const { records, worst, confusion } = this.#records;
    if (records.every(({ pixels }) => pixels === 0)) return undefined;
    return {
      ...{ kind: "pixels", records: records.length, confusion },
      worst: worst.map(({ record, accuracy, meanIou, maps }) => ({
        ...{ record, accuracy, meanIou, maps, pixels: this.#pixels.get(record) },
      })),
    };
  }
}
