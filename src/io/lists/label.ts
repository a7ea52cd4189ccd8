/** The least and the greatest label: Caffe's have 32 bits. */
const [LEAST, GREATEST] = [-(2 ** 31), 2 ** 31 - 1];

/** Which whole numbers are labels, for messages. */
export const LABEL_RANGE: string = `from ${LEAST} to ${GREATEST}`;

/** The label that a text is; undefined where it is no whole number of 32 bits. */
export function labelOf(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const label = Number(text);
  return label >= LEAST && label <= GREATEST ? label : undefined;
}

/** What C's atoi makes of a text, and so Caffe: the number it begins with, cut to 32 bits; 0 where there is none. */
export function atoi(text: string): number {
  const digits = /^\s*([+-]?\d+)/.exec(text)?.[1];
  if (digits === undefined) return 0;
  const [least, greatest] = [-(2n ** 63n), 2n ** 63n - 1n];
  const value = BigInt(digits.replace("+", ""));
  return Number(BigInt.asIntN(32, value < least ? least : value > greatest ? greatest : value));
}
