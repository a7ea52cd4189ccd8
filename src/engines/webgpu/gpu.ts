import type { DeviceStore } from "../../syncedmem/device-store.ts";
import { PixelStore } from "../../syncedmem/pixel-store.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { DeviceError } from "../../util/errors.ts";
import { widenHalves } from "../../util/half.ts";
import type { ChoiceStore } from "../choices.ts";
import type { Device } from "../engine.ts";
import { BufferPool, type GpuBuffer } from "./buffer-pool.ts";
import { Commands, lost, type Traffic } from "./commands.ts";
import { Failures } from "./failures.ts";
import { converted } from "./halves.ts";
import { type Kernel, type KernelSpec, Kernels } from "./kernels.ts";
import { floatsOnDevice } from "./pixels.ts";
import { Stopwatch } from "./stopwatch.ts";
import type { SubgroupMatrices } from "./subgroup-matrices.ts";
import { Trials } from "./trials.ts";

// Types of the WebGPU standard that this package's own types name. A program that is compiled without the DOM's library and
// without @webgpu/types lacks them; where either is there, these empty ones add nothing to it.
declare global {
  interface GPUBindGroup {}
  interface GPUBindGroupLayout {}
  interface GPUBuffer {}
  interface GPUCommandEncoder {}
  interface GPUComputePassTimestampWrites {}
  interface GPUComputePipeline {}
  interface GPUDevice {}
}

/** An adapter in words. */
interface AdapterDescription {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly driver: string;
  /** It computes on the CPU: right for tests, not for speed. */
  readonly isSoftware: boolean;
}

/** How products are made. */
export interface ProductStyle {
  /**
   * Products stage tiles in workgroup memory, and sums are of many invocations: right for all but adapters that compute
   * on a CPU.
   */
  readonly isTiled: boolean;
  /** What products stage is rounded to halves. */
  readonly isHalf: boolean;
  /** Halves are multiplied in blocks by instructions of a subgroup, where the adapter has such. */
  readonly matrices?: SubgroupMatrices | undefined;
}

/** An open device: its memory, its kernels, and the commands on their way to it. */
export class Gpu implements Device, ProductStyle {
  readonly adapter: AdapterDescription;
  readonly limits: Readonly<Record<string, number>>;
  readonly features: ReadonlySet<string>;
  readonly isTiled: boolean;
  readonly isHalf: boolean;
  readonly matrices: SubgroupMatrices | undefined;
  readonly pool: BufferPool;
  /** Stands where a kernel has room for an array that is not there. */
  readonly nothing: GpuBuffer;
  readonly kernels: Kernels;
  readonly #device: GPUDevice;
  readonly #commands: Commands;
  readonly #failures: Failures = new Failures();
  readonly #abandoned: FinalizationRegistry<GpuBuffer>;
  #trials: Trials | undefined;
  readonly #workspaces: (GpuBuffer | undefined)[] = [];
  /** The layer whose arrays were asked for last. */
  #latest = "";
  #isClosed = false;

