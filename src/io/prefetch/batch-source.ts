import type { DType, FloatArray } from "../../util/arrays.ts";
import type { NdArray } from "../../util/nd-array.ts";

/** One batch, by tops; its memory is the source's and holds until the next batch is asked for. */
export type Batch = readonly NdArray<FloatArray>[];

/** Hands out batches in order. */
export interface BatchSource {
  /** The next batch, at once if it is ready. The one before goes back. */
  next(): Batch | Promise<Batch>;
  close(): void;
}

/** How far, and by how many, batches are read ahead. */
export interface PrefetchOptions {
  /** Batches that there is room for, the one in use included. */
  readonly depth: number;
  /** Threads that make them; 0 where no number is given. */
  readonly workers: number;
  /** Whether images are decoded: that pays threads from the first batch on, and more than one. */
  readonly isDecoded: boolean;
  /** Shapes of the tops, as far as they are known: the room that batches get at first. */
  readonly shapes: readonly (readonly number[])[];
  readonly dtype: DType;
  /** The source as the log names it. */
  readonly name: string;
  /** Takes Caffe's lines about restarts and waiting. */
  readonly log: (message: string) => void;
}

/** Caffe's words where a database begins anew. */
export const RESTART = "Restarting data prefetching from start.";
