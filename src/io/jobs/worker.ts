import { parentPort, workerData } from "node:worker_threads";
import { type Answer, done, type Outcome, type Parcel, type Work } from "./in-order.ts";

/** What this thread does. */
const { module, name } = workerData as Pick<Work<unknown, unknown>, "module" | "name">;
const work: Promise<Work<unknown, unknown>> = import(module).then((exported) => exported[name]);

// One job at a time, across parcels too: a raster's memory holds only until the next image is decoded.
let last: Promise<void> = Promise.resolve();
parentPort?.on("message", (parcel: Parcel<unknown>) => {
  last = last.then(() => answer(parcel));
});

async function answer({ number, jobs }: Parcel<unknown>): Promise<void> {
  const { run } = await work;
  const outcomes: Outcome<unknown>[] = [];
  for (const job of jobs) outcomes.push(await done(run, job));
  // Results are handed over, not copied; small ones share memory with others and cannot be.
  const memory = outcomes.flatMap((outcome) => {
    const result = "result" in outcome ? outcome.result : undefined;
    return Object.values(result ?? {}).flatMap((value) => {
      const isWhole = ArrayBuffer.isView(value) && value.buffer.byteLength === value.byteLength;
      return isWhole ? [value.buffer as ArrayBuffer] : [];
    });
  });
  parentPort?.postMessage({ number, outcomes } satisfies Answer<unknown>, memory);
}
