import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { LoaderPlan } from "../loaders/open-loader.ts";
import type { BatchSource, PrefetchOptions } from "./batch-source.ts";
import { DirectSource } from "./direct-source.ts";
import { ThreadedSource } from "./threaded-source.ts";

/** More threads than this would take the cores that train. */
const MOST_WORKERS = 4;

/** How many threads make batches where no number is given: decoding images pays more than one. */
function usualWorkers(isDecoded: boolean): number {
  return isDecoded ? Math.min(availableParallelism(), MOST_WORKERS) : 1;
}

/**
 * Reads batches ahead in threads of their own, into a ring in shared memory: none is copied between threads. A source
 * so cheap that waking a thread costs more is read when a batch is asked for, unless threads are asked for; and so is any
 * where there is no compiled thread to run (source used without a build).
 */
export function prefetch(plan: LoaderPlan, options: PrefetchOptions): BatchSource {
  const file = new URL("./worker.js", import.meta.url);
  if (!import.meta.url.startsWith("file:") || !existsSync(fileURLToPath(file))) {
    return new DirectSource(plan, options);
  }
  const { workers, isDecoded } = options;
  const threads = { ...options, workers: workers || usualWorkers(isDecoded) };
  const inThreads = (of: LoaderPlan): BatchSource => new ThreadedSource(of, threads, file);
  return workers > 0 || isDecoded ? inThreads(plan) : new DirectSource(plan, options, inThreads);
}
