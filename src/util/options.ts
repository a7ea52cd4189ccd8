import { CaffeError } from "./errors.ts";
import { nearestText } from "./nearest.ts";

/** The names of all options of a kind: the compiler sees that none is missing. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: true };

/**
 * Makes sure that options are an object with known names: in JavaScript no compiler says so.
 * @param what whose they are, for the message: "Net"
 * @throws CaffeError with the nearest name
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
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    throw new CaffeError(
      `${what} has no option "${name}".${nearestText(name, known)} Expected ${known.join(", ")}.`,
    );
  }
}

/** Those of some options that have one of these names. */
export function optionsNamed<T extends object>(options: T, names: OptionNames<T>): T {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => Object.hasOwn(names, name)),
  ) as T;
}
