import { checkKind } from "../io/files/file-kind.ts";
import { readBytes } from "../io/files/read-file.ts";

/** One value that a line of a training log tells. */
interface LogEntry {
  readonly kind: "loss" | "rate" | "train output" | "test output";
  /**
   * Of an output. The second of a name is followed by `[1]`, the third by `[2]`; one of test net 1 and on by `#` and the
   * net's number.
   */
  readonly name: string;
  readonly value: number;
  readonly iteration: number;
  /** Since the line that says `Solving`, or the first with a time stamp; 0 in a log without them. */
  readonly seconds: number;
}

/** As C++ prints one; on Windows what is no number is `1.#QNAN` or `-nan(ind)`. */
const NUMBER = String.raw`([-+]?(?:\d+\.#[A-Z]+\d*|\d*\.?\d+(?:[eE][-+]?\d+)?|nan(?:\(\w+\))?|inf(?:inity)?))`;
/** Programs that collect logs put stamps of their own before it. */
const STAMP = /(?:^|\s)[IWEF](\d{2})(\d{2}) (\d{2}):(\d{2}):(\d{2}(?:\.\d+)?)\s/;
/** What a run says of itself; elsewhere the name of a layer may say anything. */
const OWN_LINE =
  /^(?:.*?\s)?[IWEF]\d{4} [\d:.]+\s+\d+ [^\s\]]+\]\s+(?:\[[\d.]+\]\s*)?(?:Iteration|Train|Test)/;
const CREATED = /^Log file created at: (\d{4})/m;
const ITERATION = /Iteration (\d+)/;
const TEST_NET = /Testing net \(#(\d+)\)/;
const LOSS = new RegExp(String.raw`Iteration \d+(?: \([^)]*\))?, loss = ${NUMBER}`, "i");
const RATE = new RegExp(`lr = ${NUMBER}`, "i");
const OUTPUT = new RegExp(
  String.raw`(Train|Test) net output #(\d+): (.+?) = ${NUMBER}(?=\s|$)`,
  "i",
);

/**
 * The text of a log of training.
 * @throws FileError where it cannot be read; FormatError where it is a file of another kind, such as UTF-16, which a shell
 *   of Windows writes
 */
export function readLogText(path: string): string {
  const bytes = readBytes(path, "log");
  checkKind(bytes, path, "a log of caffe train");
  return new TextDecoder().decode(bytes);
}

/** Reads the log of a training run, of this program, BVLC Caffe's or NVIDIA's, value by value. */
export function* readLog(text: string): Generator<LogEntry> {
  const clock = new LogClock(text);
  let iteration: number | undefined;
  let testNet = "";
  const seen = new Map<string, number>();
  let [lastPhase, lastNumber] = ["", -1];
  const lines = text.split(/\r?\n/);
  const isStamped = lines.some((line) => STAMP.test(line));
  for (const line of lines) {
    const seconds = clock.read(line);
    if (isStamped && !OWN_LINE.test(line)) continue;
    const [, begun] = ITERATION.exec(line) ?? [];
    if (begun !== undefined) iteration = Number(begun);
    if (iteration === undefined) continue;
    const [, net] = TEST_NET.exec(line) ?? [];
    if (net !== undefined) testNet = net === "0" ? "" : `#${net}`;
    const at = { iteration, seconds };
    const [, loss] = LOSS.exec(line) ?? [];
    if (loss !== undefined) yield { kind: "loss", name: "loss", value: numberOf(loss), ...at };
    const [, rate] = RATE.exec(line) ?? [];
    if (rate !== undefined) yield { kind: "rate", name: "lr", value: numberOf(rate), ...at };
    const [, phase = "", number, given, value] = OUTPUT.exec(line) ?? [];
    if (given === undefined || value === undefined) continue;
    // Numbers count up within one report.
    if (phase !== lastPhase || Number(number) <= lastNumber) seen.clear();
    [lastPhase, lastNumber] = [phase, Number(number)];
    const before = seen.get(given) ?? 0;
    seen.set(given, before + 1);
    const name = before === 0 ? given : `${given}[${before}]`;
    if (phase === "Train") yield { kind: "train output", name, value: numberOf(value), ...at };
    else yield { kind: "test output", name: `${name}${testNet}`, value: numberOf(value), ...at };
  }
}

/** A number as C++ prints it. */
function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text); // NaN for all that is no number, however it is written
}

/** Seconds since the solver began, by the stamps of glog's lines, which tell no year. */
class LogClock {
  #year: number;
  #month = 0;
  #now = 0;
  #start = 0;
  #isSolving = false;

  constructor(text: string) {
    // Without the head of a log file any leap year does.
    this.#year = Number(CREATED.exec(text)?.[1] ?? 2000);
  }

  /** The time of that line, or of the last one that tells its own. */
  read(line: string): number {
    const [, month, day, hours, minutes, seconds] = STAMP.exec(line) ?? [];
    if (month !== undefined) {
      const isFirst = this.#month === 0;
      if (Number(month) < this.#month) this.#year++;
      this.#month = Number(month);
      const date = [this.#year, this.#month - 1, Number(day)] as const;
      const minute = Date.UTC(...date, Number(hours), Number(minutes));
      this.#now = minute + Math.round(Number(seconds) * 1e6) / 1e3;
      const begins = !this.#isSolving && line.includes("Solving");
      if (isFirst || begins) this.#start = this.#now;
      this.#isSolving ||= begins;
    }
    return (this.#now - this.#start) / 1000;
  }
}
