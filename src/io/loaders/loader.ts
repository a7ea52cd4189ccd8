import type { FloatArray } from "../../util/arrays.ts";

/** What every source is told. Plans are plain data and shared memory, so that they can be sent to a thread. */
export interface BasePlan {
  readonly batchSize: number;
  /** Random numbers of record k come from (seed, stream, k), whichever thread reads it. */
  readonly seed: number;
  readonly stream: string;
  /** Records that this rank has handed on before. */
  readonly start: number;
  /** Of every `count` records this rank takes number `rank`. */
  readonly shard: { readonly rank: number; readonly count: number };
}

/** Gives room for a top of a batch, by its number and the shape that it has this time. */
export type Place = (top: number, shape: readonly number[]) => FloatArray;

/** Makes the batches of one source. Each may be asked for alone: who makes which changes nothing. */
export interface BatchLoader {
  /**
   * Makes batch number `batch`, 0 being the first from `start` on, and says whether the source began anew in it: at once
   * where nothing is waited for.
   * @throws FileError, FormatError that name the source and the record
   */
  load(batch: number, place: Place): boolean | Promise<boolean>;
  close(): void;
}

/** The number of record `i` of a batch among all records that all ranks read, from the beginning of training. */
export function recordNumber(
  { batchSize, start, shard }: BasePlan,
  batch: number,
  i: number,
): number {
  return (start + batch * batchSize + i) * shard.count + shard.rank;
}
