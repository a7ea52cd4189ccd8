import { cut } from "../../util/printable.ts";

/** One token of protobuf text format and where it begins. */
export interface Token {
  readonly kind: "word" | "string" | "punct" | "end";
  readonly text: string;
  /** Offset of its first character, and of the character behind its last. */
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a text, and where. */
export class TextProblem extends Error {
  readonly offset: number;

  constructor(offset: number, problem: string) {
    super(problem);
    this.offset = offset;
  }
}

const BLANK = /[ \t\r\n\v\f]+/y;
const WORD = /[A-Za-z0-9_.+][A-Za-z0-9_.+-]*/y;
const PUNCT = "{}<>[]:;,-";

/** Cuts protobuf text format into tokens, one at a time; comments and white space lie between them. */
export class Tokens {
  readonly #text: string;
  #token: Token;

  /** @throws TextProblem as `next` does */
  constructor(text: string) {
    this.#text = text;
    this.#token = this.#read(0);
  }

  /** The token that is next to be taken. */
  get token(): Token {
    return this.#token;
  }

  /**
   * Takes the token.
   * @throws TextProblem where the one behind it begins with a character that begins none, or is a string without an end
   */
  next(): Token {
    const taken = this.#token;
    this.#token = this.#read(taken.end);
    return taken;
  }

  #read(from: number): Token {
    const text = this.#text;
    let start = this.#match(BLANK, from);
    while (text[start] === "#") {
      const line = text.indexOf("\n", start);
      start = line < 0 ? text.length : this.#match(BLANK, line);
    }
    const first = text[start];
    if (first === undefined) return { kind: "end", text: "", start, end: start };
    const isPunct = PUNCT.includes(first);
    const isString = first === '"' || first === "'";
    const end = isPunct
      ? start + 1
      : isString
        ? this.#endOfString(start, first)
        : this.#match(WORD, start);
    if (end === start) throw new TextProblem(start, strangerText(text.codePointAt(start) ?? 0));
    const kind = isPunct ? "punct" : isString ? "string" : "word";
    return { kind, text: text.slice(start, end), start, end };
  }

  /** Where a match that begins here ends; here, where there is none. */
  #match(pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    return pattern.test(this.#text) ? pattern.lastIndex : at;
  }

  #endOfString(start: number, quote: string): number {
    for (let i = start + 1; i < this.#text.length; i++) {
      const character = this.#text[i];
      if (character === quote) return i + 1;
      if (character === "\n") break;
      if (character === "\\") i++;
    }
    throw new TextProblem(start, "a string without its closing quote on the same line.");
  }
}

const STRANGERS: readonly (readonly [characters: string, what: string, instead: string])[] = [
  ["\u00a0\u2007\u202f", "a no-break space", "a plain space"],
  [
    "\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a\u205f\u3000",
    "a wide space",
    "a plain space",
  ],
  ["\u200b\u200c\u200d\u2060\ufeff", "an invisible character", "nothing in its place"],
  ["\u2028\u2029\u0085", "a line separator", "a line break"],
  ["\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", "a typographic quote", 'a plain "'],
  ["\u2018\u2019\u201a\u201b\u2032\uff07\u00b4`", "a typographic quote", "a plain '"],
  ["\u2010\u2011\u2012\u2013\u2014\u2212", "a typographic dash", "a plain -"],
  ["\uff1a", "a wide colon", "a plain :"],
];

/** What is said about a character that does not belong into text format. Many are not to be seen. */
function strangerText(code: number): string {
  const character = String.fromCodePoint(code);
  const number = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  const [, what, instead] = STRANGERS.find(([some]) => some.includes(character)) ?? [];
  if (what) return `the character ${number}, ${what}, does not belong here. Write ${instead}.`;
  if (code === 0x5c) return "the character '\\' does not belong here. A path stands in quotes.";
  if (code === 0x24) {
    return "the character '$' does not belong here. Where it marks a template's placeholder, put a value in its place.";
  }
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
    return `the character ${number} does not belong here. Expected text.`;
  }
  return `the character '${character}' does not belong here${code > 0x7f ? ` (${number})` : ""}.`;
}

const ESCAPES: Readonly<Record<string, number>> = {
  ...{ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 },
  ...{ "\\": 0x5c, "'": 0x27, '"': 0x22, "?": 0x3f },
};
const ESCAPE =
  /\\(?:([0-7]{1,3})|[xX]([\da-fA-F]{1,2})|u([\da-fA-F]{4})|U(00[\da-fA-F]{6})|(.))/gsu;

/**
 * The bytes or the text that a string in quotes stands for.
 * @throws TextProblem at an escape that is none, or where a text is no UTF-8
 */
export function stringValue(token: Token, as: "text"): string;
export function stringValue(token: Token, as: "bytes"): Uint8Array;
export function stringValue({ text, start }: Token, as: "text" | "bytes"): string | Uint8Array {
  const inside = text.slice(1, -1);
  if (as === "text" && !inside.includes("\\")) return inside;
  const pieces: Uint8Array[] = [];
  const encoder = new TextEncoder();
  let at = 0;
  for (const match of inside.matchAll(ESCAPE)) {
    pieces.push(encoder.encode(inside.slice(at, match.index)));
    at = match.index + match[0].length;
    const [, octal, hex, short, long, letter = ""] = match;
    const code = octal
      ? Number.parseInt(octal, 8)
      : Number.parseInt(hex ?? short ?? long ?? "", 16);
    const point = short ?? long;
    if (letter !== "" && !Object.hasOwn(ESCAPES, letter)) {
      throw new TextProblem(start + 1 + match.index, escapeText(match[0]));
    }
    if (code > (point ? 0x10ffff : 255)) {
      throw new TextProblem(start + 1 + match.index, escapeText(match[0]));
    }
    pieces.push(
      point
        ? encoder.encode(String.fromCodePoint(code))
        : Uint8Array.of(letter === "" ? code : (ESCAPES[letter] ?? 0)),
    );
  }
  pieces.push(encoder.encode(inside.slice(at)));
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  if (as === "bytes") return bytes;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new TextProblem(start, `${cut(text)} holds bytes that are no UTF-8. Expected text.`);
  }
}

function escapeText(found: string): string {
  return `${found} is no escape. A backslash begins one; write / or \\\\ in a path.`;
}

/** Line and column, both from 1, of offsets into a text. */
export class LineIndex {
  readonly #starts: number[] = [0];

  constructor(text: string) {
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1)) {
      this.#starts.push(i + 1);
    }
  }

  /** `line:column` of an offset. */
  at(offset: number): string {
    const line = this.lineOf(offset);
    return `${line}:${offset - (this.#starts[line - 1] ?? 0) + 1}`;
  }

  lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}
