import { MAP_READ, Usage } from "./usage.ts";

/** Runs that can be timed before the first is read back. */
const MOST_LAPS = 256;

/** How long single runs of kernels take, by timestamps. What they took is told later: nothing waits for it. */
export class LapClock {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  /** Whom to tell of each run since the last reading. */
  #laps: ((ms: number) => void)[] = [];
  #isReading = false;

  constructor(device: GPUDevice) {
    const size = 2 * MOST_LAPS * 8;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 * MOST_LAPS });
    this.#resolved = device.createBuffer({ size, usage: Usage.resolve | Usage.copyFrom });
    this.#staging = device.createBuffer({ size, usage: Usage.mapRead | Usage.copyTo });
  }

  /** Where the pass of a run is to write its timestamps; undefined where it cannot be timed now. */
  next(told: (ms: number) => void): GPUComputePassTimestampWrites | undefined {
    if (this.#isReading || this.#laps.length === MOST_LAPS) return undefined;
    const lap = this.#laps.push(told) - 1;
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 2 * lap,
      endOfPassWriteIndex: 2 * lap + 1,
    };
  }

  /** Records that the times of what was recorded before are made readable; whether there are any. */
  resolve(encoder: GPUCommandEncoder): boolean {
    const count = 2 * this.#laps.length;
    if (count === 0 || this.#isReading) return false;
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 8 * count);
    return true;
  }

  /** Tells the times once the device has them. To be called when what `resolve` recorded is sent. */
  async read(): Promise<void> {
    const laps = this.#laps;
    this.#laps = [];
    this.#isReading = true;
    const bytes = 16 * laps.length;
    try {
      await this.#staging.mapAsync(MAP_READ, 0, bytes);
    } catch {
      // The device is lost or closed; that is told elsewhere.
      return;
    }
    const stamps = new BigUint64Array(this.#staging.getMappedRange(0, bytes)).slice();
    this.#staging.unmap();
    this.#isReading = false;
    laps.forEach((told, i) => {
      told(Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)) / 1e6);
    });
  }
}
