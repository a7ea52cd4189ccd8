import { csvField, csvName } from "../util/csv.ts";
import { readLog } from "./read-log.ts";

/** One line of a table: an iteration and what was said about it. */
type LogRow = ReadonlyMap<string, number>;

/** What a log of training says: outputs of the train net and of the test nets, iteration by iteration. */
interface ParsedLog {
  readonly train: readonly LogRow[];
  readonly test: readonly LogRow[];
}

/**
 * Reads a log of `caffe train`, of this Caffe or of BVLC's, as Caffe's parse_log.py does, into rows of NumIters, Seconds
 * since "Solving", LearningRate, and every output by its name.
 *
 * Where parse_log.py loses things, this does not: `nan` and `inf` are numbers, as Windows writes them too, the last
 * iteration counts, and of several test nets with outputs of one name each has a column, `name` and `name#1`, as has each
 * of several outputs of one name, `name`, `name[1]`, `name[2]`.
 *
 * @see Caffe's tools/extra/parse_log.py
 */
export function parseLog(text: string): ParsedLog {
  const train: Map<string, number>[] = [];
  const test: Map<string, number>[] = [];
  let learningRate = Number.NaN;
  for (const { kind, name, value, iteration, seconds } of readLog(text)) {
    if (kind === "rate") learningRate = value;
    if (kind === "loss" || kind === "rate") continue;
    const rows = kind === "train output" ? train : test;
    let row = rows.at(-1);
    if (row?.get("NumIters") !== iteration) {
      row = new Map([
        ["NumIters", iteration],
        ["Seconds", seconds],
        ["LearningRate", learningRate],
      ]);
      rows.push(row);
    }
    row.set(name, value);
  }
  // The first rate is said after the first outputs.
  for (const rows of [train, test]) {
    const second = rows[1]?.get("LearningRate");
    if (second !== undefined) rows[0]?.set("LearningRate", second);
  }
  return { train, test };
}

/** The rows as a table (CSV): names of all columns, then a line for each row; a cell that nothing was said about is empty. */
export function tableText(rows: readonly LogRow[], delimiter = ","): string {
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const lines = rows.map((row) => columns.map((column) => String(row.get(column) ?? "")));
  const head = columns.map((column) => csvName(column, delimiter));
  const cells = lines.map((line) => line.map((cell) => csvField(cell, delimiter)));
  return [head, ...cells].map((fields) => `${fields.join(delimiter)}\n`).join("");
}
