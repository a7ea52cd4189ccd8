import type { SyncedMem } from "../syncedmem/synced-mem.ts";

/** What one worker updates of a parameter that lies where all workers see it: elements that no other changes. */
export interface UpdateShare {
  readonly parameter: SyncedMem;
  /** The sum over all workers. */
  readonly gradient: SyncedMem;
  readonly history: readonly SyncedMem[];
}

/** A gradient that is the sum over all workers: the whole of it, or where there is a share that alone. */
export interface Arrival {
  readonly gradient: SyncedMem;
  readonly share?: UpdateShare;
}

/** How gradients of several workers are added up while their backward passes go on. */
export interface GradientSums {
  /**
   * The gradient is whole here, and goes on its way; in the same order on every worker.
   * @param updated the parameter and its history, where workers may move them to memory of all, and share the update
   */
  send(gradient: SyncedMem, updated?: readonly SyncedMem[]): void;
  /** Those of which the sum over all workers has come since this was asked last, without waiting. */
  arrived(): readonly Arrival[];
  /** Waits for all that were sent; gives those that `arrived` has not given. */
  settle(): Promise<readonly Arrival[]>;
  /**
   * All that have come are used up here; waits until they are everywhere.
   * @param isSound whether every number that this worker has updated is finite
   * @returns whether that is so of all that workers share
   */
  finish(isSound: boolean): Promise<boolean>;
  /** Bytes that this worker has sent off. */
  readonly bytes: number;
  /** How long gradients were on their way, in all, and how long of that this worker waited for them. */
  readonly onWayMs: number;
  readonly waitedMs: number;
  /**
   * Goes on as from the beginning: nothing that was kept of earlier gradients, or agreed on, holds any more, and parameters are
   * each worker's own.
   */
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
