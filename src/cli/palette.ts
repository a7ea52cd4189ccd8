import { CITYSCAPES_COLOURS, type Colour } from "../draw/palette.ts";
import { readText } from "../io/files/read-file.ts";
import { FormatError } from "../util/errors.ts";

/**
 * The colours of classes.
 * @throws FileError where the file cannot be read, FormatError where a line of it is no colour
 */
export function readPalette(source: string): readonly Colour[] {
  if (source === "voc") return [];
  if (source === "cityscapes") return CITYSCAPES_COLOURS;
  const lines = readText(source, "palette").split(/\r?\n/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  return lines.map((line, i) => {
    const numbers = line
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    const isColour = numbers.every((n) => Number.isInteger(n) && n >= 0 && n <= 255);
    if (numbers.length === 3 && isColour) return numbers as unknown as Colour;
    throw new FormatError(
      `${source}:${i + 1}: "${line.slice(0, 80)}". Expected red, green and blue, 0 to 255.`,
    );
  });
}
