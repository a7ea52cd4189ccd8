import { Random } from "../../src/util/random.ts";

/** Numbers in [-1, 1) that are the same on every run and machine. */
export function noise(count: number, seed = 1701): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.uniform(-1, 1));
}
