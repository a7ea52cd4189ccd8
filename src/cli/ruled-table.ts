import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** A table with a title above it, a rule below its head and one above its sums. */
interface RuledTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly sums: readonly string[];
  /** How many columns, the first ones, are texts; the others are numbers, and stand at the right. */
  readonly texts: number;
  /** The colour of a row; none is used where a terminal takes none. */
  readonly styleOf: (row: number) => Style;
}

/** A table as a text, in colours where they are seen. */
export function ruledTable(
  { title, head, rows, sums, texts, styleOf }: RuledTable,
  isColoured: boolean,
): string {
  const widths = head.map((_, column) =>
    [head, ...rows, sums].reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < texts ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const paint = (style: Style, text: string): string =>
    isColoured ? styleText(style, text) : text;
  const rule = paint("dim", "─".repeat(widths.reduce((sum, width) => sum + width + 2, -2)));
  return [
    paint("bold", title),
    paint("bold", line(head)),
    rule,
    ...rows.map((row, i) => paint(styleOf(i), line(row))),
    rule,
    paint("bold", line(sums)),
  ].join("\n");
}

/** 1,234 · 12.3 k · 4.5 M · 6.7 G. */
export function countText(count: number): string {
  if (count === 0) return "–";
  if (count < 10_000) return count.toLocaleString("en");
  const step = count < 1e6 ? 1 : count < 1e9 ? 2 : 3;
  return `${(count / 1000 ** step).toFixed(count / 1000 ** step < 100 ? 1 : 0)} ${["", "k", "M", "G"][step]}`;
}
