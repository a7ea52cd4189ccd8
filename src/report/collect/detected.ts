import { withDefaults } from "../../io/proto/messages.ts";
import type { TestCounts, TestObject } from "../../layers/base/test-counts.ts";
import { DetectionScores } from "../../net/evaluation/detection-scores.ts";
import type { Net } from "../../net/net.ts";
import type { Box } from "../../util/box.ts";

/** Numbers of a row of DetectionEvaluate. */
const ROW = 5;

/** A detection, and whether it is right; neither where its object is difficult and does not count. */
export interface DetectedObject {
  readonly record: number;
  readonly label: number;
  readonly score: number;
  readonly isRight: boolean | undefined;
  /** In shares of the net's input. */
  readonly box: Box;
  /** Which object of the record it is, where it is right. */
  readonly object: TestObject | undefined;
}

/** What DetectionEvaluate counts. */
type DetectionCounts = Extract<TestCounts, { readonly kind: "detections" }>;

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
  readonly #truths: Map<number, readonly TestObject[]> = new Map();
  readonly scores: DetectionScores;

  /** @param scores what was found before, to which this is added */
  constructor(net: Net, layer: number, scores: DetectionScores = new DetectionScores()) {
    this.#net = net;
    this.#layer = layer;
    this.scores = scores;
  }

  /** All detections, in order. */
  get objects(): readonly DetectedObject[] {
    return this.#objects;
  }

  /** The objects of each record that has some; their boxes are shares of the net's input. */
  get truths(): ReadonlyMap<number, readonly TestObject[]> {
    return this.#truths;
  }

  /** Takes in the first `count` pictures of the batch that was just run. */
  add(first: number, count: number): void {
    const counts = this.#net.layers[this.#layer]?.testCounts();
    if (counts?.kind !== "detections") return;
    const beyond = this.#objectsBeyond(counts, count);
    const shown = new Map<TestObject, TestObject>();
    for (const [image, objects] of counts.objects) {
      if (image >= count) continue;
      const size = counts.sizeOf(image);
      for (const one of objects) shown.set(one, { ...one, box: inShares(one.box, size) });
      this.#truths.set(
        first + image,
        objects.map((one) => shown.get(one) ?? one),
      );
    }
    const kept: number[] = [];
    let next = 0;
    for (let at = 0; at < counts.rows.length; at += ROW) {
      const row = Array.from({ length: ROW }, (_, k) => counts.rows[at + k] ?? 0);
      const [image = 0, label = 0, value = 0, right = 0, wrong = 0] = row;
      if (image === -1) kept.push(image, label, value - (beyond.get(label) ?? 0), right, wrong);
      else {
        const { box = [0, 0, 0, 0], object } = counts.found[next++] ?? {};
        if (image >= count) continue;
        kept.push(...row);
        this.#objects.push({
          ...{ record: first + image, label, score: value },
          isRight: right || wrong ? right !== 0 : undefined,
          box: inShares(box, counts.sizeOf(image)),
          object: object && shown.get(object),
        });
      }
    }
    this.scores.add(kept);
  }

  /** How many objects of each label lie in pictures that have been seen before, where the source began anew. */
  #objectsBeyond(counts: DetectionCounts, count: number): ReadonlyMap<number, number> {
    const layer = this.#net.layers[this.#layer];
    const param = withDefaults("DetectionEvaluateParameter", layer?.param.detection_evaluate_param);
    const beyond = new Map<number, number>();
    for (const [image, objects] of counts.objects) {
      if (image < count) continue;
      for (const { label, isDifficult } of objects) {
        if (isDifficult && !param.evaluate_difficult_gt) continue;
        beyond.set(label, (beyond.get(label) ?? 0) + 1);
      }
    }
    return beyond;
  }
}

function inShares([x0, y0, x1, y1]: Box, [width, height]: readonly [number, number]): Box {
  return [x0 / width, y0 / height, x1 / width, y1 / height];
}
