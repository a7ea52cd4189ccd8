import type { FloatArray } from "../util/arrays.ts";

/**
 * A copy of an array in the memory of a device (a GPU), in plain row-major order.
 *
 * Writing to it is queued in order with the device's work. Reading from it has to be awaited.
 */
export interface DeviceStore {
  /** Fills `plain` with the elements as all work queued so far leaves them. */
  download(plain: FloatArray): Promise<void>;
  /** Gives the memory back. */
  free(): void;
  readonly bytes: number;
  /** The device has no memory for it: an array of fewer elements may still find some. */
  readonly hasFailed: boolean;
}
