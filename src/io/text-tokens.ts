/** One token of protobuf text format and where it begins. */
export interface Token {
  readonly kind: "word" | "string" | "punct" | "end";
  readonly text: string;
  /** Offset of its first character, and of the character behind its last. */
  readonly start: number;
  readonly end: number;
}

/** A character that begins no token, or a string without an end. */
export interface BadToken {
  readonly problem: string;
  readonly start: number;
}

const token =
  /(?:[ \t\r\n\v\f]|#[^\n]*)*(?:([A-Za-z0-9_.+][A-Za-z0-9_.+-]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|([{}<>[\]:;,-])|$)/y;

/** Cuts protobuf text format into tokens; comments and white space lie between them. */
export function* tokensOf(text: string): Generator<Token, BadToken | undefined> {
  token.lastIndex = 0;
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) {
      const start = at + (/^(?:[ \t\r\n\v\f]|#[^\n]*)*/.exec(text.slice(at))?.[0].length ?? 0);
      const character = text[start] ?? "";
      const problem = /["']/.test(character)
        ? "a string without its closing quote on the same line"
        : `the character '${character}' does not belong here`;
      return { problem, start };
    }
    const [, word, string, punct] = match;
    const value = word ?? string ?? punct;
    at += match[0].length;
    if (value === undefined) {
      yield { kind: "end", text: "", start: at, end: at };
      return undefined;
    }
    const kind = word !== undefined ? "word" : string !== undefined ? "string" : "punct";
    yield { kind, text: value, start: at - value.length, end: at };
  }
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
