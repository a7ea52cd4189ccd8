/** A text as a field of CSV: in quotes where it holds a delimiter, a quote or a line break. */
export function csvField(text: string, delimiter = ","): string {
  const isPlain = !text.includes(delimiter) && !/["\r\n]/.test(text);
  return isPlain ? text : `"${text.replaceAll('"', '""')}"`;
}

/**
 * As `csvField`, for the name of a column: a spreadsheet would run one that begins as a formula does, so an apostrophe
 * stands before it.
 */
export function csvName(text: string, delimiter = ","): string {
  return csvField(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text, delimiter);
}
