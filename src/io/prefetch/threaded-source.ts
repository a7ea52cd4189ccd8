import { Worker } from "node:worker_threads";
import { CaffeError, FileError, FormatError } from "../../util/errors.ts";
import type { LoaderPlan } from "../loaders/open-loader.ts";
import { type Batch, type BatchSource, type PrefetchOptions, RESTART } from "./batch-source.ts";
import { createRing, FAILED, RESTARTED, Ring, type SharedRing } from "./ring.ts";
import { WaitReport } from "./wait-report.ts";
import type { WorkerMessage, WorkerOrder } from "./worker.ts";

/** Takes batches from threads that make them ahead. Thread w of n makes batches w, w + n, w + 2n, …. */
export class ThreadedSource implements BatchSource {
  readonly #options: PrefetchOptions;
  readonly #shared: SharedRing;
  readonly #ring: Ring;
  readonly #threads: readonly WorkerThread[];
  readonly #waits: WaitReport;
  #batch = 0;
  #holds = false;

  /** @param file the compiled thread */
  constructor(plan: LoaderPlan, options: PrefetchOptions, file: URL) {
    const { workers } = options;
    this.#options = options;
    // So that each place is filled by one thread alone.
    const depth = Math.ceil(Math.max(options.depth, workers) / workers) * workers;
    this.#shared = createRing(depth, options.shapes, options.dtype);
    this.#ring = new Ring(this.#shared);
    this.#threads = Array.from({ length: workers }, (_, worker) => {
      const order = { plan, ring: this.#shared, worker, workers };
      return new WorkerThread(file, order, this.#ring, options.name);
    });
    this.#waits = new WaitReport(options.name, options.log);
  }

  next(): Batch | Promise<Batch> {
    if (this.#holds) {
      this.#ring.release(this.#batch - 1);
      this.#holds = false;
    }
    return this.#isReady ? this.#take() : this.#wait();
  }

  close(): void {
    for (const thread of this.#threads) thread.close();
    // A wait without an end would keep the ring's memory.
    Atomics.notify(this.#shared.control, this.#ring.producedAt(this.#batch));
  }

  get #isReady(): boolean {
    const batch = this.#batch;
    return (
      this.#ring.isFilled(batch) &&
      this.#ring.status(batch) !== FAILED &&
      this.#ring.knowsMemory(batch)
    );
  }

  #take(): Batch {
    const batch = this.#batch++;
    this.#holds = true;
    if (this.#ring.status(batch) === RESTARTED) this.#options.log(RESTART);
    return this.#ring.take(batch);
  }

  async #wait(): Promise<Batch> {
    const began = performance.now();
    const thread = this.#threads[this.#batch % this.#threads.length] as WorkerThread;
    await thread.whileNeeded(async () => {
      const { control } = this.#shared;
      while (!this.#ring.isFilled(this.#batch)) {
        const at = this.#ring.producedAt(this.#batch);
        const wait = Atomics.waitAsync(control, at, Atomics.load(control, at));
        // It may have been filled in between.
        if (this.#ring.isFilled(this.#batch)) break;
        if (wait.async) await thread.next(wait.value);
      }
      // What a thread tells arrives before what it tells later: one failure, or memory for this batch.
      while (!this.#isReady) await thread.next();
    });
    this.#waits.add(began, performance.now());
    return this.#take();
  }
}

/** Who waits for a thread. */
interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A thread that makes batches, and what it tells. */
class WorkerThread {
  readonly #worker: Worker;
  readonly #waiting = new Set<Waiting>();
  /** What ended the thread. */
  #end: Error | undefined;

  /** @param source what it reads, for messages */
  constructor(file: URL, order: WorkerOrder, ring: Ring, source: string) {
    // Node's own flags are the main program's affair; --input-type, for one, would refuse a file.
    this.#worker = new Worker(file, { workerData: order, execArgv: [] });
    this.#worker.on("message", ({ growth, error, isMissing }: WorkerMessage) => {
      if (growth) ring.grow(growth);
      if (error !== undefined) this.#fail(new (isMissing ? FileError : FormatError)(error));
      for (const { resolve } of this.#waiting) resolve();
      this.#waiting.clear();
    });
    const ended = (cause: Error): void =>
      this.#fail(
        new CaffeError(`the thread that reads ${source} ended: ${cause.message}.`, { cause }),
      );
    this.#worker.on("error", ended);
    this.#worker.on("messageerror", ended);
    this.#worker.on("exit", (code) => ended(new Error(`exit code ${code}`)));
    this.#worker.unref();
  }

  /**
   * Fulfilled with `event`, or when the thread next tells something. Nothing of a wait outlives it.
   * @throws Error that ended the thread
   */
  next(event?: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const waiting = { resolve, reject };
      this.#waiting.add(waiting);
      void event?.then(() => {
        this.#waiting.delete(waiting);
        resolve();
      });
    });
  }

  /** Keeps the process alive while `work` waits for this thread. */
  async whileNeeded(work: () => Promise<void>): Promise<void> {
    this.#worker.ref();
    try {
      await work();
    } finally {
      this.#worker.unref();
    }
  }

  close(): void {
    void this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting) reject(this.#end);
    this.#waiting.clear();
  }
}
