import { dirname, resolve } from "node:path";
import type { Box } from "../float-images/float-image.ts";
import { readText } from "../io/files/read-file.ts";
import { FormatError } from "../util/errors.ts";
import type { Windows } from "./detector.ts";

const COLUMNS = ["filename", "ymin", "xmin", "ymax", "xmax"];

/**
 * Reads a list of windows, as selective search or another program proposes them: CSV whose first line names the
 * columns filename, ymin, xmin, ymax and xmax. Files are looked for beside the list.
 *
 * @throws FileError, FormatError with the line where it cannot be read
 * @see pycaffe's detect.py
 */
export function readWindows(path: string): Windows[] {
  const [header = "", ...lines] = readText(path, "window list").split(/\r?\n/);
  const names = header.split(",").map((name) => name.trim());
  const columns = COLUMNS.map((name) => names.indexOf(name));
  if (columns.includes(-1)) {
    throw new FormatError(
      `${path}:1: columns ${names.join(", ")}. Expected ${COLUMNS.join(", ")}.`,
    );
  }
  const byFile = new Map<string, Box[]>();
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    const cells = line.split(",");
    const [file = "", ...numbers] = columns.map((column) => cells[column]?.trim() ?? "");
    const [top = Number.NaN, left = 0, bottom = 0, right = 0] = numbers.map((text) =>
      text === "" ? Number.NaN : Math.round(Number(text)),
    );
    if (file === "" || [top, left, bottom, right].some(Number.isNaN)) {
      throw new FormatError(`${path}:${i + 2}: "${line}". Expected ${COLUMNS.join(",")}.`);
    }
    const boxes = byFile.get(file) ?? [];
    boxes.push({ top, left, bottom, right });
    byFile.set(file, boxes);
  });
  return [...byFile].map(([file, windows]) => ({ image: resolve(dirname(path), file), windows }));
}

/** How much of two boxes together both cover: intersection over union, 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  if (height <= 0 || width <= 0) return 0;
  const area = ({ top, left, bottom, right }: Box): number => (bottom - top) * (right - left);
  return (height * width) / (area(a) + area(b) - height * width);
}

/**
 * Keeps the best of boxes that lie over one another (non-maximum suppression).
 * @param score what a box is worth
 * @param boxOf where it lies
 * @param limit boxes that overlap a better one by more than this are dropped
 */
export function suppress<T>(
  boxes: readonly T[],
  score: (box: T) => number,
  boxOf: (box: T) => Box,
  limit = 0.3,
): T[] {
  const kept: T[] = [];
  for (const box of [...boxes].sort((a, b) => score(b) - score(a))) {
    if (kept.every((other) => overlap(boxOf(other), boxOf(box)) <= limit)) kept.push(box);
  }
  return kept;
}
