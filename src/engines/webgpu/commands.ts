import { DeviceError } from "../../util/errors.ts";
import { type GpuBuffer, NEVER } from "./buffer-pool.ts";
import type { Failures } from "./failures.ts";
import { LapClock } from "./lap-clock.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { UploadRing } from "./upload-ring.ts";
import { MAP_READ, Usage } from "./usage.ts";

/** Room for the parameters of that many bytes of dispatches in one submission. */
const ARENA_BYTES = 2 ** 20;

/** What has crossed between host and device, and how it was asked for. */
export interface Traffic {
  /** Bytes of arrays; the parameters of kernels are not among them. */
  uploaded: number;
  downloaded: number;
  dispatches: number;
  submissions: number;
}

/** Submissions whose commands the device may have refused, because of something that had failed. */
interface Loss {
  readonly first: number;
  readonly last: number;
  readonly failure: DeviceError;
}

/**
 * Work in the order in which it is asked for, recorded until a result is needed.
 *
 * One iteration is one submission: kernels and copies are recorded, and go to the device when an array is read or `submit`
 * is called.
 *
 * The parameters of all dispatches of a submission lie in one uniform buffer, the arena, each at an offset of its
 * own, and are written with one call just before it.
 */
export class Commands {
  readonly traffic: Traffic = { uploaded: 0, downloaded: 0, dispatches: 0, submissions: 0 };
  readonly arena: GPUBuffer;
  readonly stopwatch: Stopwatch | undefined;
  readonly #laps: LapClock | undefined;
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #params: Uint32Array<ArrayBuffer> = new Uint32Array(ARENA_BYTES / 4);
  readonly #alignment: number;
  readonly #staging: Map<number, GPUBuffer[]> = new Map();
  #paramsUsed = 0;
  #encoder: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  /** What buffers are filled with before the commands being recorded. It uses nothing that can fail: when those are lost, it is not. */
  #fills: GPUCommandEncoder | undefined;
  #serial = 1;
  readonly #losses: Loss[] = [];
  readonly #uploads: UploadRing;
  /** The ends of the last step and of the one before it. */
  #ends: readonly [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()];

  constructor(device: GPUDevice, failures: Failures, stopwatch: Stopwatch | undefined) {
    this.#device = device;
    this.#failures = failures;
    this.stopwatch = stopwatch;
    this.#uploads = new UploadRing(device);
    this.#laps = device.features.has("timestamp-query") ? new LapClock(device) : undefined;
    this.#alignment = device.limits.minUniformBufferOffsetAlignment;
    this.arena = device.createBuffer({
      label: "parameters of kernels",
      size: ARENA_BYTES,
      usage: Usage.uniform | Usage.copyTo,
    });
  }

  /** The number of the submission that is being recorded. */
  get serial(): number {
    return this.#serial;
  }

