import { CaffeError } from "./errors.ts";
import { valueText } from "./options.ts";

let chosen: number | undefined;

/**
 * Sets the seed of nets and solvers that are made from now on and are given none: their fillers, crops and masks
 * are the same on every run then. Without it a net's seed is 1, and a solver's is drawn anew.
 *
 * @throws CaffeError where it is no whole number
 * @see Caffe's set_random_seed
 */
export function setRandomSeed(seed: number): void {
  if (!Number.isSafeInteger(seed)) {
    throw new CaffeError(`setRandomSeed is given ${valueText(seed)}. Expected a whole number.`);
  }
  chosen = seed;
}

/** The seed that `setRandomSeed` was given. */
export function chosenSeed(): number | undefined {
  return chosen;
}
