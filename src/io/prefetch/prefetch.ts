import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { allocate, type FloatArray } from "../../util/arrays.ts";
import { countOf } from "../../util/shape.ts";
import type { BatchLoader } from "../loaders/loader.ts";
import { type LoaderPlan, openLoader } from "../loaders/open-loader.ts";
import { type Batch, type BatchSource, type PrefetchOptions, RESTART } from "./batch-source.ts";
import { ThreadedSource } from "./threaded-source.ts";

/** More threads than this would take the cores that train. */
const MOST_WORKERS = 4;

/** How many threads make batches where nobody says: decoding images pays more than one. */
export function usualWorkers(isDecoded: boolean): number {
  return isDecoded ? Math.min(availableParallelism(), MOST_WORKERS) : 1;
}

/**
 * Reads batches ahead in threads of their own, into a ring in shared memory: none is copied between threads.
 * Where there is no compiled thread to run (source used without a build) batches are made when asked for.
 */
export function prefetch(plan: LoaderPlan, options: PrefetchOptions): BatchSource {
  const file = new URL("./worker.js", import.meta.url);
  return import.meta.url.startsWith("file:") && existsSync(fileURLToPath(file))
    ? new ThreadedSource(plan, options, file)
    : new DirectSource(plan, options);
}

/** Makes each batch when it is asked for. */
class DirectSource implements BatchSource {
  readonly #plan: LoaderPlan;
  readonly #options: PrefetchOptions;
  #loader: Promise<BatchLoader> | undefined;
  #batch = 0;
  readonly #tops: { shape: readonly number[]; data: FloatArray }[] = [];

  constructor(plan: LoaderPlan, options: PrefetchOptions) {
    this.#plan = plan;
    this.#options = options;
  }

  async next(): Promise<Batch> {
    this.#loader ??= openLoader(this.#plan);
    const loader = await this.#loader;
    const restarted = await loader.load(this.#batch++, (top, shape) => {
      const count = countOf(shape);
      const before = this.#tops[top]?.data;
      const data =
        before && before.length === count ? before : allocate(this.#options.dtype, count);
      this.#tops[top] = { shape, data };
      return data;
    });
    if (restarted) this.#options.log(RESTART);
    return this.#tops;
  }

  close(): void {
    void this.#loader?.then((loader) => loader.close()).catch(() => {});
  }
}
