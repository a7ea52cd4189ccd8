import { parentPort, workerData } from "node:worker_threads";
import { BatchReader } from "./batch-reader.ts";
import { FAILED, PRODUCED, type PrefetchOrder, TAKEN } from "./prefetch.ts";

/** Fills the ring for as long as the thread lives, never more than its length ahead. */
function produce({ plan, control, data, label }: PrefetchOrder): void {
  const reader = new BatchReader(plan);
  for (let produced = 0; ; produced++) {
    for (;;) {
      const taken = Atomics.load(control, TAKEN);
      if (produced - taken < data.length) break;
      Atomics.wait(control, TAKEN, taken);
    }
    const slot = produced % data.length;
    const restarted = reader.fill(data[slot] as Float32Array, label[slot] as Float32Array);
    Atomics.store(control, PRODUCED, produced + 1);
    Atomics.notify(control, PRODUCED);
    if (restarted) parentPort?.postMessage({ restart: true });
  }
}

const order = workerData as PrefetchOrder;
try {
  produce(order);
} catch (error) {
  parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) });
  Atomics.store(order.control, FAILED, 1);
  Atomics.notify(order.control, PRODUCED);
}