  constructor(
    device: GPUDevice,
    adapter: AdapterDescription,
    limits: Record<string, number>,
    { isTiled, isHalf, matrices }: ProductStyle,
  ) {
    this.adapter = adapter;
    this.isTiled = isTiled;
    this.isHalf = isHalf;
    this.matrices = matrices;
    this.limits = limits;
    this.features = new Set(device.features);
    this.#device = device;
    const stopwatch = device.features.has("timestamp-query") ? new Stopwatch(device) : undefined;
    this.#commands = new Commands(device, this.#failures, stopwatch);
    this.kernels = new Kernels(device, this.#commands, this.#failures);
    this.pool = new BufferPool(device, this.#failures, this.#commands, () =>
      this.kernels.forgetBuffers(),
    );
    this.nothing = this.pool.take(256, "");
    this.#abandoned = new FinalizationRegistry((buffer) => this.pool.give(buffer));
    void device.lost.then(({ message }) => {
      if (this.#isClosed) return;
      this.#failures.record(
        new DeviceError(
          "lost",
          this.#latest,
          `the device is lost: ${message}. This layer's work was the last on its way. What was computed since the last snapshot is gone; go on from that.`,
        ),
      );
    });
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { message } = (event as GPUUncapturedErrorEvent).error;
      const failure = new DeviceError("use", "", `the device refused a command: ${message}`);
      this.#failures.suspect(failure);
    });
  }

  /** What chooses among ways to compute the same; undefined where nothing is tried, and the likeliest is taken. */
  get trials(): Trials | undefined {
    return this.#trials;
  }

  /** Lets what is fastest here be tried and remembered; of no effect where the device tells no times. */
  tune(store: ChoiceStore): void {
    if (this.canTime) this.#trials ??= new Trials(store);
  }

  get traffic(): Readonly<Traffic> {
    return this.#commands.traffic;
  }

  get memoryBytes(): number {
    return this.pool.usedBytes + this.pool.idleBytes;
  }

  get settled(): Promise<void> | undefined {
    return this.#failures.isOpen ? this.#failures.settle() : undefined;
  }

  submit(): Promise<void> {
    return this.#commands.submitAndPace();
  }

  finish(): Promise<void> {
    return this.#commands.finish();
  }

  get name(): string {
    return this.adapter.name;
  }

  get canTime(): boolean {
    return this.#commands.stopwatch !== undefined;
  }

  startTiming(byKernel = false): void {
    this.#commands.stopwatch?.start(byKernel);
  }

  mark(tag: string): void {
    this.#commands.mark(tag);
  }

  readTimes(): Promise<ReadonlyMap<string, number>> {
    return this.#commands.readTimes();
  }

  /** Gives the device back; nothing made with it can be used any more. */
  close(): void {
    this.#isClosed = true;
    this.#device.destroy();
  }

  /** @internal Takes the device away as a driver's crash does, for tests of what follows. */
  lose(): void {
    this.#device.destroy();
  }

  /**
   * The buffer of an array, with its newest elements, to be read.
   * @param mayBeHalf whether one of halves is taken as it is; by default it becomes one of floats
   * @throws DeviceError where they were lost with commands that the device has refused, and are nowhere else
   */
  read(mem: SyncedMem, layer: string, mayBeHalf = false): GpuBuffer {
    const kept = this.#kept(mem, layer);
    if (kept && mem.isDeviceFresh && !this.#isLost(mem, kept, layer)) {
      return kept.isHalf && !mayBeHalf ? this.#widened(mem, kept, layer) : kept;
    }
    const buffer = this.#buffer(mem, layer, false);
    const store = mem.freshPrivate();
    if (mem.isZero) this.#commands.clear(buffer);
    else if (store instanceof PixelStore) {
      buffer.writtenIn = this.#commands.serial;
      floatsOnDevice(this, store, buffer, layer);
    } else this.#commands.upload(mem.cpu() as Float32Array, buffer);
    mem.markDeviceFresh();
    return buffer;
  }

  /** The buffer of an array of which every element is to be written, as floats or as halves. */
  write(mem: SyncedMem, layer: string, isHalf = false): GpuBuffer {
    const buffer = this.#buffer(mem, layer, isHalf);
    buffer.writtenIn = this.#commands.serial;
    mem.markDeviceWritten();
    return buffer;
  }

  /**
   * The buffer of an array, with its newest elements, to be read and changed.
   * @throws DeviceError as `read`
   */
  update(mem: SyncedMem, layer: string, mayBeHalf = false): GpuBuffer {
    const buffer = this.read(mem, layer, mayBeHalf);
    mem.markDeviceWritten();
    return buffer;
  }

  /**
   * Memory for what one kernel leaves to the next, shared by all: what it holds is gone after the next call.
   * Commands run in order, so no kernel finds it in use. There are several places, for what is needed at once; 4 and 5 are those of
   * pixels, of which floats are made when an op asks for its arrays.
   */
  workspace(
    bytes: number,
    layer: string,
    place: 0 | 1 | 2 | 3 | 4 | 5 = 0,
    isHalf = false,
  ): GpuBuffer {
    const kept = this.#workspaces[place];
    if (kept && kept.bytes >= bytes && !kept.failure) {
      kept.isHalf = isHalf;
      return kept;
    }
    if (kept) this.pool.give(kept);
    this.#workspaces[place] = undefined;
    const taken = this.pool.take(bytes, layer, isHalf);
    this.#workspaces[place] = taken;
    return taken;
  }

  /** Writes an array of the host's to a buffer; bytes are whole fours. */
  upload(array: Float32Array | Uint8Array, to: GpuBuffer): void {
    this.#commands.upload(array, to);
  }

  copy(from: GpuBuffer, to: GpuBuffer, bytes: number): void {
    this.#commands.copy(from, to, bytes);
  }

  kernel(spec: KernelSpec, layer: string): Kernel {
    return this.kernels.get(spec, layer);
  }

  /** The buffer that an array has here, whatever it holds. */
  #kept(mem: SyncedMem, layer: string): GpuBuffer | undefined {
    this.#latest = layer;
    const kept = mem.deviceStore;
    return kept instanceof GpuStore && kept.gpu === this ? kept.buffer : undefined;
  }

  /**
   * Whether what the array's buffer held is gone, while it is on the host.
   * @throws DeviceError where it is gone altogether
   */
  #isLost(mem: SyncedMem, kept: GpuBuffer, layer: string): boolean {
    const cause = kept.failure ?? this.#commands.lossOf(kept);
    if (!cause) return false;
    this.#failures.throwIfAny();
    if (!mem.isOnHost) throw lost(cause, layer);
    return true;
  }

  /** The array's buffer of such elements, which need not be fresh. */
  #buffer(mem: SyncedMem, layer: string, isHalf: boolean): GpuBuffer {
    const kept = this.#kept(mem, layer);
    // Where there was no memory, there may be some now.
    if (kept?.isHalf === isHalf && !kept.failure) return kept;
    const store = this.#newStore(mem, layer, isHalf);
    mem.adoptDevice(store);
    return store.buffer;
  }

  #newStore(mem: SyncedMem, layer: string, isHalf: boolean): GpuStore {
    if (mem.dtype !== "f32") {
      throw new DeviceError("use", layer, "an array of float64. Expected float32 on a GPU.");
    }
    const buffer = this.pool.take((isHalf ? 2 : 4) * mem.count, layer, isHalf);
    const store = new GpuStore(this, this.#commands, buffer, mem.count);
    // An array that is not freed gives its memory back when it is collected.
    this.#abandoned.register(store, buffer, store);
    return store;
  }

  /** Makes floats of an array of halves, which they take the place of. */
  #widened(mem: SyncedMem, from: GpuBuffer, layer: string): GpuBuffer {
    const store = this.#newStore(mem, layer, false);
    store.buffer.writtenIn = this.#commands.serial;
    converted(this, from, store.buffer, mem.count, layer);
    mem.replaceDevice(store);
    return store.buffer;
  }

  /** @internal Gives the memory of a store back. */
  free(store: GpuStore): void {
    this.#abandoned.unregister(store);
    this.pool.give(store.buffer);
  }
}

/** An array's copy on the device. */
class GpuStore implements DeviceStore {
  readonly gpu: Gpu;
  readonly buffer: GpuBuffer;
  readonly #commands: Commands;
  readonly #count: number;

  constructor(gpu: Gpu, commands: Commands, buffer: GpuBuffer, count: number) {
    this.gpu = gpu;
    this.#commands = commands;
    this.buffer = buffer;
    this.#count = count;
  }

  async download(plain: FloatArray): Promise<void> {
    const floats = plain.subarray(0, this.#count) as Float32Array;
    if (!this.buffer.isHalf) return this.#commands.download(this.buffer, floats);
    const halves = new Uint16Array(this.#count);
    await this.#commands.download(this.buffer, halves);
    widenHalves(halves, floats);
  }

  get hasFailed(): boolean {
    return this.buffer.failure !== undefined;
  }

  get bytes(): number {
    return (this.buffer.isHalf ? 2 : 4) * this.#count;
  }

  free(): void {
    this.gpu.free(this);
  }
}
