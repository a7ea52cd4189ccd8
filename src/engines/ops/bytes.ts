import type { FloatArray } from "../../util/arrays.ts";
import { EngineError } from "../../util/errors.ts";

/**
 * How an array is kept as bytes: x as the whole number nearest to x · scale, of two as near the even one, and beyond the ends of
 * the type as its end. What it stands for is that number / scale.
 */
export interface ByteForm {
  /** 0 to 255, or −128 to 127. */
  readonly type: "u8" | "s8";
  readonly scale: number;
}

/** What a layer whose result is kept as bytes, or that multiplies bytes, has to know beside its descriptor. */
export interface BytesPlan {
  /** Whose errors these are. */
  readonly layer: string;
  /** Of a layer that multiplies: what it reads its bottom as; undefined where it computes with floats. */
  readonly input?: ByteForm | undefined;
  /** By what its weights, and lines behind it, are multiplied before they are rounded: one for all, or one for each output. */
  readonly weights?: readonly number[] | undefined;
  /** What the result is kept as behind all of its followers; undefined for floats. */
  readonly output?: ByteForm | undefined;
  /** How many layers behind it belong to it: lines per channel, a sum, a rectifier, in that order. Where they run by themselves its own result is floats. */
  readonly followers: number;
  /** How many of them are lines. */
  readonly lines: number;
  /** What the other bottom of that sum is kept as; undefined where it is floats, and the sum cannot be taken over. */
  readonly other?: ByteForm | undefined;
}

const ENDS = { u8: [0, 255], s8: [-128, 127] } as const;

/** Added and taken away again, it leaves the nearest whole number, of two as near the even one. */
const ROUNDS = 1.5 * 2 ** 52;

/** The byte that a number, times the scale already, is kept as. */
export function toByte(scaled: number, type: ByteForm["type"]): number {
  const [least, most] = ENDS[type];
  return Math.min(Math.max(scaled + ROUNDS - ROUNDS, least), most);
}

/**
 * The bytes of numbers, into `to`.
 * @throws EngineError where one is not finite: no byte stands for it
 */
export function writeBytes(
  from: FloatArray,
  to: FloatArray,
  { type, scale }: ByteForm,
  layer: string,
): void {
  const factor = Math.fround(scale);
  for (let i = 0; i < to.length; i++) {
    const scaled = Math.fround((from[i] as number) * factor);
    if (!Number.isFinite(scaled)) throw notFinite(layer);
    to[i] = toByte(scaled, type);
  }
}

/** What is thrown where numbers are to be kept as bytes and are not finite. */
export function notFinite(layer: string): EngineError {
  return new EngineError(
    `layer "${layer}": an array that is kept as bytes holds NaN or an infinite number, which no byte stands for. Expected finite numbers; caffe test with the net of floats tells where they come from.`,
  );
}

/**
 * Weights as bytes, output by output, whatever their order: W(o, k) · factors(o) · scales(o).
 * @param scales one for all, or one for each output
 * @param factors of lines per channel behind the products; none by default
 */
export function byteWeights(
  w: FloatArray,
  outputs: number,
  scales: readonly number[],
  factors: FloatArray | undefined,
  isTransposed = false,
): Float32Array {
  const inner = w.length / outputs;
  const [stepO, stepK] = isTransposed ? [1, outputs] : [inner, 1];
  const bytes = new Float32Array(w.length);
  for (let o = 0; o < outputs; o++) {
    const factor = weightScale(scales, o) * (factors?.[o] ?? 1);
    for (let k = 0; k < inner; k++) {
      bytes[o * inner + k] = toByte((w[o * stepO + k * stepK] as number) * factor, "s8");
    }
  }
  return bytes;
}

/** That of an output; a file's 0 stands for weights that are all 0, of which any scale is right. */
export function weightScale(scales: readonly number[], output: number): number {
  const scale = scales.length === 1 ? scales[0] : scales[output];
  return scale || 1;
}
