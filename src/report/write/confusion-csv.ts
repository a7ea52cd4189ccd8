import { csvName } from "../../util/csv.ts";

/**
 * A confusion as a table: a row for each class that labels name, how often it was taken for each.
 * @param names of all classes, by rising label
 */
export function* confusionCsv(
  names: readonly string[],
  rowOf: (label: number) => ArrayLike<number>,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const fields = names.map((name) => csvName(name));
  yield encoder.encode(`${["label", ...fields].join(",")}\n`);
  for (const [label, field] of fields.entries()) {
    yield encoder.encode(`${[field, ...Array.from(rowOf(label))].join(",")}\n`);
  }
}
