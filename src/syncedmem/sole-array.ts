import type { FloatArray } from "../util/arrays.ts";

/**
 * An array that nobody else has: who made it keeps nothing of it. It is taken out once.
 *
 * Of such an array alone may the memory go back to the system, once its elements lie elsewhere: whoever still had it would find
 * zeros there without a word.
 */
export class SoleArray {
  #array: FloatArray | undefined;

  private constructor(array: FloatArray) {
    this.#array = array;
  }

  /** @returns undefined for a part of a buffer, and for memory that other threads may see: others may have those */
  static of(array: FloatArray): SoleArray | undefined {
    const { buffer, byteLength } = array;
    const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
    return isWhole ? new SoleArray(array) : undefined;
  }

  /** Takes it out where it has that length and type of elements; undefined where it does not, or has been taken out. */
  take(count: number, Type: typeof Float32Array | typeof Float64Array): FloatArray | undefined {
    const array = this.#array;
    if (!(array instanceof Type) || array.length !== count) return undefined;
    this.#array = undefined;
    return array;
  }
}
