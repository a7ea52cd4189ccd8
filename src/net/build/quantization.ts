import type { LayerParameter } from "../../io/proto/caffe.ts";
import { NetError } from "../../util/errors.ts";

/** What a layer's `quantization_param` says, as Intel's Caffe and Ristretto write it. */
export interface Quantization {
  /** What the bottom's numbers are multiplied by before they are rounded to bytes; undefined where they stay floats. */
  readonly input: number | undefined;
  readonly isNegativeInput: boolean;
  /** Of the weights: one for all, or one for each output. */
  readonly weights: readonly number[];
  /** Of the result; undefined where it stays floats. */
  readonly output: number | undefined;
}

/** Bits of floats: what is said of a layer's part that is not quantized. */
const FLOATS = 32;

/**
 * What is said of a layer; undefined where nothing is, or a reason why it cannot be followed.
 * @throws NetError where a scale is missing, or is no positive number
 */
export function quantizationOf(
  layer: LayerParameter,
): Quantization | { readonly reason: string } | undefined {
  const param = layer.quantization_param as Readonly<Record<string, unknown>> | undefined;
  if (param === undefined) return undefined;
  const numbers = (field: string): number[] => {
    const value = param[field] ?? [];
    return (Array.isArray(value) ? value : [value]).map(Number);
  };
  const { precision = "DYNAMIC_FIXED_POINT" } = param;
  if (precision !== "DYNAMIC_FIXED_POINT" && precision !== 0) {
    return { reason: `precision is ${String(precision)}, and only DYNAMIC_FIXED_POINT is known` };
  }
  const bits = ["bw_layer_in", "bw_layer_out", "bw_params"].map((f) => numbers(f)[0] ?? FLOATS);
  const odd = bits.find((bit) => bit !== 8 && bit !== FLOATS);
  if (odd !== undefined) return { reason: `it says ${odd} bits, and only 8 and 32 are known` };
  const [inBits, outBits, paramBits] = bits as [number, number, number];
  const scales = (kind: string): readonly number[] => {
    const written = numbers(`scale_${kind}`);
    const powers = numbers(kind === "params" ? "fl_params" : `fl_layer_${kind}`);
    return written.length > 0 ? written : powers.map((power) => 2 ** power);
  };
  const one = (kind: string): number => {
    const [scale = Number.NaN] = scales(kind);
    if (scale > 0 && scale < Number.POSITIVE_INFINITY) return scale;
    throw new NetError(
      `layer "${layer.name}": quantization_param.scale_${kind} is ${Number.isNaN(scale) ? "missing" : scale}. Expected a positive number, as caffe quantize writes it.`,
    );
  };
  const isProduct = inBits === 8 && paramBits === 8;
  const weights = scales("params");
  const wrong = isProduct ? faultOf(weights, layer) : undefined;
  if (wrong !== undefined) {
    throw new NetError(
      `layer "${layer.name}": quantization_param.scale_params ${wrong}. Expected one for each output, or one for all.`,
    );
  }
  return {
    input: isProduct ? one("in") : undefined,
    isNegativeInput: param["is_negative_input"] === true || param["is_negative_input"] === "true",
    weights,
    output: outBits === 8 ? one("out") : undefined,
  };
}

/** What is wrong with the scales of a product's weights. */
function faultOf(weights: readonly number[], layer: LayerParameter): string | undefined {
  if (weights.length === 0) return "is missing";
  const isScale = (scale: number): boolean => scale >= 0 && scale < Number.POSITIVE_INFINITY;
  if (!weights.every(isScale)) return "is negative, infinite or no number";
  const { convolution_param, inner_product_param } = layer;
  const outputs = convolution_param?.num_output ?? inner_product_param?.num_output;
  const isForAll = weights.length === 1 || outputs === undefined || weights.length === outputs;
  return isForAll ? undefined : `has ${weights.length} numbers for ${outputs} outputs`;
}
