/** The element types a Blob may hold: f32 for training, f64 for gradient checks. */
export type DType = "f32" | "f64";

/** A typed array of either element type. */
export type FloatArray = Float32Array | Float64Array;

/** A zero-filled array of `count` elements. */
export function allocate(dtype: DType, count: number): FloatArray {
  return dtype === "f32" ? new Float32Array(count) : new Float64Array(count);
}
