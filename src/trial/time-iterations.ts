import { freemem } from "node:os";
import type { Engines } from "../engines/choose.ts";
import { Solver } from "../solvers/solver.ts";
import { residentBytes } from "../util/process-memory.ts";
import { isSource, type Tried, trialParameter } from "./trial-net.ts";

/** What an iteration costs, and what the whole run will. */
export interface Cost {
  /** Samples of one iteration: batch size × iter_size. */
  readonly batch: number;
  /** The middle one of several iterations. */
  readonly msPerIteration: number;
  /** The share of it that training waits for its data layers, 0 to 1. */
  readonly waiting: number;
  /** Milliseconds of all iterations up to max_iter, without tests; undefined without max_iter. */
  readonly msOfRun: number | undefined;
  /** Bytes that building the net and running it took. */
  readonly bytes: number;
  /** About how large a batch may be for the memory that is free now. */
  readonly largestBatch: number;
}

/** The first iterations set up what the others use. */
const WARM_UP = 2;
const MOST_ITERATIONS = 30;

/** Trains a few iterations, for at most so many milliseconds, and measures them. */
export async function timeIterations(
  tried: Tried,
  engines: Engines,
  mostMs: number,
): Promise<Cost> {
  const before = residentBytes();
  const free = freemem();
  const { base_lr = 0.01, max_iter, iter_size = 1 } = tried.param;
  const param = trialParameter(tried, tried.net, { base_lr, lr_policy: "fixed", max_iter: 1e6 });
  const solver = new Solver(param, { engines, file: tried.file, sharesMemory: true });
  try {
    const { net } = solver;
    const isFrom = net.layers.map((layer) => isSource(layer.param));
    let [waited, mark] = [0, 0];
    solver.callbacks.push({
      onStart() {
        mark = performance.now();
      },
    });
    net.afterForward.push((i) => {
      const now = performance.now();
      if (isFrom[i]) waited += now - mark;
      mark = now;
    });
    const began = performance.now();
    const times: number[] = [];
    for (let i = 0; i < WARM_UP + MOST_ITERATIONS; i++) {
      if (i === WARM_UP) waited = 0;
      const start = performance.now();
      await solver.step(1);
      await net.device?.finish();
      if (i >= WARM_UP) times.push(performance.now() - start);
      if (times.length > 0 && performance.now() - began > mostMs) break;
    }
    const batch = net.topBlobs[0]?.[0]?.shape[0] ?? 1;
    const all = times.reduce((sum, ms) => sum + ms, 0);
    const msPerIteration = [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
    // Small nets lie in memory that was there before: their blobs tell what they take then.
    const bytes = Math.max(residentBytes() - before, 2 * net.memoryBytes);
    const weights = 12 * net.parameterCount;
    const perImage = Math.max(bytes - weights, net.memoryBytes) / batch;
    return {
      ...{ batch: batch * iter_size, msPerIteration, bytes },
      waiting: all === 0 ? 0 : Math.min(1, waited / all),
      msOfRun: max_iter === undefined ? undefined : max_iter * msPerIteration,
      largestBatch: Math.max(1, Math.floor((free - weights) / perImage)),
    };
  } finally {
    solver.close();
  }
}
