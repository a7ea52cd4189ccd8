import { CaffeError } from "./errors.ts";
import { nearestText } from "./nearest.ts";
import { cut } from "./printable.ts";

/** What an option may be. */
export interface OptionKind {
  readonly accepts: (value: unknown) => boolean;
  /** In words, for the message. */
  readonly expected: string;
}

/** The names of all options of a kind, each with what it may be, or `true` where its user sees to that: the compiler sees that none is missing. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: OptionKind | true };

const isText = (value: unknown): boolean => typeof value === "string";

export const yesOrNo: OptionKind = {
  accepts: (value) => typeof value === "boolean",
  expected: "true or false",
};
export const whole: OptionKind = { accepts: Number.isSafeInteger, expected: "a whole number" };
export const finite: OptionKind = { accepts: Number.isFinite, expected: "a number" };
export const text: OptionKind = { accepts: isText, expected: "a string" };
export const texts: OptionKind = {
  accepts: (value) => Array.isArray(value) && value.every(isText),
  expected: "an array of strings",
};
export const aFunction: OptionKind = {
  accepts: (value) => typeof value === "function",
  expected: "a function",
};

/** One of some words. */
export function oneOf(...words: readonly string[]): OptionKind {
  return {
    accepts: (value) => words.includes(value as string),
    expected: words.map((word) => `"${word}"`).join(" or "),
  };
}

/** What a program gave, in a few words: a text in quotes, `a Promise`, `an array`. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(cut(value));
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) {
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === "string" && name !== "Object" ? `a ${name}` : "an object";
  }
  return typeof value === "function" ? "a function" : String(value);
}

/**
 * Makes sure that options are an object with known names and values of their kinds: in JavaScript no compiler says so.
 * One that is undefined is left out.
 *
 * @param what whose they are, for the message: "Net"
 * @throws CaffeError with the nearest name, or with what is expected
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  names: OptionNames<T>,
): void {
  const known = Object.keys(names);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new CaffeError(
      `the options of ${what} are ${JSON.stringify(options) ?? typeof options}. Expected an object with some of ${known.join(", ")}.`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(names, name)) {
      throw new CaffeError(
        `${what} has no option "${name}".${nearestText(name, known)} Expected ${known.join(", ")}.`,
      );
    }
    const kind = names[name as keyof T];
    if (kind === true || value === undefined || kind.accepts(value)) continue;
    throw new CaffeError(
      `the option ${name} of ${what} is ${valueText(value)}. Expected ${kind.expected}.`,
    );
  }
}

/** Those of some options that have one of these names. */
export function optionsNamed<T extends object>(options: T, names: OptionNames<T>): T {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(names, name)),
  ) as T;
}

/** Options without those that are not given. */
export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
