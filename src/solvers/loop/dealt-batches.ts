import type { TestedPass } from "../../net/evaluation/test-scores.ts";
import type { Net } from "../../net/net.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { Workers } from "../workers.ts";

/** A tested batch: what the net said, and its loss. */
export interface TestedBatch extends TestedPass {
  readonly loss: number;
}

/**
 * The batches of one test dealt out to workers, of which each tests every `count`th. Together they give what one worker
 * alone would have found, batch by batch.
 */
export class DealtBatches {
  readonly #workers: Workers;
  readonly #first: number;
  readonly #own: TestedBatch[] = [];

  /** @param first how many batches of the net have been dealt out before: sources go on where they are */
  constructor(workers: Workers, first: number) {
    this.#workers = workers;
    this.#first = first;
  }

  /** Whether workers can share the batches of a net: none of its layers but sources keeps something from batch to batch. */
  static suits({ layers, bottomBlobs }: Net): boolean {
    return layers.every(
      (layer, i) => bottomBlobs[i]?.length === 0 || (!layer.state() && !layer.carriesTops),
    );
  }

  /** Whether a batch of the test is this worker's. */
  isOwn(batch: number): boolean {
    return this.#workerOf(batch) === this.#workers.rank;
  }

  #workerOf(batch: number): number {
    return (this.#first + batch) % this.#workers.count;
  }

  add(tested: TestedBatch): void {
    this.#own.push(tested);
  }

  /** What all workers have found, in the order of the batches. */
  async all(): Promise<TestedBatch[]> {
    const found = await this.#workers.share(this.#own);
    const count = found.reduce((sum, { length }) => sum + length, 0);
    const taken = found.map((batches) => batches.values());
    return Array.from({ length: count }, (_, batch) => {
      return taken[this.#workerOf(batch)]?.next().value as TestedBatch;
    });
  }
}

/** What layers count rather than learn (BatchNorm's means and variances), which differs from worker to worker. */
export function statisticsOf({ layers }: Net): SyncedMem[] {
  return layers.flatMap((layer) =>
    layer.blobs.flatMap(({ dataMem }, i) => (layer.isStatistic(i) ? [dataMem] : [])),
  );
}
