import type { Noise } from "../engine.ts";
import type { Addon } from "./addon.ts";

/** Random numbers by vectorised loops; float64 arrays, which only checks use, go to `fallback`. */
export function nativeNoise(addon: Addon, fallback: Noise): Noise {
  return {
    uniform(values, low, high, key) {
      if (values instanceof Float32Array) addon.uniform(values.length, low, high, ...key, values);
      else fallback.uniform(values, low, high, key);
    },
    gaussian(values, mean, std, key) {
      if (values instanceof Float32Array) addon.gaussian(values.length, mean, std, ...key, values);
      else fallback.gaussian(values, mean, std, key);
    },
  };
}
