import { CaffeError } from "./errors.ts";

/** The element types a Blob may hold: f32 for training, f64 for gradient checks. */
export type DType = "f32" | "f64";

/** A typed array of either element type. */
export type FloatArray = Float32Array | Float64Array;

/**
 * A zero-filled array of `count` elements.
 * @throws CaffeError where there is no memory for it
 */
export function allocate(dtype: DType, count: number): FloatArray {
  try {
    return dtype === "f32" ? new Float32Array(count) : new Float64Array(count);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const bytes = count * (dtype === "f32" ? 4 : 8);
    throw new CaffeError(
      `there is no memory for ${count} elements, ${(bytes / 2 ** 30).toFixed(1)} GiB. Expected a smaller shape, or a machine with more memory.`,
      { cause: error },
    );
  }
}

/** Makes an array the sum of others of its length. */
export function addUp(parts: readonly FloatArray[], to: FloatArray): void {
  for (const [i, part] of parts.entries()) {
    if (i === 0) to.set(part);
    else for (let k = 0; k < part.length; k++) to[k] = Number(to[k]) + Number(part[k]);
  }
}

/** Takes `one` out of a list, where it is there. */
export function removeFrom<T>(list: T[], one: T): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}
