/** How serious a log line is; the first letter of each is glog's. */
export type Severity = "info" | "warning" | "error" | "fatal";

/**
 * Takes one message of the run's log. `source` names the part that speaks (`solver`, `net`), as the file
 * name does in Caffe's log. What becomes of the line (glog's prefix, a terminal's progress bar) is the taker's affair.
 */
export type Log = (severity: Severity, source: string, message: string) => void;

/** A log that keeps nothing. */
export const silent: Log = () => {};

/** A number as C++'s ostream prints a float: six significant digits, `1e-05`, `nan`, `inf`. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", exponentText = ""] = value.toExponential(5).split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) {
    const fixed = value.toFixed(Math.max(0, 5 - exponent));
    return fixed.includes(".") ? fixed.replace(/\.?0+$/, "") : fixed;
  }
  const digits = mantissa.replace(/\.?0+$/, "");
  const sign = exponent < 0 ? "-" : "+";
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** An output's value as Caffe logs it: `loss = 0.3`, and ` (* 1 = 0.3 loss)` behind where it counts towards the objective. */
export function outputText(name: string, value: number, lossWeight: number): string {
  const text = `${name} = ${numberText(value)}`;
  return lossWeight
    ? `${text} (* ${numberText(lossWeight)} = ${numberText(lossWeight * value)} loss)`
    : text;
}
