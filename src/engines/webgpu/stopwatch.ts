import { Timestamps } from "./timestamps.ts";

/** Compute passes that can be timed between two readings. */
const MOST_PASSES = 2048;

/**
 * How long the device works for each tag, by timestamps at the ends of compute passes.
 *
 * It costs a pass per tag, so it runs only between `start` and the reading. Copies lie between passes and are not counted.
 */
export class Stopwatch {
  readonly #timestamps: Timestamps;
  #isRunning = false;
  #isByKernel = false;
  /** What was marked last. */
  #marked = "";
  #tag = "";
  /** The tag of each pass so far. */
  #passes: string[] = [];

  constructor(device: GPUDevice) {
    this.#timestamps = new Timestamps(device, MOST_PASSES);
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Begins to measure.
   * @param byKernel a kernel's name, behind a tab, is part of its tag
   */
  start(byKernel: boolean): void {
    this.#isRunning = true;
    this.#isByKernel = byKernel;
  }

  /** Changes the tag; true where that begins a new pass. */
  mark(tag: string): boolean {
    this.#marked = tag;
    return this.#change(tag);
  }

  /** A kernel of that name comes next; true where that begins a new pass. */
  markKernel(name: string): boolean {
    return this.#isByKernel && this.#change(`${this.#marked}\t${name}`);
  }

  #change(tag: string): boolean {
    if (!this.#isRunning || tag === this.#tag) return false;
    this.#tag = tag;
    return true;
  }

  /** Where the coming pass is to write its timestamps; undefined while it does not run. */
  nextPass(): GPUComputePassTimestampWrites | undefined {
    const pass = this.#passes.length;
    if (!this.#isRunning || pass >= MOST_PASSES) return undefined;
    this.#passes.push(this.#tag);
    return this.#timestamps.ofPass(pass);
  }

  /** Forgets the passes so far: some are not carried out. */
  drop(): void {
    this.#passes = [];
  }

  /** Records that the timestamps are made readable. */
  resolve(encoder: GPUCommandEncoder): void {
    if (this.#passes.length > 0) this.#timestamps.resolve(encoder, this.#passes.length);
  }

  /** Milliseconds by tag of the passes that were resolved; begins anew. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const passes = this.#passes;
    this.#passes = [];
    const sums = new Map<string, number>();
    if (passes.length === 0) return sums;
    const times = await this.#timestamps.read(passes.length);
    passes.forEach((tag, i) => {
      sums.set(tag, (sums.get(tag) ?? 0) + Math.max(0, times[i] ?? 0));
    });
    return sums;
  }
}
