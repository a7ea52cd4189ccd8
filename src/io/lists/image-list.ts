import { isAbsolute, relative, resolve } from "node:path";
import { FormatError } from "../../util/errors.ts";
import { atoi, LABEL_RANGE, labelOf } from "./label.ts";
import { readList } from "./list-file.ts";

const [NEWLINE, SPACE, COMMA, SEMICOLON] = [10, 32, 44, 59];
const decoder = new TextDecoder();

/**
 * How the labels of a list are taken. `strict`: each is a whole number of 32 bits. `lenient`: as Caffe's atoi reads it.
 * `optional`: where the last word of a line is no such number, the line is a path alone.
 */
type LabelRule = "strict" | "lenient" | "optional";

/** A line of a list: a file and its label. */
export interface ListedImage {
  readonly path: string;
  readonly label: number;
  /** Which line of the list it is, from 1 on. */
  readonly line: number;
}

/** The text of a list in shared memory, and what its lines hold: what threads are given of it. */
export interface SharedList {
  readonly source: string;
  readonly text: Uint8Array;
  /** Where each image's path begins and ends, its label, and which line it is. */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly labels: Int32Array;
  readonly lines: Uint32Array;
}

/**
 * Reads a list of images, `path label` on each line, into shared memory. The label is the last word, so a path may hold
 * blanks; white space before and behind the label is none of either. Blank lines count as none.
 *
 * @param warn is told, once, of labels that `lenient` takes for others
 * @throws FileError where it cannot be read; FormatError where it lists nothing, is no text in UTF-8, or a label is not
 *   what `rule` wants, with its line
 */
export function readImageList(
  source: string,
  rule: LabelRule = "strict",
  warn: (message: string) => void = () => {},
): SharedList {
  return imageListOf(readList(source, "image list"), source, rule, warn);
}

/**
 * The same of a list's text.
 * @param source names it, for messages
 */
export function imageListOf(
  bytes: Uint8Array,
  source: string,
  rule: LabelRule,
  warn: (message: string) => void = () => {},
): SharedList {
  let count = 0;
  eachLine(bytes, () => count++);
  if (count === 0) {
    throw new FormatError(`${source}: File is empty. Expected \`path label\` on each line.`);
  }
  const list: SharedList = {
    source,
    text: new Uint8Array(new SharedArrayBuffer(bytes.length)),
    starts: new Float64Array(new SharedArrayBuffer(8 * count)),
    ends: new Float64Array(new SharedArrayBuffer(8 * count)),
    labels: new Int32Array(new SharedArrayBuffer(4 * count)),
    lines: new Uint32Array(new SharedArrayBuffer(4 * count)),
  };
  list.text.set(bytes);
  let [i, changed, first] = [0, 0, ""];
  eachLine(bytes, (start, end, line) => {
    const word = lastWord(bytes, start, end);
    const pathEnd = trimmedEnd(bytes, start, word);
    const text = decoder.decode(bytes.subarray(word, end));
    // A table of other programs has `path, label`.
    const isTable = rule === "strict" && [COMMA, SEMICOLON].includes(bytes[pathEnd - 1] ?? 0);
    const label = pathEnd > start && !isTable ? labelOf(text) : undefined;
    list.starts[i] = start;
    list.ends[i] = label !== undefined || (rule === "lenient" && pathEnd > start) ? pathEnd : end;
    list.labels[i] = label ?? (rule === "lenient" ? atoi(text) : 0);
    list.lines[i++] = line;
    if (label !== undefined || rule === "optional") return;
    const problem = problemOf(decoder.decode(bytes.subarray(start, end)), text, pathEnd > start);
    if (rule === "strict") throw new FormatError(`${source}:${line}: ${problem}`);
    if (changed++ === 0) first = `${source}:${line}: label "${text}" is taken for ${atoi(text)}`;
  });
  if (changed > 0) {
    const others = changed > 1 ? `; so are ${changed - 1} others for what they begin with` : "";
    warn(`${first}, as Caffe does, for it is not a whole number ${LABEL_RANGE}${others}.`);
  }
  return list;
}

/** What is wrong with a line without a label, or with another than is expected. */
function problemOf(line: string, label: string, hasPath: boolean): string {
  const separator = /([,;|\u00a0])[ \t]*[+-]?\d+$/.exec(line)?.[1];
  if (separator) {
    const name = separator === "\u00a0" ? "a no-break space" : `"${separator}"`;
    return `"${line}" has ${name} before its label. Expected a blank: \`path label\`.`;
  }
  if (!hasPath) {
    return `"${line}" is a path or a label alone. Expected \`path label\`, the label a whole number ${LABEL_RANGE}. Caffe takes ${atoi(line)}; for its way see "lenient" in docs/data.md.`;
  }
  return `label "${label}" is not a whole number ${LABEL_RANGE}. Expected one; numbers that are not whole belong into HDF5Data, or a second database. Caffe takes ${atoi(label)}; for its way see "lenient" in docs/data.md.`;
}

/** Calls `visit` with start, end and number of each line that holds more than white space, which ends no line. */
function eachLine(
  text: Uint8Array,
  visit: (start: number, end: number, line: number) => void,
): void {
  for (let start = 0, line = 1; start < text.length; line++) {
    const newline = text.indexOf(NEWLINE, start);
    const next = newline < 0 ? text.length : newline;
    const end = trimmedEnd(text, start, next);
    if (end > start) visit(start, end, line);
    start = next + 1;
  }
}

/** Where a text ends without the white space at its end. */
function trimmedEnd(text: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (text[at - 1] as number) <= SPACE) at--;
  return at;
}

/** Where the last word of a line begins. */
function lastWord(text: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (text[at - 1] as number) > SPACE) at--;
  return at;
}

/** Of every `stride` images the last; undefined where there are fewer. */
export function everyLast(list: SharedList, stride: number): SharedList | undefined {
  const count = Math.floor(list.starts.length / stride);
  if (count === 0) return undefined;
  const pick = <T extends Float64Array | Int32Array | Uint32Array>(from: T, to: T): T => {
    for (let i = 0; i < count; i++) to[i] = from[(i + 1) * stride - 1] ?? 0;
    return to;
  };
  return {
    ...list,
    starts: pick(list.starts, new Float64Array(new SharedArrayBuffer(8 * count))),
    ends: pick(list.ends, new Float64Array(new SharedArrayBuffer(8 * count))),
    labels: pick(list.labels, new Int32Array(new SharedArrayBuffer(4 * count))),
    lines: pick(list.lines, new Uint32Array(new SharedArrayBuffer(4 * count))),
  };
}

/** Image `index` of a list. */
export function listedImage(list: SharedList, index: number): ListedImage {
  return {
    path: decoder.decode(list.text.slice(list.starts[index], list.ends[index])),
    label: list.labels[index] ?? 0,
    line: list.lines[index] ?? 0,
  };
}

/**
 * Where a listed file lies. `folder` and the path are joined as Caffe joins them, without a slash between.
 * @throws FormatError where the path leads out of the folder
 */
export function pathWithin(base: string, folder: string, path: string): string {
  const full = resolve(base, `${folder}${path}`);
  // The folder's last part may be the beginning of a file's name.
  const root = resolve(base, folder.slice(0, folder.lastIndexOf("/") + 1) || ".");
  const way = relative(root, full);
  if (folder !== "" && (way.startsWith("..") || isAbsolute(way))) {
    throw new FormatError(`${path} leads out of ${folder}. Expected a path within it.`);
  }
  return full;
}
