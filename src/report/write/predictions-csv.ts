import { csvName } from "../../util/csv.ts";
import type { ClassifierReport } from "../classifier-report.ts";

/** So many lines are written at a time. */
const LINES = 1000;

/** What was said of each record, as a table. */
export function* predictionsCsv(report: ClassifierReport): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const { judged, numbers, records, names } = report;
  const classNames = names.map((name) => csvName(name));
  const rowOf = (i: number): string => {
    const [label, guess] = [judged.labels[i] ?? 0, judged.guesses[i] ?? 0];
    const shares = [judged.confidences[i] ?? 0, Math.exp(-(judged.losses[i] ?? 0))];
    return [
      numbers[i],
      csvName(records[i] ?? ""),
      ...[label, classNames[label], guess, classNames[guess]],
      judged.better[i] === 0 ? 1 : 0,
      ...shares.map((share) => Number(share.toPrecision(6))),
    ].join(",");
  };
  const head = "record,name,label,label_name,guess,guess_name,right,confidence,label_probability";
  yield encoder.encode(`${head}\n`);
  for (let from = 0; from < numbers.length; from += LINES) {
    const count = Math.min(LINES, numbers.length - from);
    const rows = Array.from({ length: count }, (_, i) => `${rowOf(from + i)}\n`);
    yield encoder.encode(rows.join(""));
  }
}
