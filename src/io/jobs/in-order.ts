import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { CaffeError } from "../../util/errors.ts";
import { type Job, runJob } from "./jobs.ts";
import type { Answer, Outcome, Parcel } from "./worker.ts";

/** Small jobs that go to a thread at once, and such parcels that each thread has before it. */
const [PARCEL, AHEAD] = [16, 2];
/** The compiled thread. */
const THREAD = new URL("./worker.js", import.meta.url);

/** One thread for each core where nobody says. */
export function usualThreads(): number {
  return availableParallelism();
}

/**
 * Does jobs in threads and gives what became of each in the order of the jobs. No more than a few parcels are under
 * way, however many jobs there are. With 0 threads, or where there is no compiled one, jobs are done here, one by one.
 *
 * @param parcel jobs that go to a thread at once
 * @param file what a thread runs: it answers a `Parcel` with an `Answer`
 * @throws CaffeError where a thread ends before its jobs do
 */
export async function* inOrder<J extends Job>(
  jobs: Iterable<J>,
  threads: number,
  parcel = PARCEL,
  file: URL = THREAD,
): AsyncGenerator<Outcome<J>> {
  const isHere = threads === 0 || file.protocol !== "file:";
  if (isHere || !existsSync(fileURLToPath(file))) {
    for (const job of jobs) yield await done(job);
    return;
  }
  const pool = Array.from({ length: Math.max(1, threads) }, () => new JobThread<J>(file));
  const under: Promise<readonly Outcome<J>[]>[] = [];
  try {
    let next = 0;
    for (const some of parcels(jobs, parcel)) {
      const thread = pool[next++ % pool.length] as JobThread<J>;
      const answer = thread.run(some);
      // It may fail while an earlier one is waited for; whoever stopped before does not hear of it.
      answer.catch(() => {});
      under.push(answer);
      if (under.length >= AHEAD * pool.length) yield* (await under.shift()) ?? [];
    }
    for (const outcomes of under) yield* await outcomes;
  } finally {
    await Promise.all(pool.map((thread) => thread.close()));
  }
}

async function done<J extends Job>(job: J): Promise<Outcome<J>> {
  try {
    return { result: await runJob(job) };
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
interface Waiting<J extends Job> {
  readonly resolve: (outcomes: readonly Outcome<J>[]) => void;
  readonly reject: (error: CaffeError) => void;
}

/** A thread that does parcels of jobs. Answers carry their parcel's number, so they may come in any order. */
class JobThread<J extends Job> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting<J>>();
  #sent = 0;
  /** Why the thread is no more. */
  #end: CaffeError | undefined;

  constructor(file: URL) {
    this.#worker = new Worker(file, { execArgv: [] });
    this.#worker.on("message", ({ number, outcomes }: Answer<J>) => {
      this.#waiting.get(number)?.resolve(outcomes);
      this.#waiting.delete(number);
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("messageerror", (error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`exit code ${code}`)));
  }

  run(jobs: readonly J[]): Promise<readonly Outcome<J>[]> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const parcel: Parcel<J> = { number: this.#sent++, jobs };
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
