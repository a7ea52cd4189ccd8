/** Caffe speaks at every thousandth wait. */
const WAITS = 1000;
/**
 * The first report comes after so many milliseconds, the others at most one in so many, and only where waiting took
 * this share of them.
 */
const [FIRST_MS, EVERY_MS] = [2000, 10_000];
const SHARE = 0.05;

/** Says in the log when training has to wait for a source, and for how long; the first batch does not count. */
export class WaitReport {
  readonly #source: string;
  readonly #log: (message: string) => void;
  #waits = 0;
  #waitedMs = 0;
  #since: number | undefined;
  #reportMs = FIRST_MS;

  constructor(source: string, log: (message: string) => void) {
    this.#source = source;
    this.#log = log;
  }

  /** Notes a wait for a batch that should have been there; it began and ended at these times, in milliseconds. */
  add(began: number, ended: number): void {
    if (++this.#waits % WAITS === 0) this.#log("Waiting for data");
    this.addWork(began, ended);
  }

  /** Notes that training made a batch itself meanwhile. */
  addWork(began: number, ended: number): void {
    if (this.#since === undefined) {
      this.#since = ended;
      return;
    }
    this.#waitedMs += ended - began;
    const passed = ended - this.#since;
    if (passed < this.#reportMs) return;
    this.#reportMs = EVERY_MS;
    if (this.#waitedMs >= SHARE * passed) {
      const [waited, all] = [this.#waitedMs, passed].map((ms) => (ms / 1000).toFixed(1));
      const share = Math.round((100 * this.#waitedMs) / passed);
      this.#log(
        `Training waited ${waited} s of the last ${all} s (${share} %) for data from ${this.#source}`,
      );
    }
    this.#waitedMs = 0;
    this.#since = ended;
  }
}
