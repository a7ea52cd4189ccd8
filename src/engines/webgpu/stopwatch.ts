import { MAP_READ, Usage } from "./usage.ts";

/** Compute passes that can be timed between two readings. */
const MOST_PASSES = 2048;

/**
 * How long the device works for each tag, by timestamps at the ends of compute passes.
 *
 * It costs a pass per tag, so it runs only between `start` and the reading. Copies lie between passes and are not counted.
 */
export class Stopwatch {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;
  #isRunning = false;
  #isByKernel = false;
  /** What was marked last. */
  #marked = "";
  #tag = "";
  /** The tag of each pass so far. */
  #passes: string[] = [];

  constructor(device: GPUDevice) {
    const size = 2 * MOST_PASSES * 8;
    this.#queries = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
    this.#resolved = device.createBuffer({ size, usage: Usage.resolve | Usage.copyFrom });
    this.#staging = device.createBuffer({ size, usage: Usage.mapRead | Usage.copyTo });
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
    return {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 2 * pass,
      endOfPassWriteIndex: 2 * pass + 1,
    };
  }

  /** Records that the timestamps are made readable. */
  resolve(encoder: GPUCommandEncoder): void {
    const count = 2 * this.#passes.length;
    if (count === 0) return;
    encoder.resolveQuerySet(this.#queries, 0, count, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, 8 * count);
  }

  /** Milliseconds by tag of the passes that were resolved; begins anew. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const passes = this.#passes;
    this.#passes = [];
    const sums = new Map<string, number>();
    if (passes.length === 0) return sums;
    await this.#staging.mapAsync(MAP_READ, 0, 16 * passes.length);
    const stamps = new BigUint64Array(this.#staging.getMappedRange(0, 16 * passes.length));
    passes.forEach((tag, i) => {
      const elapsedMs = Number((stamps[2 * i + 1] ?? 0n) - (stamps[2 * i] ?? 0n)) / 1e6;
      sums.set(tag, (sums.get(tag) ?? 0) + Math.max(0, elapsedMs));
    });
    this.#staging.unmap();
    return sums;
  }
}
