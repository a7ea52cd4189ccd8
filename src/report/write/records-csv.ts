import { csvName } from "../../util/csv.ts";

/** Digits of a number in a table. */
const DIGITS = 6;

/**
 * Numbers of each record, as a table.
 * @param called what each record is called
 */
export function* recordsCsv(
  called: readonly string[],
  columns: readonly string[],
  rows: Iterable<readonly number[]>,
): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(
    `${["record", "name", ...columns.map((column) => csvName(column))].join(",")}\n`,
  );
  let record = 0;
  for (const row of rows) {
    const numbers = row.map((value) =>
      Number.isNaN(value) ? "" : Number(value.toPrecision(DIGITS)),
    );
    const name = csvName(called[record] ?? "");
    yield encoder.encode(`${[record++, name, ...numbers].join(",")}\n`);
  }
}
