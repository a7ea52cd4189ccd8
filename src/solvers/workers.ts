import type { SyncedMem } from "../syncedmem/synced-mem.ts";

/** How gradients of several workers are added up while their backward passes go on. */
export interface GradientSums {
  /** The gradient is whole here, and goes on its way; in the same order on every worker. */
  send(gradient: SyncedMem): void;
  /** Those of which the sum over all workers has come since this was asked last, without waiting. */
  arrived(): readonly SyncedMem[];
  /** Waits until all that were sent are sums. */
  settle(): Promise<void>;
  /** Bytes that this worker has sent off. */
  readonly bytes: number;
  /** How long gradients were on their way, in all, and how long of that this worker waited for them. */
  readonly onWayMs: number;
  readonly waitedMs: number;
  /** Goes on as from the beginning: nothing that was kept of earlier gradients, or agreed on, holds any more. */
  restart(): void;
}

/**
 * Solvers in other processes that train the same net beside this one, each with its share of the records. All of them do the
 * same in the same order, and their weights stay the same: updates are made of the mean of their gradients.
 */
export interface Workers {
  /** Which of them this is; number 0 writes snapshots. */
  readonly rank: number;
  readonly count: number;
  readonly gradients: GradientSums;
  /** How long this one has waited for the others, in all. */
  readonly waitedMs: number;
  /** A worker by its number and the machine that it is on, for messages. */
  nameOf(rank: number): string;
  /** Every worker's numbers, in the order of ranks; all give as many. */
  meet(numbers: readonly number[]): Promise<readonly (readonly number[])[]>;
  /** Adds numbers up over all workers, and waits for that: every worker does it at the same moment. */
  sumNow(numbers: Float64Array): void;
  /** Every worker's value, in the order of ranks: plain data and typed arrays. */
  share<T>(value: T): Promise<T[]>;
  /** Makes arrays those of worker 0. */
  follow(arrays: readonly SyncedMem[]): Promise<void>;
}
