let chosen: number | undefined;

/**
 * Sets the seed of nets and solvers that are made from now on and are given none: their fillers, crops and masks
 * are the same on every run then. Without it a net's seed is 1, and a solver's is drawn anew.
 *
 * @see Caffe's set_random_seed
 */
export function setRandomSeed(seed: number): void {
  chosen = seed;
}

/** The seed that `setRandomSeed` was given. */
export function chosenSeed(): number | undefined {
  return chosen;
}
