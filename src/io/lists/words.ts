import { FormatError } from "../../util/errors.ts";
import { LABEL_RANGE, labelOf } from "./label.ts";

/** The words of a text, with the line of each. */
export class Words {
  readonly #path: string;
  readonly #bytes: Uint8Array;
  #at = 0;
  #line = 1;

  constructor(path: string, bytes: Uint8Array) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** The next word; empty at the end. */
  next(): string {
    const bytes = this.#bytes;
    while (this.#at < bytes.length && (bytes[this.#at] as number) <= 32) {
      if (bytes[this.#at++] === 10) this.#line++;
    }
    const start = this.#at;
    while (this.#at < bytes.length && (bytes[this.#at] as number) > 32) this.#at++;
    return new TextDecoder().decode(bytes.subarray(start, this.#at));
  }

  number(what: string): number {
    const word = this.next();
    const value = Number(word);
    if (word === "" || !Number.isFinite(value)) this.refuse(`${what} is "${word}"`, "a number");
    return value;
  }

  /** A whole number of 32 bits, `least` or more. */
  whole(what: string, least?: number): number {
    const word = this.next();
    const value = labelOf(word);
    if (value === undefined || value < (least ?? value)) {
      this.refuse(
        `${what} is "${word}"`,
        least === undefined ? `a whole number ${LABEL_RANGE}` : `${least} or more, whole`,
      );
    }
    return value;
  }

  refuse(problem: string, expected: string): never {
    throw new FormatError(`${this.#path}:${this.#line}: ${problem}. Expected ${expected}.`);
  }
}
