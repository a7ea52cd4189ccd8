import type { ClassifierReport } from "../classifier-report.ts";
import type { ReportFacts } from "../facts.ts";
import type { ClassMeasures } from "../measures/classification.ts";

/** Digits of a number in report.json. */
const DIGITS = 6;

/** The text of report.json. Numbers have six digits; what cannot be said (NaN) is null. */
export function reportJson(report: ClassifierReport): string {
  const { measures, names, facts } = report;
  const { classes, calibration, mean } = measures;
  const content = {
    accuracy: measures.accuracy,
    ...(measures.topFive !== undefined && { top_5_accuracy: measures.topFive }),
    loss: measures.loss,
    mean_over_classes: {
      ...{ precision: mean.precision, recall: mean.recall, f1: mean.f1 },
      ...{ average_precision: mean.averagePrecision, roc_auc: mean.areaUnderRoc },
    },
    expected_calibration_error: calibration.expectedError,
    task: "classification",
    ...factsOf(facts),
    scores: report.source,
    classes: classes.map((one) => classOf(one, names)),
    most_confounded: measures.confounded.map(({ label, guess, records, share }) => ({
      ...{ label, name: names[label], guess, guess_name: names[guess], records, share },
    })),
    calibration: {
      greatest_error: calibration.greatestError,
      bins: calibration.bins,
    },
  };
  return `${JSON.stringify(content, rounded, 2)}\n`;
}

function classOf(one: ClassMeasures, names: readonly string[]): object {
  const { label, records, guessed, precision, recall, f1 } = one;
  return {
    ...{ label, name: names[label], records, guessed, precision, recall, f1 },
    ...{ average_precision: one.averagePrecision, roc_auc: one.areaUnderRoc },
  };
}

/** What every report says of its net and its data. */
function factsOf({ model, weights, judged, pass, outputs }: ReportFacts): object {
  const { records, ofSource, batch } = pass;
  const last = records % batch;
  return {
    records: judged,
    records_read: records,
    records_of_source: ofSource ?? null,
    model,
    weights,
    net_outputs: { ...outputs, repeated_records: last === 0 ? 0 : batch - last },
  };
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
}
