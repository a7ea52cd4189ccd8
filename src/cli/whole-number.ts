import { CaffeError } from "../util/errors.ts";

/**
 * Checks flags that are numbers, by name.
 * @throws CaffeError where one is not a whole number, `least` or more
 */
export function checkWholeNumbers(flags: Readonly<Record<string, number>>, least = 0): void {
  for (const [name, value] of Object.entries(flags)) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new CaffeError(`--${name} is ${value}. Expected a whole number, ${least} or more.`);
  }
}
