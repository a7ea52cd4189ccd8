import { allocate, type FloatArray } from "../../util/arrays.ts";
import { countOf, sameShape } from "../../util/shape.ts";
import type { BatchLoader, Place } from "../loaders/loader.ts";
import { type LoaderPlan, openLoader } from "../loaders/open-loader.ts";
import { type Batch, type BatchSource, type PrefetchOptions, RESTART } from "./batch-source.ts";
import { WaitReport } from "./wait-report.ts";

/** What a batch from a thread costs training: waking, and a core that would compute. Measured with LeNet on two. */
const THREAD_MS = 0.2;
/** So much is lost here before threads are started; the start of one costs 80. */
const START_MS = 20;

/** Reads a plan in threads. */
export type Relief = (plan: LoaderPlan) => BatchSource;

/**
 * Makes each batch when it is asked for. Where that has cost more than threads would, they go on from there, for good:
 * after one batch that is very slow, or many that are a little; cheap ones between make good what slow ones lost.
 */
export class DirectSource implements BatchSource {
  readonly #plan: LoaderPlan;
  readonly #options: PrefetchOptions;
  readonly #relief: Relief | undefined;
  readonly #now: () => number;
  readonly #waits: WaitReport;
  #opening: Promise<BatchLoader> | undefined;
  #loader: BatchLoader | undefined;
  #threads: BatchSource | undefined;
  #batch = 0;
  /** Milliseconds by which batches took longer than from a thread, and have not made good since. */
  #lostMs = 0;
  /** As much as each top ever took, and what it is now. */
  #memory: FloatArray[] = [];
  #tops: Batch[number][] = [];

  /** @param now the clock, in milliseconds */
  constructor(
    plan: LoaderPlan,
    options: PrefetchOptions,
    relief?: Relief,
    now = (): number => performance.now(),
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#relief = relief;
    this.#now = now;
    this.#waits = new WaitReport(options.name, options.log);
  }

  next(): Batch | Promise<Batch> {
    if (this.#threads) return this.#threads.next();
    return this.#loader ? this.#load(this.#loader) : this.#open();
  }

  close(): void {
    this.#threads?.close();
    this.#closeLoader();
  }

  #closeLoader(): void {
    void this.#opening?.then((loader) => loader.close()).catch(() => {});
    this.#opening = undefined;
    this.#loader = undefined;
  }

  async #open(): Promise<Batch> {
    this.#opening = openLoader(this.#plan);
    this.#loader = await this.#opening;
    return this.#load(this.#loader);
  }

  #load(loader: BatchLoader): Batch | Promise<Batch> {
    const began = this.#now();
    const made = (restarted: boolean): Batch => this.#made(restarted, began);
    // A layer that asks again after a failure gets a loader that has not been through it.
    const fail = (error: unknown): never => {
      this.#closeLoader();
      throw error;
    };
    try {
      const restarted = loader.load(this.#batch, this.#place);
      return typeof restarted === "boolean" ? made(restarted) : restarted.then(made).catch(fail);
    } catch (error) {
      return fail(error);
    }
  }

  #made(restarted: boolean, began: number): Batch {
    const ended = this.#now();
    this.#batch++;
    if (restarted) this.#options.log(RESTART);
    this.#waits.addWork(began, ended);
    this.#lostMs = Math.max(0, this.#lostMs + ended - began - THREAD_MS);
    const batch = this.#tops;
    if (this.#relief && this.#lostMs > START_MS) this.#handOver(this.#relief);
    return batch;
  }

  #handOver(relief: Relief): void {
    this.#closeLoader();
    const start = this.#plan.start + this.#batch * this.#plan.batchSize;
    this.#threads = relief({ ...this.#plan, start });
    // The layer that has the last batch keeps it for as long as it needs it.
    this.#memory = [];
    this.#tops = [];
  }

  readonly #place: Place = (top, shape) => {
    const before = this.#tops[top];
    if (before && sameShape(before.shape, shape)) return before.data;
    const data = this.#room(top, countOf(shape));
    this.#tops[top] = { shape, data };
    return data;
  };

  /** Memory comes anew only where a top is larger than it ever was. */
  #room(top: number, count: number): FloatArray {
    let memory = this.#memory[top];
    if (!memory || memory.length < count) {
      memory = allocate(this.#options.dtype, count);
      this.#memory[top] = memory;
    }
    return memory.length === count ? memory : memory.subarray(0, count);
  }
}
