import type { ReportFacts } from "../report.ts";

/** Digits of a number in report.json. */
const DIGITS = 6;

/** The text of report.json. Numbers have six digits; what cannot be said (NaN) is null. */
export function reportJson(content: object): string {
  return `${JSON.stringify(content, rounded, 2)}\n`;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(DIGITS)) : value;
}

/** What every report says of its net and its data. */
export function factsJson({ model, weights, pass, outputs }: ReportFacts): object {
  const { records, ofSource, batch } = pass;
  const last = records % batch;
  return {
    records_read: records,
    records_of_source: ofSource ?? null,
    model,
    weights,
    net_outputs: { ...outputs, repeated_records: last === 0 ? 0 : batch - last },
  };
}