  /**
   * Records one run of a kernel over x × y × z workgroups. `buffers` are those that `bindings` holds; `told` hears how many milliseconds
   * it took, where that can be measured.
   */
  dispatch(
    pipeline: GPUComputePipeline,
    bindings: GPUBindGroup,
    buffers: readonly GpuBuffer[],
    params: Uint32Array,
    x: number,
    y: number,
    z: number,
    told?: (ms: number) => void,
  ): void {
    this.#failures.throwIfAny();
    if (4 * (this.#paramsUsed + params.length) > ARENA_BYTES) {
      const sent = this.#serial;
      this.submit();
      for (const buffer of buffers) if (buffer.writtenIn === sent) buffer.writtenIn = this.#serial;
    }
    for (const buffer of buffers) buffer.usedIn = this.#serial;
    const offset = this.#paramsUsed;
    this.#params.set(params, offset);
    const words = this.#alignment / 4;
    this.#paramsUsed = Math.ceil((offset + params.length) / words) * words;
    this.traffic.dispatches++;
    if (this.stopwatch?.markKernel(pipeline.label)) this.#endPass();
    const pass = this.#lap(told) ?? this.#computePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings, [4 * offset]);
    pass.dispatchWorkgroups(x, y, z);
    if (told) this.#endPass();
  }

  /** Whether commands that have not been sent use a buffer. */
  isRecorded({ usedIn }: GpuBuffer): boolean {
    return usedIn === this.#serial;
  }

  /** Records a copy of the first `bytes` of a buffer to another. */
  copy(from: GpuBuffer, to: GpuBuffer, bytes: number): void {
    const encoder = this.#outsidePass(from, to);
    encoder.copyBufferToBuffer(from.handle, 0, to.handle, 0, bytes);
  }

  /** Records that a buffer becomes zeros. */
  clear(buffer: GpuBuffer): void {
    // Memory is zeros when it is made.
    if (buffer.usedIn !== NEVER) this.#filling(buffer).clearBuffer(buffer.handle);
  }

  /** Writes the elements of a host array to a buffer, after all work recorded so far; `array` may be changed afterwards. */
  upload(array: Float32Array | Uint8Array, to: GpuBuffer): void {
    this.#failures.throwIfAny();
    this.traffic.uploaded += array.byteLength;
    const from = to.isReady ? this.#uploads.write(array) : undefined;
    if (from) {
      this.#filling(to).copyBufferToBuffer(from, 0, to.handle, 0, array.byteLength);
      return;
    }
    // Writes of the queue come before the commands that are still being recorded.
    if (to.usedIn === this.#serial) this.submit();
    this.#device.queue.writeBuffer(to.handle, 0, unshared(array));
    to.usedIn = this.#serial - 1;
    to.writtenIn = NEVER;
  }

  /**
   * Why what a buffer held is lost, if it is: it was written by commands that were not carried out.
   * @see lose
   */
  lossOf({ writtenIn }: GpuBuffer): DeviceError | undefined {
    return this.#lossIn(writtenIn);
  }

  /**
   * Something that commands may use since a submission has failed: the device refuses all that were recorded together with its
   * use, those that are still being recorded are dropped, and what they wrote is known to be lost.
   */
  lose(since: number, failure: DeviceError): void {
    this.#losses.push({ first: since, last: this.#serial, failure });
    if (this.#fills) this.#device.queue.submit([this.#fills.finish()]);
    this.#laps?.drop();
    this.stopwatch?.drop();
    this.#begin();
  }

  /** Fills a host array from a buffer as it is after all work recorded so far. */
  async download(from: GpuBuffer, array: Float32Array | Uint16Array): Promise<void> {
    this.#failures.throwIfAny();
    this.#refuseLost(from.writtenIn);
    const bytes = Math.ceil(array.byteLength / 4) * 4;
    const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
    const staging = this.#staging.get(size)?.pop() ?? this.#makeStaging(size);
    const encoder = this.#outsidePass(from);
    encoder.copyBufferToBuffer(from.handle, 0, staging, 0, bytes);
    this.traffic.downloaded += bytes;
    const serial = this.#serial;
    // Other reads of this moment join in the same submission.
    await undefined;
    if (serial === this.#serial) this.submit();
    try {
      await staging.mapAsync(MAP_READ, 0, bytes);
    } catch (cause) {
      await this.#failures.settle();
      throw new DeviceError("lost", "", `an array cannot be read back: ${String(cause)}`, {
        cause,
      });
    }
    const arrived = new Uint8Array(staging.getMappedRange(0, bytes), 0, array.byteLength);
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(arrived);
    staging.unmap();
    const same = this.#staging.get(size);
    if (same) same.push(staging);
    else this.#staging.set(size, [staging]);
    await this.#failures.settle();
    this.#refuseLost(serial);
  }

  /** Sends what is recorded to the device. */
  submit(): void {
    this.#failures.throwIfAny();
    if (!this.#encoder && !this.#fills) return;
    this.#endPass();
    const hasLaps = this.#encoder && this.#laps?.resolve(this.#encoder);
    this.#device.queue.writeBuffer(this.arena, 0, this.#params, 0, this.#paramsUsed);
    const recorded = [this.#fills, this.#encoder].flatMap((encoder) => encoder?.finish() ?? []);
    // What is submitted together is refused together.
    if (this.#failures.isOpen) for (const one of recorded) this.#device.queue.submit([one]);
    else this.#device.queue.submit(recorded);
    if (hasLaps) void this.#laps?.read();
    this.traffic.submissions++;
    this.#begin();
  }

  /** Begins the next recording. */
  #begin(): void {
    this.#uploads.sent();
    this.#fills = undefined;
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#paramsUsed = 0;
    this.#serial++;
  }

  #lossIn(serial: number): DeviceError | undefined {
    return this.#losses.find(({ first, last }) => first <= serial && serial <= last)?.failure;
  }

  #refuseLost(serial: number): void {
    const cause = this.#lossIn(serial);
    if (cause) throw lost(cause);
  }

  /**
   * Waits until the device has one step to do at most, and sends what is recorded as the next: the host prepares a step
   * while the device has two, and no queue grows without bound.
   */
  async submitAndPace(): Promise<void> {
    const [last, before] = this.#ends;
    await before;
    this.submit();
    this.#ends = [this.#device.queue.onSubmittedWorkDone(), last];
    await this.#failures.settle();
  }

  /** Sends what is recorded, and waits until the device has done it all. */
  async finish(): Promise<void> {
    this.submit();
    await this.#device.queue.onSubmittedWorkDone();
    await this.#failures.settle();
  }

  /** What is recorded from here on counts for `tag` in the stopwatch. */
  mark(tag: string): void {
    if (this.stopwatch?.mark(tag)) this.#endPass();
  }

  /** Milliseconds of each tag since the last call, where the device can tell. */
  async readTimes(): Promise<ReadonlyMap<string, number>> {
    if (!this.stopwatch) return new Map();
    this.#endPass();
    const encoder = this.#open();
    this.stopwatch.resolve(encoder);
    this.submit();
    return this.stopwatch.read();
  }

  #makeStaging(size: number): GPUBuffer {
    return this.#device.createBuffer({
      label: "staging",
      size,
      usage: Usage.mapRead | Usage.copyTo,
    });
  }

  #open(): GPUCommandEncoder {
    this.#encoder ??= this.#device.createCommandEncoder();
    return this.#encoder;
  }

