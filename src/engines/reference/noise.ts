import { randomBits } from "../../util/random-bits.ts";
import type { Noise } from "../engine.ts";

/** Random numbers in plain loops. */
export const referenceNoise: Noise = {
  uniform(values, low, high, key) {
    for (let i = 0; i < values.length; i++) {
      values[i] = low + (high - low) * ((randomBits(key, i) >>> 8) / 2 ** 24);
    }
  },
  gaussian(values, mean, std, key) {
    for (let i = 0; i < values.length; i += 2) {
      const u = ((randomBits(key, i) >>> 8) + 1) / 2 ** 24;
      const angle = 2 * Math.PI * ((randomBits(key, i + 1) >>> 8) / 2 ** 24);
      const radius = std * Math.sqrt(-2 * Math.log(u));
      values[i] = mean + radius * Math.cos(angle);
      if (i + 1 < values.length) values[i + 1] = mean + radius * Math.sin(angle);
    }
  },
};
