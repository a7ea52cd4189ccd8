import type { PixelStore } from "../../syncedmem/pixel-store.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Kernel, KernelSpec } from "./kernels.ts";
import { pixels as code } from "./shaders.ts";

/** What a device does for images that go up. */
interface Carrier {
  workspace(bytes: number, layer: string, place: 4 | 5): GpuBuffer;
  upload(array: Float32Array | Uint8Array, to: GpuBuffer): void;
  read(mem: SyncedMem, layer: string): GpuBuffer;
  kernel(spec: KernelSpec, layer: string): Kernel;
}

/** Sends images up as bytes, a quarter of what their floats are, and makes those there. */
export function floatsOnDevice(
  gpu: Carrier,
  store: PixelStore,
  to: GpuBuffer,
  layer: string,
): void {
  const { shape, bytes, cuts } = store.pixels;
  const { scale, meanSteps } = store.normalization;
  const [, channels = 1, height = 1, width = 1] = shape;
  const count = countOf(shape);
  const onDevice = gpu.workspace(bytes.byteLength, layer, 4);
  const cutsOnDevice = gpu.workspace(cuts.byteLength, layer, 5);
  gpu.upload(bytes, onDevice);
  gpu.upload(cuts as Float32Array, cutsOnDevice);
  const mean = gpu.read(store.mean, layer);
  const kernel = gpu.kernel({ name: "pixels", code, entry: "main", arrays: "rrrw" }, layer);
  const params = uniforms([scale], [count, channels, height, width, ...meanSteps]);
  kernel.run([onDevice, cutsOnDevice, mean, to], params, groupsFor(count));
}
