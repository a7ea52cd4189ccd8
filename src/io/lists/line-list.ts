import { FormatError } from "../../util/errors.ts";
import { readList } from "./list-file.ts";

const [NEWLINE, SPACE] = [10, 32];
const decoder = new TextDecoder();

/** A line of a list: its words, and which line it is, from 1 on. */
interface ListedLine {
  readonly words: readonly string[];
  readonly line: number;
}

/** The lines of a list in shared memory, those that hold words: what threads are given of it. */
export interface LineList {
  readonly source: string;
  readonly text: Uint8Array;
  /** Where each line begins. */
  readonly starts: Float64Array;
  readonly lines: Uint32Array;
}

/**
 * Reads a list whose lines are words with white space between, into shared memory.
 *
 * @param what what it is to the reader, for messages
 * @param check is given the words of each line; what it gives back is wrong with them, in words that begin with what was
 *   found and end with what is expected
 * @throws FileError where it cannot be read; FormatError where it lists nothing, or `check` objects, with the line
 */
export function readLineList(
  source: string,
  what: string,
  check: (words: readonly string[]) => string | undefined,
): LineList {
  const bytes = readList(source, "list");
  const starts: number[] = [];
  const lines: number[] = [];
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    if (bytes.subarray(start, end).some((byte) => byte > SPACE)) {
      const problem = check(wordsOf(bytes, start));
      if (problem !== undefined) throw new FormatError(`${source}:${line}: ${problem}`);
      starts.push(start);
      lines.push(line);
    }
    start = end + 1;
  }
  if (starts.length === 0) throw new FormatError(`${source}: File is empty. Expected ${what}.`);
  const list: LineList = {
    source,
    text: new Uint8Array(new SharedArrayBuffer(bytes.length)),
    starts: new Float64Array(new SharedArrayBuffer(8 * starts.length)),
    lines: new Uint32Array(new SharedArrayBuffer(4 * starts.length)),
  };
  list.text.set(bytes);
  list.starts.set(starts);
  list.lines.set(lines);
  return list;
}

/** Line number `index` of those that hold words. */
export function lineAt(list: LineList, index: number): ListedLine {
  return { words: wordsOf(list.text, list.starts[index] ?? 0), line: list.lines[index] ?? 0 };
}

/** A line as messages name it. */
export function lineName({ source }: Pick<LineList, "source">, { line }: { line: number }): string {
  return `${source}:${line}`;
}

function wordsOf(text: Uint8Array, start: number): string[] {
  const newline = text.indexOf(NEWLINE, start);
  const line = text.slice(start, newline < 0 ? text.length : newline);
  return decoder.decode(line).split(/\s+/).filter(Boolean);
}
