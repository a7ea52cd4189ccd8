import { FormatError } from "../../util/errors.ts";

/** No file's name is longer. */
const WIDEST = 255;

/**
 * The names of frames by their numbers: `%06d` and its like stand for a number in a pattern. Undefined where the pattern
 * has none.
 *
 * @throws FormatError where a number would be wider than any file's name
 */
export function frameNames(pattern: string): ((number: number) => string) | undefined {
  const found = /%(0?)(\d*)d/.exec(pattern);
  if (!found) return undefined;
  const [mark, zero = "", width = ""] = found;
  if (Number(width) > WIDEST) {
    throw new FormatError(
      `${pattern} has numbers of ${width} digits. Expected ${WIDEST} at most: %06d stands for six.`,
    );
  }
  return (number) => pattern.replace(mark, String(number).padStart(Number(width), zero || " "));
}