  #computePass(): GPUComputePassEncoder {
    if (!this.#pass) {
      const timestampWrites = this.stopwatch?.nextPass();
      this.#pass = this.#open().beginComputePass(timestampWrites ? { timestampWrites } : {});
    }
    return this.#pass;
  }

  /** A pass of its own for a run that is timed; undefined where it is not. A stopwatch that runs has every pass for itself. */
  #lap(told: ((ms: number) => void) | undefined): GPUComputePassEncoder | undefined {
    if (!told || !this.#laps || this.stopwatch?.isRunning) return undefined;
    const timestampWrites = this.#laps.next(told);
    if (!timestampWrites) return undefined;
    this.#endPass();
    this.#pass = this.#open().beginComputePass({ timestampWrites });
    return this.#pass;
  }

  #outsidePass(...buffers: readonly GpuBuffer[]): GPUCommandEncoder {
    this.#failures.throwIfAny();
    for (const buffer of buffers) buffer.usedIn = this.#serial;
    this.#endPass();
    return this.#open();
  }

  /** Where it is recorded what a buffer is filled with: ahead of all other commands if none of those uses it. */
  #filling(to: GpuBuffer): GPUCommandEncoder {
    if (!to.isReady || to.usedIn === this.#serial) {
      to.writtenIn = this.#serial;
      return this.#outsidePass(to);
    }
    this.#failures.throwIfAny();
    to.usedIn = this.#serial;
    to.writtenIn = NEVER;
    this.#fills ??= this.#device.createCommandEncoder();
    return this.#fills;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }
}

/** Says of an array that it is gone for a failure that was told before. */
export function lost(cause: DeviceError, layer = ""): DeviceError {
  return new DeviceError(
    cause.failure,
    layer,
    `an array that was being computed when the GPU failed is lost. Compute it again, or give it its values. What had failed: ${cause.message}`,
    { cause },
  );
}

/** The array itself, or a copy where its memory is shared between threads: Dawn's Node binding takes no such. */
function unshared(
  array: Float32Array | Uint8Array,
): GPUAllowSharedBufferSource & ArrayBufferView<ArrayBuffer> {
  return array.buffer instanceof ArrayBuffer ? (array as Uint8Array<ArrayBuffer>) : array.slice();
}
