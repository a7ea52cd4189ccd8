import { type Calibration, calibrationOf } from "./calibration.ts";
import {
  type ClassShares,
  type Confounded,
  type Confusion,
  classShares,
  confusionOf,
  meanShares,
  mostConfounded,
} from "./confusion.ts";
import { areaUnderPrecision, areaUnderRoc, type Thresholds, thresholdsOf } from "./curves.ts";
import type { JudgedRecords } from "./judged.ts";
import { meanOf } from "./mean.ts";

/** So many best guesses are looked at where there are more classes. */
const TOP = 5;
/** So many pairs of classes are told of. */
const MOST_PAIRS = 20;

/** How well a class is told, and found by its scores. */
export interface ClassMeasures extends ClassShares {
  /** Both NaN where they cannot be said, or the scores were too many to keep. */
  readonly averagePrecision: number;
  readonly areaUnderRoc: number;
}

/** What is measured of a classifier. */
export interface Classification {
  readonly records: number;
  readonly accuracy: number;
  /** The share of records whose class is among the five best guesses; undefined where there are no more classes. */
  readonly topFive: number | undefined;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Means over the classes that are in the data. */
  readonly mean: ReturnType<typeof meanShares> & {
    readonly averagePrecision: number;
    readonly areaUnderRoc: number;
  };
  readonly classes: readonly ClassMeasures[];
  readonly confusion: Confusion;
  readonly confounded: readonly Confounded[];
  readonly calibration: Calibration;
}

/** Measures what a classifier said of one record or more. */
export function measureClassification(judged: JudgedRecords): Classification {
  const { labels, guesses, better, confidences, losses } = judged;
  const records = labels.length;
  const shareBetter = (than: number): number =>
    better.reduce((count, others) => count + (others < than ? 1 : 0), 0) / records;
  const confusion = confusionOf(labels, guesses, judged.classes);
  const classes = classShares(confusion).map((shares): ClassMeasures => {
    const thresholds = classThresholds(judged, shares.label);
    return {
      ...shares,
      averagePrecision: thresholds ? areaUnderPrecision(thresholds) : Number.NaN,
      areaUnderRoc: thresholds ? areaUnderRoc(thresholds) : Number.NaN,
    };
  });
  return {
    records,
    accuracy: shareBetter(1),
    topFive: judged.classes > TOP ? shareBetter(TOP) : undefined,
    loss: losses.reduce((sum, loss) => sum + loss, 0) / records,
    mean: {
      ...meanShares(classes),
      averagePrecision: meanOf(classes.map((one) => one.averagePrecision)),
      areaUnderRoc: meanOf(classes.map((one) => one.areaUnderRoc)),
    },
    classes,
    confusion,
    confounded: mostConfounded(confusion, MOST_PAIRS),
    calibration: calibrationOf(confidences, (i) => better[i] === 0),
  };
}

/** A class's probabilities in all records, held against which are of it; undefined where they were not kept. */
export function classThresholds(judged: JudgedRecords, label: number): Thresholds | undefined {
  const { labels, classes, probabilities } = judged;
  if (!probabilities) return undefined;
  const own = labels.reduce((count, one) => count + (one === label ? 1 : 0), 0);
  const [positives, negatives] = [new Float32Array(own), new Float32Array(labels.length - own)];
  let [p, n] = [0, 0];
  labels.forEach((one, i) => {
    const score = probabilities[i * classes + label] ?? 0;
    if (one === label) positives[p++] = score;
    else negatives[n++] = score;
  });
  return thresholdsOf(positives, negatives);
}
