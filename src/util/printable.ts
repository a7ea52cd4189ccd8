/**
 * Characters that a terminal obeys or a reader cannot see: C0 and C1 controls, line separators, and marks that turn the
 * direction of text.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

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

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|\p{Surrogate}/gu;

/** A text without the characters that XML forbids: controls, and halves of characters. */
export function withoutControls(text: string): string {
  return text.replace(NOT_IN_XML, "");
}

/** What a message quotes of a long text. */
const MOST_QUOTED = 80;

/** A text as a message quotes it: no more than a line's worth of it. */
export function cut(text: string): string {
  if (text.length <= MOST_QUOTED) return text;
  return `${text.slice(0, MOST_QUOTED)}… (${text.length} characters)`;
}
