import { EngineError } from "../util/errors.ts";
import { countOf } from "../util/shape.ts";
import type { ConvolutionDescriptor } from "./engine.ts";

/**
 * For each kernel element and output position the offset of the input element under it; -1 in the padding.
 * @throws EngineError where there are more of them than an array can hold
 */
export function windowOffsets({
  input,
  output,
  kernel,
  stride,
  pad,
  dilation,
}: ConvolutionDescriptor): Int32Array {
  const k = countOf(kernel);
  const outSize = countOf(output);
  if (k * outSize > 2 ** 31 - 1) {
    throw new EngineError(
      `windows of ${k} elements at ${outSize} positions are ${k * outSize} places. Expected fewer than 2147483648, or an engine that lists none (native).`,
    );
  }
  const offsets = new Int32Array(k * outSize);
  for (let e = 0; e < k; e++) {
    for (let i = 0; i < outSize; i++) {
      let offset = 0;
      let stepIn = 1;
      let [restE, restI] = [e, i];
      for (let a = input.length - 1; a >= 0 && offset >= 0; a--) {
        const at =
          (restI % output[a]!) * stride[a]! - pad[a]! + (restE % kernel[a]!) * dilation[a]!;
        restI = Math.floor(restI / output[a]!);
        restE = Math.floor(restE / kernel[a]!);
        offset = at < 0 || at >= input[a]! ? -1 : offset + at * stepIn;
        stepIn *= input[a]!;
      }
      offsets[e * outSize + i] = offset;
    }
  }
  return offsets;
}
