import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { type Job, runJob } from "./jobs.ts";
import type { Outcome } from "./worker.ts";

/** Small jobs that go to a thread at once, and such parcels that each thread has before it. */
const [PARCEL, AHEAD] = [16, 2];

/** One thread for each core where nobody says. */
export function usualThreads(): number {
  return availableParallelism();
}

/**
 * Does jobs in threads and gives what became of each in the order of the jobs. No more than a few parcels are under
 * way, however many jobs there are. With 0 threads, or where there is no compiled one, jobs are done here, one by one.
 *
 * @param parcel jobs that go to a thread at once
 */
export async function* inOrder<J extends Job>(
  jobs: Iterable<J>,
  threads: number,
  parcel = PARCEL,
): AsyncGenerator<Outcome<J>> {
  const file = new URL("./worker.js", import.meta.url);
  const isHere = threads === 0 || !import.meta.url.startsWith("file:");
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
      under.push(thread.run(some));
      if (under.length >= AHEAD * pool.length) yield* (await under.shift()) ?? [];
    }
    for (const outcomes of under) yield* await outcomes;
  } finally {
    // Whoever stopped early does not hear of what was still under way.
    for (const outcomes of under) outcomes.catch(() => {});
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

/** A thread that does parcels of jobs in the order they come. */
class JobThread<J extends Job> {
  readonly #worker: Worker;
  readonly #waiting: {
    resolve: (outcomes: readonly Outcome<J>[]) => void;
    reject: (error: unknown) => void;
  }[] = [];

  constructor(file: URL) {
    this.#worker = new Worker(file, { execArgv: [] });
    this.#worker.on("message", (outcomes: readonly Outcome<J>[]) => {
      this.#waiting.shift()?.resolve(outcomes);
    });
    this.#worker.on("error", (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  run(parcel: readonly J[]): Promise<readonly Outcome<J>[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(parcel);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
