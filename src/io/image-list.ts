import { isAbsolute, relative, resolve } from "node:path";
import { FormatError } from "../util/errors.ts";
import { readBytes } from "./files.ts";

const [NEWLINE, RETURN, SPACE] = [10, 13, 32];

/** A line of a list: a file and its label. */
export interface ListedImage {
  readonly path: string;
  readonly label: number;
  /** Which line of the list it is, from 1 on, and the whole of it. */
  readonly line: number;
  readonly text: string;
}

/** The text of a list in shared memory, and where its lines begin: what threads are given of it. */
export interface SharedList {
  readonly source: string;
  readonly text: Uint8Array;
  /** Where each image's line begins, and which line it is. */
  readonly starts: Float64Array;
  readonly lines: Uint32Array;
}

/**
 * Reads a list of images, `path label` on each line, into shared memory. Blank lines count as none.
 * @throws FileError where it cannot be read, FormatError where it lists nothing
 */
export function readImageList(source: string): SharedList {
  const bytes = readBytes(source, "image list");
  const text = new Uint8Array(new SharedArrayBuffer(bytes.length));
  text.set(bytes);
  let count = 0;
  eachLine(text, () => count++);
  if (count === 0) {
    throw new FormatError(`${source}: File is empty. Expected \`path label\` on each line.`);
  }
  const starts = new Float64Array(new SharedArrayBuffer(8 * count));
  const lines = new Uint32Array(new SharedArrayBuffer(4 * count));
  let i = 0;
  eachLine(text, (start, line) => {
    starts[i] = start;
    lines[i++] = line;
  });
  return { source, text, starts, lines };
}

/** Calls `visit` with the start and the number of each line that holds more than white space. */
function eachLine(text: Uint8Array, visit: (start: number, line: number) => void): void {
  let [start, line, isBlank] = [0, 1, true];
  for (let at = 0; at <= text.length; at++) {
    const byte = text[at];
    if (byte !== undefined && byte !== NEWLINE) {
      if (byte > SPACE) isBlank = false;
      continue;
    }
    if (!isBlank) visit(start, line);
    [start, line, isBlank] = [at + 1, line + 1, true];
  }
}

/** Image `index` of a list. Its line is split at the last space: a path may hold spaces. */
export function listedImage({ text, starts, lines }: SharedList, index: number): ListedImage {
  const start = starts[index] ?? 0;
  let end = start;
  while (end < text.length && text[end] !== NEWLINE) end++;
  while (end > start && text[end - 1] === RETURN) end--;
  const line = new TextDecoder().decode(text.slice(start, end));
  const space = line.lastIndexOf(" ");
  const label = Number.parseInt(line.slice(space + 1), 10);
  return {
    path: space < 0 ? line : line.slice(0, space),
    label: Number.isNaN(label) ? 0 : label,
    line: lines[index] ?? 0,
    text: line,
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
