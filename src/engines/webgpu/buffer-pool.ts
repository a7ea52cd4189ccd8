import { DeviceError } from "../../util/errors.ts";
import type { Failures } from "./failures.ts";
import { Usage } from "./usage.ts";

/** A piece of the device's memory. */
export interface GpuBuffer {
  readonly handle: GPUBuffer;
  /** Tells buffers apart in the keys of caches. */
  readonly id: number;
  readonly bytes: number;
  /** The newest submission whose commands use it; `NEVER` while it is as it was made, all zeros. */
  usedIn: number;
  /** The submission whose commands make what it holds, which may be lost with them; `NEVER` where that is safe. */
  writtenIn: number;
  /** The device has said that there is memory behind it. */
  isReady: boolean;
  /** It holds an array of halves. */
  isHalf: boolean;
  /** Why there is no memory behind it. */
  failure?: DeviceError;
}

/** No submission. */
export const NEVER = -1;

/** What the pool needs to know of commands, and tells them. */
interface Recording {
  /** The number of the submission that is being recorded. */
  readonly serial: number;
  /** Whether commands that have not been sent use a buffer. */
  isRecorded(buffer: GpuBuffer): boolean;
  /** Something that commands may use since that submission has failed. */
  lose(since: number, failure: DeviceError): void;
}

/** Idle memory that is kept for later arrays: this share of what is in use, or this much. */
const IDLE_SHARE = 0.25;
const IDLE_BYTES = 64 * 2 ** 20;

/**
 * Buffers for arrays. One that is given back serves the next of its size class: a step that reshapes back and
 * forth allocates nothing.
 */
export class BufferPool {
  /** Bytes in use, and bytes that lie ready for use. */
  usedBytes = 0;
  idleBytes = 0;
  /** The most that was ever in use. */
  peakBytes = 0;
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #onDestroy: () => void;
  readonly #commands: Recording;
  readonly #idle: Map<number, GpuBuffer[]> = new Map();
  /** Those that go as soon as the commands that use them have been sent. */
  #doomed: GpuBuffer[] = [];
  #made = 0;

  /** @param onDestroy called when a buffer is gone for good: caches that know it must forget it */
  constructor(device: GPUDevice, failures: Failures, commands: Recording, onDestroy: () => void) {
    this.#device = device;
    this.#commands = commands;
    this.#failures = failures;
    this.#onDestroy = onDestroy;
  }

  /**
   * A buffer of at least `bytes`, whatever it holds.
   * @param layer for whom, in messages
   * @param isHalf whether an array of halves is to lie there
   * @throws DeviceError where the adapter's limits do not allow one so large
   */
  take(bytes: number, layer: string, isHalf = false): GpuBuffer {
    this.#destroySent();
    const size = Math.min(sizeClass(bytes), this.#largest(bytes, layer));
    const buffer = this.#idle.get(size)?.pop();
    if (buffer) this.idleBytes -= size;
    this.usedBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.usedBytes);
    const taken = buffer ?? this.#make(size, layer);
    taken.isHalf = isHalf;
    return taken;
  }

  give(buffer: GpuBuffer): void {
    this.usedBytes -= buffer.bytes;
    const most = Math.max(IDLE_BYTES, IDLE_SHARE * this.usedBytes);
    if (buffer.failure || this.idleBytes + buffer.bytes > most) {
      this.#doomed.push(buffer);
      this.#destroySent();
      return;
    }
    this.idleBytes += buffer.bytes;
    const same = this.#idle.get(buffer.bytes);
    if (same) same.push(buffer);
    else this.#idle.set(buffer.bytes, [buffer]);
  }

  /** Commands that are sent may not use a buffer that is gone; those that have been sent keep theirs. */
  #destroySent(): void {
    if (this.#doomed.length === 0) return;
    const isLeft = (buffer: GpuBuffer): boolean => this.#commands.isRecorded(buffer);
    const sent = this.#doomed.filter((buffer) => !isLeft(buffer));
    if (sent.length === 0) return;
    this.#doomed = this.#doomed.filter(isLeft);
    for (const { handle } of sent) handle.destroy();
    this.#onDestroy();
  }

  #make(size: number, layer: string): GpuBuffer {
    const inUse = this.usedBytes - size;
    this.#device.pushErrorScope("out-of-memory");
    const handle = this.#device.createBuffer({
      label: layer,
      size,
      usage: Usage.storage | Usage.copyFrom | Usage.copyTo,
    });
    const buffer: GpuBuffer = {
      handle,
      id: this.#made++,
      bytes: size,
      usedIn: NEVER,
      writtenIn: NEVER,
      isReady: false,
      isHalf: false,
    };
    const since = this.#commands.serial;
    this.#failures.watch(
      this.#device.popErrorScope().then(
        (cause) => {
          buffer.isReady = !cause;
          if (!cause) return undefined;
          buffer.failure = new DeviceError(
            "memory",
            layer,
            `the GPU is out of memory: ${mebibytes(size)} are wanted, ${mebibytes(inUse)} are in use. Reduce the batch size, or num_output where it is a weight.`,
            { cause },
          );
          this.#commands.lose(since, buffer.failure);
          return buffer.failure;
        },
        // The device is lost, which is an error of its own.
        () => undefined,
      ),
    );
    return buffer;
  }

  /** The size of the largest buffer that may be bound, which must hold `bytes`. */
  #largest(bytes: number, layer: string): number {
    const limits = ["maxBufferSize", "maxStorageBufferBindingSize"] as const;
    const [least = limits[0]] = limits.toSorted(
      (a, b) => this.#device.limits[a] - this.#device.limits[b],
    );
    const most = this.#device.limits[least];
    if (bytes <= most) return most;
    throw new DeviceError(
      "limit",
      layer,
      `an array of ${mebibytes(bytes)} is larger than this GPU allows (${mebibytes(most)} in one piece, its ${least}). Reduce the batch size, or num_output where it is a weight.`,
    );
  }
}

/** Sizes are rounded up to an eighth of their power of two, so that near ones serve each other. */
function sizeClass(bytes: number): number {
  const step = Math.max(256, 2 ** Math.floor(Math.log2(Math.max(1, bytes))) / 8);
  return Math.max(256, Math.ceil(bytes / step) * step);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
