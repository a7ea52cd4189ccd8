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

/** halves ← floats + rest, the bits of each as bfloat16; rest ← what rounding took, which of an infinite number is nothing. */
export function halve(floats: Float32Array, rest: Float32Array, halves: Uint16Array): void {
  for (let i = 0; i < floats.length; i++) {
    const wanted = Math.fround((floats[i] as number) + (rest[i] as number));
    const rounded = bf16(wanted);
    value[0] = rounded;
    halves[i] = (bits[0] as number) >>> 16;
    rest[i] = Number.isFinite(rounded) ? wanted - rounded : 0;
  }
}

/** floats ← the numbers whose bits as bfloat16 these are. */
export function widen(halves: Uint16Array, floats: Float32Array): void {
  for (let i = 0; i < halves.length; i++) {
    bits[0] = (halves[i] as number) << 16;
    floats[i] = value[0] as number;
  }
}
