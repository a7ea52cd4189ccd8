/** How serious a log line is; the first letter of each is glog's. */
export type Severity = "info" | "warning" | "error" | "fatal";

/**
 * Takes one message of the run's log. `source` names the part that speaks (`solver`, `net`), as the file
 * name does in Caffe's log. What becomes of the line (glog's prefix, a terminal's progress bar) is the taker's affair.
 */
export type Log = (severity: Severity, source: string, message: string) => void;

/** A log that keeps nothing. */
export const silent: Log = () => {};

/** Who takes log lines, as options of nets and solvers say it. */
export interface LogOptions {
  /** Takes Caffe's log lines; by default none is logged. */
  readonly log?: Log;
  /** No line is logged, even where `log` is given. */
  readonly silent?: boolean;
}

/** What takes the lines by these options. */
export function logOf({ log = silent, silent: isSilent = false }: LogOptions): Log {
  return isSilent ? silent : log;
}

/** A number as C++'s ostream prints a float: six significant digits, ties to the even one, `1e-05`, `nan`, `inf`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const size = Math.abs(value);
  const [mantissa = "", exponentText = ""] = tieToEven(5, (digits) =>
    size.toExponential(digits).split("e"),
  );
  const minus = value < 0 ? "-" : "";
  const exponent = Number(exponentText);
  const digits = mantissa.replace(".", "").replace(/0+$/, "");
  if (exponent < -4 || exponent >= 6) {
    const rest = digits.slice(1);
    const power = String(Math.abs(exponent)).padStart(2, "0");
    return `${minus}${digits[0]}${rest && `.${rest}`}e${exponent < 0 ? "-" : "+"}${power}`;
  }
  if (exponent < 0) return `${minus}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return `${minus}${whole}${rest && `.${rest}`}`;
}

/** A number with that many decimals, at least one, as C prints it: of two that are equally near the one that ends evenly. */
export function fixedText(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return numberText(value);
  return tieToEven(decimals, (digits) => [value.toFixed(digits)])[0] ?? "";
}

/** Digits that tell a tie from what only lies near one, which no 64-bit number does more closely. */
const EXACT = 60;

/**
 * The parts of a number, its digits first, as `write` gives them with so many digits behind the point. JavaScript rounds
 * ties away from zero, C to the even digit.
 */
function tieToEven(
  digits: number,
  write: (digits: number) => readonly string[],
): readonly string[] {
  const [exact = "", ...rest] = write(digits + EXACT);
  const kept = exact.slice(0, -EXACT);
  const isTie = /^50*$/.test(exact.slice(-EXACT)) && /[02468]$/.test(kept);
  return isTie ? [kept, ...rest] : write(digits);
}

/** An output's value as Caffe logs it: `loss = 0.3`, and ` (* 1 = 0.3 loss)` behind where it counts towards the objective. */
export function outputText(name: string, value: number, lossWeight: number): string {
  const text = `${name} = ${numberText(value)}`;
  return lossWeight
    ? `${text} (* ${numberText(lossWeight)} = ${numberText(lossWeight * value)} loss)`
    : text;
}
