import type { Blob } from "../../blob/blob.ts";
import type { TestCounts } from "../../layers/base/test-counts.ts";
import type { Net } from "../net.ts";
import type { NetOutput } from "../run/outputs.ts";
import type { ApVersion } from "./average-precision.ts";
import { type ClassPrecision, DetectionScores } from "./detection-scores.ts";
import { PixelScores } from "./pixel-scores.ts";

/** One number that a test gives. */
export interface TestScore {
  readonly output: string;
  /** `output`, or `output[k]` for the k-th of several elements. */
  readonly name: string;
  readonly value: number;
  readonly lossWeight: number;
  /** Of a mean average precision: its classes. */
  readonly classes?: readonly ClassPrecision[];
  /** Of a mean overlap of masks: its classes. */
  readonly masks?: readonly MaskOverlap[];
}

/** What one pass of a test net says: plain data, which may come from another process. */
export interface TestedPass {
  readonly outputs: readonly NetOutput[];
  /** What layers have counted, by their places in the net. */
  readonly counts: readonly (readonly [layer: number, counts: TestCounts])[];
}

/**
 * What a net says of the pass that it has just done.
 * @param outputs the values of its outputs
 */
export function testedPass({ layers }: Net, outputs: readonly NetOutput[]): TestedPass {
  const counts = layers.flatMap((layer, i): [number, TestCounts][] => {
    const own = layer.testCounts();
    return own ? [[i, own]] : [];
  });
  return { outputs, counts };
}

/** How well masks of one class are covered. */
interface MaskOverlap {
  readonly label: number;
  /** The mean over images; NaN where none has the class. */
  readonly iou: number;
  readonly images: number;
}

/**
 * Scores of a test net over many passes: of each element of each output the mean, of detections the mean average
 * precision, of masks the mean overlap.
 */
export class TestScores {
  readonly #net: Net;
  readonly #sums: number[] = [];
  #passes = 0;
  #outputs: readonly NetOutput[] = [];
  readonly #detections: Map<Blob, DetectionScores> = new Map();
  readonly #pixels: Map<string, PixelScores> = new Map();
  readonly #masks: Map<Blob, { overlaps: Float64Array; images: Float64Array }> = new Map();

  constructor(net: Net) {
    this.#net = net;
  }

  /** Takes in the pass that the net has just done. */
  add(outputs: readonly NetOutput[]): void {
    this.addPass(testedPass(this.#net, outputs));
  }

  /** Takes in a pass of a net like this one. */
  addPass({ outputs, counts }: TestedPass): void {
    this.#count(counts);
    this.#outputs = outputs;
    this.#passes++;
    let k = 0;
    for (const { name, values } of outputs) {
      if (this.isDetection(name) || this.isOfMasks(name)) continue;
      for (let j = 0; j < values.length; j++, k++) {
        this.#sums[k] = (this.#sums[k] ?? 0) + (values[j] ?? 0);
      }
    }
  }

  /** Adds what layers have counted to what they counted before. */
  #count(counted: TestedPass["counts"]): void {
    const { layerKeys, topBlobs } = this.#net;
    for (const [i, counts] of counted) {
      if (counts.kind === "detections") {
        const top = topBlobs[i]?.[0];
        if (!top) continue;
        const scores = this.#detections.get(top) ?? new DetectionScores();
        this.#detections.set(top, scores);
        scores.add(counts.rows);
      } else if (counts.kind === "masks") {
        const top = topBlobs[i]?.[0];
        if (!top) continue;
        const before = this.#masks.get(top);
        const sum = (a: Float64Array, b: Float64Array | undefined): Float64Array =>
          a.map((value, k) => value + (b?.[k] ?? 0));
        this.#masks.set(top, {
          overlaps: sum(counts.overlaps, before?.overlaps),
          images: sum(counts.images, before?.images),
        });
      } else {
        const name = layerKeys[i] ?? "";
        const scores = this.#pixels.get(name) ?? new PixelScores();
        this.#pixels.set(name, scores);
        scores.add(counts.counts, counts.isSum);
      }
    }
  }

  /** Whether an output is of detections, as far as a pass has told. */
  isDetection(output: string): boolean {
    return this.#detections.has(this.#net.blob(output));
  }

  /** Whether an output is of overlaps of masks, as far as a pass has told. */
  isOfMasks(output: string): boolean {
    return this.#masks.has(this.#net.blob(output));
  }

  /** Confusions of classes, by the layers that count them. */
  get pixels(): ReadonlyMap<string, PixelScores> {
    return this.#pixels;
  }

  /** Every score, output by output. */
  scores(version: ApVersion): TestScore[] {
    let k = 0;
    return this.#outputs.flatMap(({ name: output, lossWeight, values }): TestScore[] => {
      const classes = this.#detections.get(this.#net.blob(output))?.classes(version);
      if (classes) {
        const sum = classes.reduce((before, { averagePrecision: ap }) => before + ap, 0);
        return [{ output, name: output, value: sum / classes.length, lossWeight, classes }];
      }
      const masks = this.#masksOf(output);
      if (masks) {
        const there = masks.filter(({ images }) => images > 0);
        const mean = there.reduce((sum, { iou }) => sum + iou, 0) / there.length;
        return [{ output, name: output, value: mean, lossWeight, masks }];
      }
      return Array.from({ length: values.length }, (_, j) => ({
        output,
        name: values.length === 1 ? output : `${output}[${j}]`,
        value: (this.#sums[k++] ?? 0) / this.#passes,
        lossWeight,
      }));
    });
  }

  #masksOf(output: string): readonly MaskOverlap[] | undefined {
    const counted = this.#masks.get(this.#net.blob(output));
    if (!counted) return undefined;
    return Array.from(counted.overlaps, (sum, label) => {
      const images = counted.images[label] ?? 0;
      return { label, images, iou: sum / images };
    });
  }
}
