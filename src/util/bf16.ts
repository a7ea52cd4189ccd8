import type { FloatArray } from "./arrays.ts";

const value = new Float32Array(1);
const bits = new Uint32Array(value.buffer);

/** The nearest number with bfloat16's eight digits (binary); of two as near, the one whose last digit is 0. */
export function bf16(x: number): number {
  value[0] = x;
  // Of NaN the upper bits alone may be those of infinity.
  if (Number.isNaN(x)) return x;
  const whole = bits[0] as number;
  bits[0] = (whole + 0x7fff + ((whole >>> 16) & 1)) & 0xffff0000;
  return value[0];
}

/** Rounds each element to bfloat16. */
export function roundToBf16(array: FloatArray): void {
  for (let i = 0; i < array.length; i++) array[i] = bf16(array[i] as number);
}
