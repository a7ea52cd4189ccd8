import { csvName } from "../../util/csv.ts";
import { printable } from "../../util/printable.ts";

/** Digits of a number in a table. */
const DIGITS = 6;

/**
 * Numbers of each record, as a table.
 * @param called what each record is called
 */
export function* recordsCsv(
  called: readonly string[],
  columns: readonly string[],
  rows: readonly (readonly number[])[],
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(`${["record", "name", ...columns].join(",")}\n`);
  for (const [record, row] of rows.entries()) {
    const numbers = row.map((value) =>
      Number.isNaN(value) ? "" : Number(value.toPrecision(DIGITS)),
    );
    const name = csvName(printable(called[record] ?? ""));
    yield encoder.encode(`${[record, name, ...numbers].join(",")}\n`);
  }
}
