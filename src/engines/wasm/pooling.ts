import type { PoolingDescriptor, PoolingOp } from "../engine.ts";
import type { Arrays } from "./arrays.ts";
import type { Block } from "./heap.ts";
import type { WindowArgs } from "./kernels.ts";

/** Pooling plane by plane; undefined for pooling by chance. */
export function wasmPooling(arrays: Arrays, d: PoolingDescriptor): PoolingOp | undefined {
  if (d.method === "STOCHASTIC") return undefined;
  const { kernels } = arrays;
  const planes = d.batch * d.channels;
  const args: WindowArgs = [planes, ...d.input, ...d.output, ...d.kernel, ...d.stride, ...d.pad];
  if (d.method === "AVE") {
    return {
      forward(x, y) {
        const from = arrays.read(x);
        kernels.meanPool(false, ...args, from, arrays.write(y));
      },
      backward(_x, dy, dx) {
        const gradient = arrays.read(dy);
        kernels.meanPool(true, ...args, arrays.write(dx), gradient);
      },
    };
  }
  const [inSize, outSize] = [d.input[0] * d.input[1], d.output[0] * d.output[1]];
  let index: Block | undefined;
  return {
    forward(x, y, { mask } = {}) {
      const from = arrays.read(x);
      index ??= arrays.heap.keep(planes * outSize);
      kernels.maxPool(...args, from, arrays.write(y), index.at);
      if (mask) kernels.toFloats(planes * outSize, index.at, arrays.write(mask));
    },
    backward(_x, dy, dx) {
      const gradient = arrays.read(dy);
      const to = arrays.write(dx);
      if (index) kernels.maxPoolBackward(planes, inSize, outSize, gradient, index.at, to);
    },
  };
}
