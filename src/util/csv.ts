import { printable } from "./printable.ts";

/** A text as a field of CSV: in quotes where it holds a delimiter, a quote or a line break. */
export function csvField(text: string, delimiter = ","): string {
  const isPlain = !text.includes(delimiter) && !/["\r\n]/.test(text);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}

/**
 * As `csvField`, for a name that others gave: it is one line that a terminal does not obey, and as a spreadsheet would run one
 * that begins as a formula does, an apostrophe stands before it.
 */
export function csvName(text: string, delimiter = ","): string {
  const shown = printable(text);
  return csvField(FORMULA.test(shown) ? `'${shown}` : shown, delimiter);
}

/** As `csvName`, for a path: `./` stands before it, which names the same file. */
export function csvPath(path: string): string {
  return csvField(FORMULA.test(path) ? `./${path}` : path);
}

/** How a formula of a spreadsheet begins. */
const FORMULA = /^[=+\-@\t\r]/;
