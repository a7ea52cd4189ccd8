import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Kernel, KernelSpec } from "./kernels.ts";
import { halves as code } from "./shaders.ts";

/** What a device does for arrays whose elements become others. */
interface Carrier {
  kernel(spec: KernelSpec, layer: string): Kernel;
}

/** Copies an array between buffers of which one may hold halves. */
export function converted(
  gpu: Carrier,
  from: GpuBuffer,
  to: GpuBuffer,
  count: number,
  layer: string,
): void {
  const kernel = gpu.kernel({ name: "halves", code, entry: "main", arrays: "rw" }, layer);
  kernel.run([from, to], uniforms([], [count]), groupsFor(count));
}
