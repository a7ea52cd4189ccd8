import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CaffeError } from "../../util/errors.ts";

/** What is done with each of many jobs, in this thread or in others. */
export interface Work<Job, Result> {
  /** Does one job; each thread does one at a time. What it throws becomes the job's outcome. */
  readonly run: (job: Job) => Promise<Result>;
  /** The module that exports this work, and under which name: a thread imports it. */
  readonly module: string;
  readonly name: string;
}

/** What became of one job: its result, or why there is none. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: string };

/** Jobs that go to a thread at once, and their number. */
export interface Parcel<Job> {
  readonly number: number;
  readonly jobs: readonly Job[];
}

/** What became of each job of a parcel, under its number. */
export interface Answer<Result> {
  readonly number: number;
  readonly outcomes: readonly Outcome<Result>[];
}

/** Small jobs that go to a thread at once, and such parcels that each thread has before it. */
const [PARCEL, AHEAD] = [16, 2];
/** The compiled thread. */
const THREAD = new URL("./worker.js", import.meta.url);

/** One thread for each core: how many there are where no number is given. */
export function usualThreads(): number {
  return availableParallelism();
}

/**
 * Does jobs in threads and gives what became of each in the order of the jobs. No more than a few parcels are under
 * way, however many jobs there are. With 0 threads, or where there is no compiled one, jobs are done here, one by one.
 *
 * @param work what is done with each; what it gives can be sent from thread to thread
 * @param parcel jobs that go to a thread at once
 * @param file what a thread runs: it answers a `Parcel` with an `Answer`
 * @throws CaffeError where a thread ends before its jobs do
 */
export async function* inOrder<Job, Result>(
  work: Work<Job, Result>,
  jobs: Iterable<Job>,
  threads: number,
  parcel = PARCEL,
  file: URL = THREAD,
): AsyncGenerator<Outcome<Result>> {
  const isHere = threads === 0 || file.protocol !== "file:";
  if (isHere || !existsSync(fileURLToPath(file))) {
    for (const job of jobs) yield await done(work.run, job);
    return;
  }
  const pool = Array.from(
    { length: Math.max(1, threads) },
    () => new JobThread<Job, Result>(file, work),
  );
  const under: Promise<readonly Outcome<Result>[]>[] = [];
  try {
    let next = 0;
    for (const some of parcels(jobs, parcel)) {
      const thread = pool[next++ % pool.length] as JobThread<Job, Result>;
      const answer = thread.run(some);
      // It may fail while an earlier one is waited for; a caller that has stopped before does not hear of it.
      answer.catch(() => {});
      under.push(answer);
      if (under.length >= AHEAD * pool.length) yield* (await under.shift()) ?? [];
    }
    for (const outcomes of under) yield* await outcomes;
  } finally {
    await Promise.all(pool.map((thread) => thread.close()));
  }
}

/** Does one job, and gives what became of it. */
export async function done<Job, Result>(
  run: (job: Job) => Promise<Result>,
  job: Job,
): Promise<Outcome<Result>> {
  try {
    return { result: await run(job) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function* parcels<J>(jobs: Iterable<J>, length: number): Generator<J[]> {
  let parcel: J[] = [];
  for (const job of jobs) {
    parcel.push(job);
    if (parcel.length === length) {
      yield parcel;
      parcel = [];
    }
  }
  if (parcel.length > 0) yield parcel;
}

/** Who waits for what became of a parcel. */
interface Waiting<Result> {
  readonly resolve: (outcomes: readonly Outcome<Result>[]) => void;
  readonly reject: (error: CaffeError) => void;
}

/** A thread that does parcels of jobs. Answers carry their parcel's number, so they may come in any order. */
class JobThread<Job, Result> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #sent = 0;
  /** Why the thread is no more. */
  #end: CaffeError | undefined;

  constructor(file: URL, { module, name }: Work<Job, Result>) {
    this.#worker = new Worker(file, { execArgv: [], workerData: { module, name } });
    this.#worker.on("message", ({ number, outcomes }: Answer<Result>) => {
      this.#waiting.get(number)?.resolve(outcomes);
      this.#waiting.delete(number);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("messageerror", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`exit code ${code}`)));
  }

  run(jobs: readonly Job[]): Promise<readonly Outcome<Result>[]> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const parcel: Parcel<Job> = { number: this.#sent++, jobs };
      this.#waiting.set(parcel.number, { resolve, reject });
      this.#worker.postMessage(parcel);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(cause: unknown): void {
    const text = cause instanceof Error ? cause.message : String(cause);
    this.#end ??= new CaffeError(
      `a thread ended at work: ${text}. Expected it to live as long as there are images; fewer --threads take less memory.`,
      { cause },
    );
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
