import type { ClassifierReport } from "../classifier-report.ts";
import type { ClassMeasures } from "../measures/classification.ts";
import { confoundedJson } from "./confounded.ts";
import { factsJson, reportJson } from "./report-json.ts";

/** The text of a classifier's report.json. */
export function classifierJson(report: ClassifierReport): string {
  const { measures, names, facts, source } = report;
  const { classes, calibration, mean } = measures;
  return reportJson({
    accuracy: measures.accuracy,
    ...(measures.topFive !== undefined && { top_5_accuracy: measures.topFive }),
    loss: measures.loss,
    mean_over_classes: {
      ...{ precision: mean.precision, recall: mean.recall, f1: mean.f1 },
      ...{ average_precision: mean.averagePrecision, roc_auc: mean.areaUnderRoc },
    },
    expected_calibration_error: calibration.expectedError,
    ...{ task: "classification", records: measures.records, scores: source },
    ...factsJson(facts),
    classes: classes.map((one) => classOf(one, names)),
    most_confounded: confoundedJson(measures.confounded, names, "records"),
    calibration: { greatest_error: calibration.greatestError, bins: calibration.bins },
  });
}

function classOf(one: ClassMeasures, names: readonly string[]): object {
  const { label, records, guessed, precision, recall, f1 } = one;
  return {
    ...{ label, name: names[label], records, guessed, precision, recall, f1 },
    ...{ average_precision: one.averagePrecision, roc_auc: one.areaUnderRoc },
  };
}
