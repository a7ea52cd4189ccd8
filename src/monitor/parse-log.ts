/** One line of a table: an iteration and what was said about it. */
export type LogRow = ReadonlyMap<string, number>;

/** What a log of training says: outputs of the train net and of the test nets, iteration by iteration. */
export interface ParsedLog {
  readonly train: readonly LogRow[];
  readonly test: readonly LogRow[];
}

const ITERATION = /Iteration (\d+)/;
const LEARNING_RATE = /lr = ([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)/;
const OUTPUT = /(Train|Test) net output #(\d+): (\S+) = (\S+)/;
const PREFIX = /^[IWEF](\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)\s/;
const CREATED = /^Log file created at: (\d{4})/;

/**
 * Reads a log of `caffe train`, of this Caffe or of BVLC's, as Caffe's parse_log.py does, into rows of NumIters, Seconds
 * since "Solving", LearningRate, and every output by its name.
 *
 * Where parse_log.py loses things, this does not: `nan` and `inf` are numbers, the last iteration counts, and of several
 * test nets with outputs of one name each has a column, `name` and `name#1`.
 *
 * @see Caffe's tools/extra/parse_log.py
 */
export function parseLog(text: string): ParsedLog {
  const train: Map<string, number>[] = [];
  const test: Map<string, number>[] = [];
  const clock = new LogClock(text);
  let iteration: number | undefined;
  let learningRate = Number.NaN;
  let testNet = "";
  for (const line of text.split("\n")) {
    clock.see(line);
    iteration = numberIn(ITERATION, line) ?? iteration;
    if (iteration === undefined) continue;
    const net = /Testing net \(#(\d+)\)/.exec(line)?.[1];
    if (net !== undefined) testNet = net === "0" ? "" : `#${net}`;
    learningRate = numberIn(LEARNING_RATE, line) ?? learningRate;
    const [, kind, , name, value] = OUTPUT.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const rows = kind === "Train" ? train : test;
    let row = rows.at(-1);
    if (row?.get("NumIters") !== iteration) {
      row = new Map([
        ["NumIters", iteration],
        ["Seconds", clock.seconds],
        ["LearningRate", learningRate],
      ]);
      rows.push(row);
    }
    row.set(kind === "Train" ? name : `${name}${testNet}`, toNumber(value));
  }
  // The first rate is said after the first outputs.
  for (const rows of [train, test]) {
    const second = rows[1]?.get("LearningRate");
    if (second !== undefined) rows[0]?.set("LearningRate", second);
  }
  return { train, test };
}

function numberIn(pattern: RegExp, line: string): number | undefined {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** A number as C++ prints it. */
function toNumber(text: string): number {
  const infinity = /^([-+]?)inf/i.exec(text);
  if (infinity) return infinity[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

/** Seconds since "Solving", by the stamps of glog's lines, which tell no year. */
class LogClock {
  #year: number;
  #month = 0;
  #now = 0;
  #start: number | undefined;

  constructor(text: string) {
    // Without the head of a log file any leap year does.
    this.#year = Number(CREATED.exec(text)?.[1] ?? 2000);
  }

  get seconds(): number {
    return this.#start === undefined ? 0 : (this.#now - this.#start) / 1000;
  }

  see(line: string): void {
    const [, month, day, hours, minutes, seconds] = PREFIX.exec(line) ?? [];
    if (month === undefined) return;
    if (Number(month) < this.#month) this.#year++;
    this.#month = Number(month);
    const minute = Date.UTC(
      this.#year,
      Number(month) - 1,
      Number(day),
      Number(hours),
      Number(minutes),
    );
    this.#now = minute + Math.round(Number(seconds) * 1e6) / 1e3;
    if (this.#start === undefined && line.includes("Solving")) this.#start = this.#now;
  }
}

/** The rows as a table: names of all columns, then a line for each row; a cell that nothing was said about is empty. */
export function tableText(rows: readonly LogRow[], delimiter = ","): string {
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const lines = rows.map((row) => columns.map((column) => String(row.get(column) ?? "")));
  return [columns, ...lines].map((cells) => `${cells.join(delimiter)}\n`).join("");
}
