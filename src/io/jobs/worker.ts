import { parentPort } from "node:worker_threads";
import { type Job, type JobResult, runJob } from "./jobs.ts";

/** What became of one job: its result, or why there is none. */
export type Outcome<J extends Job> = { readonly result: JobResult<J> } | { readonly error: string };

/** Jobs that go to a thread at once, and their number. */
export interface Parcel<J extends Job> {
  readonly number: number;
  readonly jobs: readonly J[];
}

/** What became of each job of a parcel, under its number. */
export interface Answer<J extends Job> {
  readonly number: number;
  readonly outcomes: readonly Outcome<J>[];
}

// One job at a time, across parcels too: a raster's memory holds only until the next image is decoded.
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (parcel: Parcel<Job>) => {
  last = last.then(() => answer(parcel));
});

async function answer({ number, jobs }: Parcel<Job>): Promise<void> {
  const outcomes = await runAll(jobs);
  // Results are handed over, not copied; small ones share memory with others and cannot be.
  const memory = outcomes.flatMap((outcome) => {
    const result = "result" in outcome ? outcome.result : undefined;
    const array = result && ("datum" in result ? result.datum : result.sums);
    const isWhole = array && array.buffer.byteLength === array.byteLength;
    return isWhole ? [array.buffer as ArrayBuffer] : [];
  });
  parentPort?.postMessage({ number, outcomes } satisfies Answer<Job>, memory);
}

async function runAll(jobs: readonly Job[]): Promise<Outcome<Job>[]> {
  const outcomes: Outcome<Job>[] = [];
  for (const job of jobs) {
    try {
      outcomes.push({ result: await runJob(job) });
    } catch (error) {
      outcomes.push({ error: error instanceof Error ? error.message : String(error) });
    }
  }
  return outcomes;
}
