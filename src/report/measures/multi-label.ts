import { areaUnderPrecision, areaUnderRoc, type Thresholds, thresholdsOf } from "./curves.ts";
import { crossEntropy } from "./judged.ts";
import { meanOf } from "./mean.ts";

/** What a net said of records that may have several labels each: label k of record i is at i · labels + k. */
export interface LabelledRecords {
  readonly records: number;
  readonly labels: number;
  /** 1 where a record has the label, 0 where it has not, −1 where it does not count. */
  readonly truths: Int8Array;
  /** How likely it has the label, as the net says. */
  readonly probabilities: Float32Array;
}

/** How well a label is told. What cannot be said, for there is nothing to divide by, is NaN. */
export interface LabelMeasures {
  readonly label: number;
  /** Records that have it, and records that are told to. */
  readonly records: number;
  readonly guessed: number;
  /** Of those told to have it, the share that do. */
  readonly precision: number;
  /** Of those that have it, the share told to. */
  readonly recall: number;
  /** 2 · both / (records + guessed). */
  readonly f1: number;
  readonly averagePrecision: number;
  readonly areaUnderRoc: number;
}

/** What is measured of all labels. */
export interface MultiLabelMeasures {
  readonly records: number;
  /** The share of records all of whose labels are told. */
  readonly exactMatch: number;
  /** The share of labels that are told, over all records. */
  readonly labelAccuracy: number;
  /** Mean over records of the sum of their labels' cross-entropies: what SigmoidCrossEntropyLoss gives. */
  readonly loss: number;
  /** Means over the labels that records have (macro averages). */
  readonly mean: Omit<LabelMeasures, "label" | "records" | "guessed">;
  /** All labels of all records as one (micro averages). */
  readonly together: Pick<LabelMeasures, "precision" | "recall" | "f1">;
  readonly labels: readonly LabelMeasures[];
}

/** A record is told to have a label from this probability on. */
const TOLD = 0.5;

/** Whether a record is told to have a label. */
function isTold(probability: number): boolean {
  return probability >= TOLD;
}

/** A label's probabilities in all records that count, held against which of them have it. */
export function labelThresholds(all: LabelledRecords, label: number): Thresholds {
  const { truths, probabilities, labels, records } = all;
  const of = (truth: number): Float32Array => {
    const scores: number[] = [];
    for (let at = label; at < records * labels; at += labels) {
      if (truths[at] === truth) scores.push(probabilities[at] ?? 0);
    }
    return Float32Array.from(scores);
  };
  return thresholdsOf(of(1), of(0));
}

/** Measures what a net said of one record or more. */
export function measureLabels(all: LabelledRecords): MultiLabelMeasures {
  const { records, labels, truths, probabilities } = all;
  const [own, guessed, both] = [0, 1, 2].map(() => new Float64Array(labels)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [exact, told, counted, loss] = [0, 0, 0, 0];
  for (let record = 0; record < records; record++) {
    let isExact = true;
    for (let label = 0; label < labels; label++) {
      const at = record * labels + label;
      const [truth, probability] = [truths[at] ?? -1, probabilities[at] ?? 0];
      if (truth < 0) continue;
      const guess = isTold(probability) ? 1 : 0;
      counted++;
      loss += crossEntropy(truth === 1 ? probability : 1 - probability);
      if (guess === truth) told++;
      else isExact = false;
      own[label] = (own[label] ?? 0) + truth;
      guessed[label] = (guessed[label] ?? 0) + guess;
      both[label] = (both[label] ?? 0) + truth * guess;
    }
    if (isExact) exact++;
  }
  const each = Array.from({ length: labels }, (_, label): LabelMeasures => {
    const thresholds = labelThresholds(all, label);
    return {
      ...{ label, records: own[label] ?? 0, guessed: guessed[label] ?? 0 },
      ...sharesOf(both[label] ?? 0, own[label] ?? 0, guessed[label] ?? 0),
      averagePrecision: areaUnderPrecision(thresholds),
      areaUnderRoc: areaUnderRoc(thresholds),
    };
  });
  const present = each.filter((one) => one.records > 0);
  const mean = (of: (one: LabelMeasures) => number): number => meanOf(present.map(of));
  const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
  return {
    ...{ records, exactMatch: exact / records, labelAccuracy: told / counted },
    loss: loss / records,
    mean: {
      // A label that no record is told to have counts with precision 0.
      precision: mean((one) => (one.guessed > 0 ? one.precision : 0)),
      recall: mean(({ recall }) => recall),
      f1: mean(({ f1 }) => f1),
      averagePrecision: mean(({ averagePrecision }) => averagePrecision),
      areaUnderRoc: mean((one) => one.areaUnderRoc),
    },
    together: sharesOf(sum(both), sum(own), sum(guessed)),
    labels: each,
  };
}

function sharesOf(
  both: number,
  records: number,
  guessed: number,
): Pick<LabelMeasures, "precision" | "recall" | "f1"> {
  return {
    precision: both / guessed,
    recall: both / records,
    f1: (2 * both) / (records + guessed),
  };
}

/** An answer that is wrong: a label that a record is told to have and has not, or the other way round. */
export interface WrongLabel {
  readonly record: number;
  readonly label: number;
  /** Whether the record has it. */
  readonly has: boolean;
  readonly probability: number;
}

/** The most confident wrong answers, at most so many. */
export function wrongLabels(all: LabelledRecords, most: number): WrongLabel[] {
  const { labels, truths, probabilities } = all;
  const wrong: WrongLabel[] = [];
  truths.forEach((truth, at) => {
    const probability = probabilities[at] ?? 0;
    if (truth < 0 || isTold(probability) === (truth === 1)) return;
    wrong.push({
      ...{ record: Math.floor(at / labels), label: at % labels, has: truth === 1, probability },
    });
  });
  const doubt = ({ probability }: WrongLabel): number => Math.min(probability, 1 - probability);
  return wrong.sort((a, b) => doubt(a) - doubt(b) || a.record - b.record).slice(0, most);
}
