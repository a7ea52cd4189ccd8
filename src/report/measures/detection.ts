import type { ApVersion } from "../../net/evaluation/average-precision.ts";
import type { ClassPrecision, DetectionScores } from "../../net/evaluation/detection-scores.ts";
import { type Thresholds, thresholdsOf } from "./curves.ts";
import { meanOf } from "./mean.ts";

/** The threshold at which precision and recall are best together. */
interface Operating {
  readonly threshold: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** How well one class is detected. `averagePrecision` is NaN where there are no objects. */
export interface DetectedClass extends ClassPrecision {
  /** Detections that are right. */
  readonly right: number;
  /** Undefined where nothing is right. */
  readonly best: Operating | undefined;
  /** Detections down to every score; `positives` are the objects. */
  readonly thresholds: Thresholds;
}

/** What is measured of a detector. */
export interface DetectionMeasures {
  readonly version: ApVersion;
  /** Over the classes that have objects. */
  readonly meanAveragePrecision: number;
  readonly classes: readonly DetectedClass[];
}

/** Measures what DetectionEvaluate has judged. */
export function measureDetection(scores: DetectionScores, version: ApVersion): DetectionMeasures {
  const classes = scores.classes(version).map((one): DetectedClass => {
    const found = scores.detectionsOf(one.label);
    const of = (isRight: boolean): Float32Array =>
      Float32Array.from(
        found.filter((each) => each.isRight === isRight),
        ({ score }) => score,
      );
    const right = of(true);
    const thresholds = { ...thresholdsOf(right, of(false)), positives: one.objects };
    const averagePrecision = one.objects > 0 ? one.averagePrecision : Number.NaN;
    return { ...one, averagePrecision, right: right.length, best: bestOf(thresholds), thresholds };
  });
  const meanAveragePrecision = meanOf(classes.map((one) => one.averagePrecision));
  return { version, meanAveragePrecision, classes };
}

/** Where F1 is greatest; of equal ones at the highest score. */
function bestOf({ positives, right, wrong, scores }: Thresholds): Operating | undefined {
  let best: Operating | undefined;
  right.forEach((found, step) => {
    const all = found + (wrong[step] ?? 0);
    const f1 = (2 * found) / (all + positives);
    if (f1 > (best?.f1 ?? 0)) {
      const [precision, recall] = [found / all, found / positives];
      best = { threshold: scores[step] ?? 0, precision, recall, f1 };
    }
  });
  return best;
}
