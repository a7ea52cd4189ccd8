import type { FloatArray } from "./arrays.ts";

/** The value of an IEEE 754 half-precision number. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** floats ← the numbers whose bits as halves these are. */
export function widenHalves(halves: Uint16Array, floats: Float32Array): void {
  for (let i = 0; i < halves.length; i++) floats[i] = half(halves[i] as number);
}

/** Rounds each element to half precision. */
export function roundToHalf(array: FloatArray): void {
  for (let i = 0; i < array.length; i++) array[i] = roundedToHalf(array[i] as number);
}

const value = new Float32Array(1);
const bitsOf = new Uint32Array(value.buffer);
/** Adding it to a number below it, and taking it off again, rounds to a whole number; of two as near, to the even one. */
const WHOLE = 2 ** 52;

/** The nearest number with half precision; of two as near, the one whose last digit is 0. Those beyond 65504 become infinite. */
export function roundedToHalf(x: number): number {
  value[0] = x;
  const exponent = (((bitsOf[0] as number) >>> 23) & 255) - 127;
  // NaN, infinity, and what is beyond the largest.
  if (exponent > 15) return Number.isNaN(x) ? x : Math.sign(x) * Number.POSITIVE_INFINITY;
  // The smallest share one step.
  const step = 2 ** (Math.max(-14, exponent) - 10);
  const rounded = Math.sign(x) * (Math.abs(x) / step + WHOLE - WHOLE) * step;
  return Math.abs(rounded) > 65504 ? Math.sign(x) * Number.POSITIVE_INFINITY : rounded;
}
