import { parentPort } from "node:worker_threads";
import { type Job, type JobResult, runJob } from "./jobs.ts";

/** What became of one job: its result, or why there is none. */
export type Outcome<J extends Job> = { readonly result: JobResult<J> } | { readonly error: string };

parentPort?.on("message", (jobs: readonly Job[]) => {
  void runAll(jobs).then((outcomes) => {
    // Results are handed over, not copied; small ones share memory with others and cannot be.
    const memory = outcomes.flatMap((outcome) => {
      const result = "result" in outcome ? outcome.result : undefined;
      const array = result && ("datum" in result ? result.datum : result.sums);
      const isWhole = array && array.buffer.byteLength === array.byteLength;
      return isWhole ? [array.buffer as ArrayBuffer] : [];
    });
    parentPort?.postMessage(outcomes, memory);
  });
});

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
