import { parentPort, workerData } from "node:worker_threads";
import { FileError } from "../../util/errors.ts";
import type { BatchLoader } from "../loaders/loader.ts";
import { type LoaderPlan, openLoader } from "../loaders/open-loader.ts";
import { FAILED, FILLED, type Growth, RESTARTED, Ring, type SharedRing } from "./ring.ts";

/** What a thread is given: of every `workers` batches it makes number `worker`. */
export interface WorkerOrder {
  readonly plan: LoaderPlan;
  readonly ring: SharedRing;
  readonly worker: number;
  readonly workers: number;
}

/** What a thread tells besides batches. */
export interface WorkerMessage {
  readonly growth?: Growth;
  readonly error?: string;
  readonly isMissing?: boolean;
}

function tell(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Fills its places of the ring for as long as the thread lives; ends where a batch cannot be made. */
async function produce({ plan, ring: shared, worker, workers }: WorkerOrder): Promise<void> {
  const ring = new Ring(shared);
  // Waking costs as much as a small batch does, so a thread sleeps until half of its places are free.
  const half = Math.max(1, Math.floor(shared.depth / workers / 2));
  let loader: BatchLoader | undefined;
  for (let batch = worker; ; batch += workers) {
    if (!ring.hasRoom(batch)) ring.waitForRoom(batch + (half - 1) * workers);
    try {
      loader ??= await openLoader(plan);
      const place = ring.place(batch, (growth) => tell({ growth }));
      const restarted = await loader.load(batch, place);
      ring.publish(batch, restarted ? RESTARTED : FILLED);
    } catch (error) {
      tell({
        error: error instanceof Error ? error.message : String(error),
        isMissing: error instanceof FileError,
      });
      ring.publish(batch, FAILED);
      return;
    }
  }
}

await produce(workerData as WorkerOrder);
