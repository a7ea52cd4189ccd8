import { Random } from "./random.ts";

/** The numbers below `count` in an order that the keys decide: a fresh one for each pass over a source. */
export function shuffled(
  count: number,
  seed: number,
  ...keys: readonly (string | number)[]
): Uint32Array<ArrayBuffer> {
  const random = new Random(seed, ...keys);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const k = random.below(i + 1);
    const swapped = order[i] ?? 0;
    order[i] = order[k] ?? 0;
    order[k] = swapped;
  }
  return order;
}
