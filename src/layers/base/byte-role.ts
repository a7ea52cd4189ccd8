import type { LayerParameter } from "../../io/proto/caffe.ts";

/**
 * What a layer is in a net whose arrays are kept as bytes (`quantization_param`):
 *
 * - "product", "product of rows": it multiplies by what it has learned; lines per channel may be folded into the former
 * - "line": a factor and a term for each channel
 * - "sum", "combination": of blobs of one shape; the former as they are
 * - "rectifier", "leaky rectifier": nothing is below 0 behind the former
 * - "kept": what it gives are bytes of what it gets, as they are or between them
 * - "joined": its bottoms side by side
 * - "passed": its bottom as it is
 *
 * All else computes with floats, and so does a layer of which nothing is said.
 */
export type ByteRole =
  | "product"
  | "product of rows"
  | "line"
  | "sum"
  | "combination"
  | "rectifier"
  | "leaky rectifier"
  | "kept"
  | "joined"
  | "passed";

/** That of a layer, by its parameters. */
export type ByteRoleOf = (param: LayerParameter) => ByteRole | undefined;
