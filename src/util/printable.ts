/** Marks that turn the direction of text, up to the end of a line or further. */
const TURNING = String.raw`\u202a-\u202e\u2066-\u2069`;

/** Characters that a terminal obeys or a reader cannot see: C0 and C1 controls, line separators, and the above. */
const UNPRINTABLE = new RegExp(String.raw`[\0-\x1f\x7f-\x9f\u2028\u2029${TURNING}]`, "g");

/**
 * A text as one line that is safe to show: what a terminal would obey becomes `\xNN`, or `\u{NNNN}`. Names, paths and
 * messages come from files that others wrote.
 *
 * @param kept characters that stay all the same: a tab, a line break
 */
export function printable(text: string, kept = ""): string {
  return text.replace(UNPRINTABLE, (character) =>
    kept.includes(character) ? character : escapeOf(character),
  );
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
}

/** What XML forbids, and what turns text. */
const NOT_IN_PICTURES = new RegExp(
  String.raw`[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff${TURNING}]|\p{Surrogate}`,
  "gu",
);

/** A text for pictures and pages: without controls, halves of characters, and marks that turn its direction. */
export function withoutControls(text: string): string {
  return text.replace(NOT_IN_PICTURES, "");
}

/** What a message quotes of a long text. */
const MOST_QUOTED = 80;

/** A text as a message quotes it: no more than a line's worth of it. */
export function cut(text: string): string {
  if (text.length <= MOST_QUOTED) return text;
  return `${text.slice(0, MOST_QUOTED)}… (${text.length} characters)`;
}
