import type { PoolingDescriptor } from "../engine.ts";

/** The part of the input that an output position sees, and what its average divides by. */
export interface Window {
  readonly h0: number;
  readonly h1: number;
  readonly w0: number;
  readonly w1: number;
  /** Size of the window clipped to the padded input: padding counts, what lies beyond it does not. */
  readonly area: number;
}

/** The windows of one plane, row by row. */
export function windowsOf({ input, output, kernel, stride, pad }: PoolingDescriptor): Window[] {
  const windows: Window[] = [];
  for (let i = 0; i < output[0]; i++) {
    for (let j = 0; j < output[1]; j++) {
      const [h, w] = [i * stride[0] - pad[0], j * stride[1] - pad[1]];
      const endH = Math.min(h + kernel[0], input[0] + pad[0]);
      const endW = Math.min(w + kernel[1], input[1] + pad[1]);
      windows.push({
        h0: Math.max(h, 0),
        h1: Math.min(endH, input[0]),
        w0: Math.max(w, 0),
        w1: Math.min(endW, input[1]),
        area: (endH - h) * (endW - w),
      });
    }
  }
  return windows;
}
