import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { FileError, FormatError } from "../util/errors.ts";
import { type BatchPlan, BatchReader } from "./batch-reader.ts";

/** One batch; its memory is the reader's and holds until the next one is asked for. */
export interface Batch {
  readonly shape: readonly [number, number, number];
  readonly data: Float32Array;
  readonly label: Float32Array;
}

/** Where the worker and the main thread say how far they are. */
export const PRODUCED = 0;
export const TAKEN = 1;
export const FAILED = 2;

/** What the worker is given. */
export interface PrefetchOrder {
  readonly plan: BatchPlan;
  /** (C, H, W) of every batch: the ring's places are of one size. */
  readonly shape: readonly [number, number, number];
  readonly control: Int32Array;
  readonly data: readonly Float32Array[];
  readonly label: readonly Float32Array[];
}

/** Hands out batches in order, some of them read ahead. */
export interface BatchSource {
  /** The next batch, at once if it is ready. The one before goes back. */
  next(): Batch | Promise<Batch>;
  close(): void;
}

/**
 * Reads batches ahead in a worker thread: a ring of `depth` batches in shared memory, none copied between
 * threads. Where every batch has a size of its own (one record each, uncropped), or the worker's file is not
 * there (source run without a build), batches are read when asked for.
 *
 * @param log takes Caffe's lines about restarts and waiting
 */
export function prefetch(
  plan: BatchPlan,
  depth: number,
  log: (message: string) => void,
): BatchSource {
  const file = new URL(
    import.meta.url.endsWith(".ts") ? "./prefetch-worker.ts" : "./prefetch-worker.js",
    import.meta.url,
  );
  const canVary = plan.batchSize === 1 && plan.transform.cropSize === 0;
  if (canVary || file.pathname.endsWith(".ts") || !existsSync(file))
    return new DirectSource(plan, log);
  return new WorkerSource(plan, Math.max(depth, 1), file, log);
}

class DirectSource implements BatchSource {
  readonly #reader: BatchReader;
  readonly #batchSize: number;
  readonly #log: (message: string) => void;
  #data: Float32Array = new Float32Array(0);
  readonly #label: Float32Array;

  constructor(plan: BatchPlan, log: (message: string) => void) {
    this.#reader = new BatchReader(plan);
    this.#batchSize = plan.batchSize;
    this.#label = new Float32Array(plan.batchSize);
    this.#log = log;
  }

  next(): Batch {
    const shape = this.#reader.peekShape();
    const count = this.#batchSize * shape[0] * shape[1] * shape[2];
    if (this.#data.length < count) this.#data = new Float32Array(count);
    if (this.#reader.fill(this.#data, this.#label))
      this.#log("Restarting data prefetching from start.");
    return { shape, data: this.#data, label: this.#label };
  }

  close(): void {
    this.#reader.close();
  }
}

class WorkerSource implements BatchSource {
  readonly #worker: Worker;
  readonly #order: PrefetchOrder;
  readonly #shape: readonly [number, number, number];
  readonly #log: (message: string) => void;
  readonly #failure: Promise<never>;
  #taken = 0;
  #waits = 0;
  #holds = false;
  #isClosed = false;

  constructor(plan: BatchPlan, depth: number, file: URL, log: (message: string) => void) {
    const reader = new BatchReader(plan);
    this.#shape = reader.peekShape();
    reader.close();
    this.#log = log;
    const [c, h, w] = this.#shape;
    const shared = (count: number): Float32Array =>
      new Float32Array(new SharedArrayBuffer(4 * count));
    const slots = Array.from({ length: depth });
    this.#order = {
      plan,
      shape: this.#shape,
      control: new Int32Array(new SharedArrayBuffer(12)),
      data: slots.map(() => shared(plan.batchSize * c * h * w)),
      label: slots.map(() => shared(plan.batchSize)),
    };
    // Node's own flags are the main program's affair; --input-type, for one, would refuse a file.
    this.#worker = new Worker(file, { workerData: this.#order, execArgv: [] });
    this.#failure = new Promise((_, reject) => {
      this.#worker.on(
        "message",
        (message: { restart?: true; error?: string; isMissing?: boolean }) => {
          if (message.restart && !this.#isClosed)
            this.#log("Restarting data prefetching from start.");
          if (message.error === undefined) return;
          reject(new (message.isMissing ? FileError : FormatError)(message.error));
        },
      );
      this.#worker.on("error", reject);
    });
    // Whoever waits for a batch gets it; unheard, it must not end the process.
    this.#failure.catch(() => {});
    this.#worker.unref();
  }

  next(): Batch | Promise<Batch> {
    const { control } = this.#order;
    if (this.#holds) {
      this.#holds = false;
      Atomics.store(control, TAKEN, this.#taken);
      Atomics.notify(control, TAKEN);
    }
    return Atomics.load(control, PRODUCED) > this.#taken ? this.#take() : this.#wait();
  }

  #take(): Batch {
    const slot = this.#taken % this.#order.data.length;
    this.#taken++;
    this.#holds = true;
    return {
      shape: this.#shape,
      data: this.#order.data[slot] as Float32Array,
      label: this.#order.label[slot] as Float32Array,
    };
  }

  async #wait(): Promise<Batch> {
    if (++this.#waits % 1000 === 0) this.#log("Waiting for data");
    const { control } = this.#order;
    // A thread that is waited for must keep the process alive.
    this.#worker.ref();
    try {
      while (Atomics.load(control, PRODUCED) <= this.#taken) {
        if (Atomics.load(control, FAILED)) return await this.#failure;
        const wait = Atomics.waitAsync(control, PRODUCED, this.#taken);
        if (wait.async) await Promise.race([wait.value, this.#failure]);
      }
    } finally {
      this.#worker.unref();
    }
    return this.#take();
  }

  close(): void {
    this.#isClosed = true;
    void this.#worker.terminate();
  }
}
