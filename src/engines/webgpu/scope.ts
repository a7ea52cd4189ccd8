import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { DeviceError } from "../../util/errors.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { WIDTH } from "./dispatch.ts";
import type { Gpu, ProductStyle } from "./gpu.ts";
import { converted } from "./halves.ts";
import type { Kernel, KernelSpec } from "./kernels.ts";
import { workgroupSum, workgroupSumSubgroups } from "./shaders.ts";

/** How a layer's numbers are multiplied and kept. */
export interface Precision {
  /** Products are of halves. */
  readonly isHalf: boolean;
  /** What the layer passes on is kept as halves: its kernels take arrays of both. */
  readonly keepsHalves: boolean;
}

/** What the ops of one layer are made with: the device, and the layer's name for its messages. */
export class Scope {
  readonly gpu: Gpu;
  readonly layer: string;
  /** How products are made. */
  readonly products: ProductStyle;
  readonly #keepsHalves: boolean;

  constructor(gpu: Gpu, layer: string, { isHalf, keepsHalves }: Precision) {
    this.gpu = gpu;
    this.layer = layer;
    this.#keepsHalves = keepsHalves;
    const matrices = isHalf ? gpu.matrices : undefined;
    this.products = { isTiled: gpu.isTiled || isHalf, isHalf, matrices };
  }

  kernel(spec: KernelSpec): Kernel {
    return this.gpu.kernels.get(spec, this.layer);
  }

  /** A kernel whose workgroups add up: `code` follows workgroupSum and its Lane. */
  summingKernel(spec: KernelSpec): Kernel {
    const sum = this.gpu.features.has("subgroups") ? workgroupSumSubgroups : workgroupSum;
    const width = this.gpu.isTiled ? WIDTH : SOFTWARE_WIDTH;
    const constants = { ...spec.constants, WIDTH: width };
    return this.kernel({ ...spec, code: sum + spec.code, constants });
  }

  /** The array on the device, to be read. */
  read(mem: SyncedMem): GpuBuffer {
    return this.gpu.read(mem, this.layer, this.#keepsHalves);
  }

  /** An array of floats on the device, every element to be written: parameters, statistics, and what is the layer's own. */
  write(mem: SyncedMem): GpuBuffer {
    return this.gpu.write(mem, this.layer);
  }

  /** An array that goes from layer to layer, every element to be written: of halves where the layer keeps such. */
  pass(mem: SyncedMem): GpuBuffer {
    return this.gpu.write(mem, this.layer, this.#keepsHalves);
  }

  /** The array on the device, to be read and changed. */
  update(mem: SyncedMem): GpuBuffer {
    return this.gpu.update(mem, this.layer, this.#keepsHalves);
  }

  /**
   * The array on the device, to be added to, and whether there is anything to add to: an array that is all zeros is
   * written instead.
   */
  addTo(mem: SyncedMem): { readonly buffer: GpuBuffer; readonly adds: 0 | 1 } {
    return mem.isZero
      ? { buffer: this.write(mem), adds: 0 }
      : { buffer: this.update(mem), adds: 1 };
  }

  /**
   * An array to be read and another to be written, and 1 where they are one: it is bound once, as what is written, and
   * the kernel's constant IN_PLACE says so. What else a kernel takes is to be asked for before: an array that becomes one of halves
   * gives its buffer of floats away, which is still read.
   */
  through(
    x: SyncedMem,
    y: SyncedMem,
  ): readonly [input: GpuBuffer, output: GpuBuffer, inPlace: 0 | 1] {
    const input = this.read(x);
    if (x !== y || input.isHalf !== this.#keepsHalves) return [input, this.pass(y), 0];
    return [this.gpu.nothing, this.update(y), 1];
  }

  /** y = x, of the first elements. */
  copy(count: number, x: SyncedMem, y: SyncedMem): void {
    const from = this.read(x);
    const to = this.gpu.write(y, this.layer, from.isHalf);
    this.gpu.copy(from, to, bytesOf(from, count));
  }

  /** Room for what one kernel leaves to the next; gone after the next call. */
  workspace(elements: number): GpuBuffer {
    return this.gpu.workspace(4 * elements, this.layer);
  }

  /** A copy of the array on the device, in the workspace. */
  copyOf(mem: SyncedMem): GpuBuffer {
    const from = this.read(mem);
    const to = this.workspace(mem.count);
    converted(this.gpu, from, to, mem.count, this.layer);
    return to;
  }

  fail(message: string): never {
    throw new DeviceError("use", this.layer, message);
  }
}

/** Bytes of so many elements, up to what a copy takes. */
function bytesOf({ isHalf }: GpuBuffer, count: number): number {
  return isHalf ? Math.ceil(count / 2) * 4 : 4 * count;
}

/** Invocations in a workgroup of the kernels that add up, where the adapter computes on a CPU: each wait for one another costs there. */
const SOFTWARE_WIDTH = 8;
