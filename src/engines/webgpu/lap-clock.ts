import { Timestamps } from "./timestamps.ts";

/** Runs that can be timed before the first is read back. */
const MOST_LAPS = 256;

/** How long single runs of kernels take, by timestamps. What they took is told later: nothing waits for it. */
export class LapClock {
  readonly #timestamps: Timestamps;
  /** Whom to tell of each run since the last reading. */
  #laps: ((ms: number) => void)[] = [];
  #isReading = false;

  constructor(device: GPUDevice) {
    this.#timestamps = new Timestamps(device, MOST_LAPS);
  }

  /** Where the pass of a run is to write its timestamps; undefined where it cannot be timed now. */
  next(told: (ms: number) => void): GPUComputePassTimestampWrites | undefined {
    if (this.#isReading || this.#laps.length === MOST_LAPS) return undefined;
    return this.#timestamps.ofPass(this.#laps.push(told) - 1);
  }

  /** Forgets the runs since the last reading: they are not carried out. */
  drop(): void {
    this.#laps = [];
  }

  /** Records that the times of what was recorded before are made readable; whether there are any. */
  resolve(encoder: GPUCommandEncoder): boolean {
    if (this.#laps.length === 0 || this.#isReading) return false;
    this.#timestamps.resolve(encoder, this.#laps.length);
    return true;
  }

  /** Tells the times once the device has them. To be called when what `resolve` recorded is sent. */
  async read(): Promise<void> {
    const laps = this.#laps;
    this.#laps = [];
    this.#isReading = true;
    // Where the device is lost or closed, that is told elsewhere.
    const times = await this.#timestamps.read(laps.length).catch(() => undefined);
    if (!times) return;
    this.#isReading = false;
    laps.forEach((told, i) => {
      told(times[i] ?? 0);
    });
  }
}
