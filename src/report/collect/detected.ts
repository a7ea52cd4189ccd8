import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { truthsInPixels } from "../../layers/cascade/pixel-truths.ts";
import { truthsOf } from "../../layers/detection/ground-truth.ts";
import { DetectionScores } from "../../net/evaluation/detection-scores.ts";
import type { Net } from "../../net/net.ts";

/** Numbers of a row of DetectionEvaluate. */
const ROW = 5;

/** A detection, and whether it is right; neither where its object is difficult and does not count. */
export interface DetectedObject {
  readonly record: number;
  readonly label: number;
  readonly score: number;
  readonly isRight: boolean | undefined;
}

/** Which layer of a net that has just run evaluates detections: the last that does; undefined where none does. */
export function detectionLayer(net: Net): number | undefined {
  const at = net.layers.findLastIndex((layer) => layer.testCounts()?.kind === "detections");
  return at < 0 ? undefined : at;
}

/** Takes in what a detector finds in records, batch by batch, as its DetectionEvaluate judges it. */
export class DetectedRecords {
  readonly #net: Net;
  readonly #layer: number;
  readonly #objects: DetectedObject[] = [];
  readonly scores: DetectionScores = new DetectionScores();

  constructor(net: Net, layer: number) {
    this.#net = net;
    this.#layer = layer;
  }

  /** All detections, in order. */
  get objects(): readonly DetectedObject[] {
    return this.#objects;
  }

  /** Takes in the first `count` pictures of the batch that was just run. */
  add(first: number, count: number): void {
    const counts = this.#net.layers[this.#layer]?.testCounts();
    if (counts?.kind !== "detections") return;
    const beyond = this.#objectsBeyond(count);
    const kept: number[] = [];
    for (let at = 0; at < counts.rows.length; at += ROW) {
      const row = Array.from({ length: ROW }, (_, k) => counts.rows[at + k] ?? 0);
      const [image = 0, label = 0, value = 0, right = 0, wrong = 0] = row;
      if (image === -1) kept.push(image, label, value - (beyond.get(label) ?? 0), right, wrong);
      else if (image < count) {
        kept.push(...row);
        const isRight = right || wrong ? right !== 0 : undefined;
        this.#objects.push({ record: first + image, label, score: value, isRight });
      }
    }
    this.scores.add(kept);
  }

  /** How many objects of each label lie in pictures that have been seen before, where the source began anew. */
  #objectsBeyond(count: number): ReadonlyMap<number, number> {
    const layer = this.#net.layers[this.#layer];
    const param = withDefaults("DetectionEvaluateParameter", layer?.param.detection_evaluate_param);
    const [, labels, sizes] = (this.#net.bottomBlobs[this.#layer] ?? []) as [Blob, Blob, Blob?];
    const fail = (message: string): never => layer?.fail(message) as never;
    const truths = sizes
      ? truthsInPixels(labels, fail)
      : truthsOf(labels, param.background_label_id, true, fail, true);
    const beyond = new Map<number, number>();
    for (const [image, objects] of truths) {
      if (image < count) continue;
      for (const { label, isDifficult } of objects) {
        if (isDifficult && !param.evaluate_difficult_gt) continue;
        beyond.set(label, (beyond.get(label) ?? 0) + 1);
      }
    }
    return beyond;
  }
}
