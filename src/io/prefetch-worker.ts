import { parentPort, workerData } from "node:worker_threads";
import { FileError } from "../util/errors.ts";
import { BatchReader } from "./batch-reader.ts";
import { FAILED, PRODUCED, type PrefetchOrder, TAKEN } from "./prefetch.ts";

/** Fills the ring for as long as the thread lives, never more than its length ahead. */
function produce({ plan, shape, control, data, label }: PrefetchOrder): void {
  const reader = new BatchReader(plan);
  for (let produced = 0; ; produced++) {
    for (;;) {
      const taken = Atomics.load(control, TAKEN);
      if (produced - taken < data.length) break;
      Atomics.wait(control, TAKEN, taken);
    }
    const slot = produced % data.length;
    const restarted = reader.fill(data[slot] as Float32Array, label[slot] as Float32Array, shape);
    Atomics.store(control, PRODUCED, produced + 1);
    Atomics.notify(control, PRODUCED);
    if (restarted) parentPort?.postMessage({ restart: true });
  }
}

const order = workerData as PrefetchOrder;
try {
  produce(order);
} catch (error) {
  const isMissing = error instanceof FileError;
  parentPort?.postMessage({
    error: error instanceof Error ? error.message : String(error),
    isMissing,
  });
  Atomics.store(order.control, FAILED, 1);
  Atomics.notify(order.control, PRODUCED);
}
