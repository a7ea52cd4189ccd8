import { MAP_READ, Usage } from "./usage.ts";

/** The times at both ends of compute passes: written by the device, and read back once for many. */
export class Timestamps {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  /** @param most passes between two readings */
  constructor(device: GPUDevice, most: number) {
    const size = 2 * most * 8;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 * most });
    this.#resolved = device.createBuffer({ size, usage: Usage.resolve | Usage.copyFrom });
    this.#staging = device.createBuffer({ size, usage: Usage.mapRead | Usage.copyTo });
  }

  /** Where a pass of that number is to write its own. */
  ofPass(pass: number): GPUComputePassTimestampWrites {
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 2 * pass,
      endOfPassWriteIndex: 2 * pass + 1,
    };
  }

  /** Records that those of the first passes are made readable. */
  resolve(encoder: GPUCommandEncoder, passes: number): void {
    encoder.resolveQuerySet(this.#queries, 0, 2 * passes, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 16 * passes);
  }

  /**
   * Milliseconds of each of the first passes, once the device has them.
   * @throws what mapping a buffer throws: the device is lost or closed
   */
  async read(passes: number): Promise<number[]> {
    await this.#staging.mapAsync(MAP_READ, 0, 16 * passes);
    const stamps = new BigUint64Array(this.#staging.getMappedRange(0, 16 * passes));
    const times = Array.from({ length: passes }, (_, i) => {
      return Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)) / 1e6;
    });
    this.#staging.unmap();
    return times;
  }
}
