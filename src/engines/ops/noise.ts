import type { FloatArray } from "../../util/arrays.ts";
import type { RandomKey } from "../../util/random-bits.ts";

/**
 * Random numbers made of the words w(i) = bits(key, i), each cut to 24 bits: the same on every engine, up to rounding.
 *
 *     uniform   low + (high − low) · w(i) / 2²⁴
 *     gaussian  mean + std · √(−2 ln u) · cos 2πv for even i, sin for odd; u = (w(2p) + 1) / 2²⁴, v = w(2p + 1) / 2²⁴,
 *               p = ⌊i / 2⌋
 *
 * @see Box & Muller, Annals of Mathematical Statistics 1958
 */
export interface Noise {
  uniform(values: FloatArray, low: number, high: number, key: RandomKey): void;
  gaussian(values: FloatArray, mean: number, std: number, key: RandomKey): void;
}
