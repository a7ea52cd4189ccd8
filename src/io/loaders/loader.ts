import type { FloatArray } from "../../util/arrays.ts";

/** What every source is told. Plans are plain data and shared memory, so that they can be sent to a thread. */
export interface BasePlan {
  readonly batchSize: number;
  /** Random numbers of record k come from (seed, stream, k), whichever thread reads it. */
  readonly seed: number;
  readonly stream: string;
  /** Records that this rank has handed on before; of shared batches, that all have. */
  readonly start: number;
  readonly shard: Shard;
}

/** What one of several ranks reads: of every `count` records number `rank`; or every `count`th of whole batches. */
export interface Shard {
  readonly rank: number;
  readonly count: number;
  readonly of: "records" | "batches";
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
  const { rank, count } = shard;
  if (shard.of === "records") return (start + batch * batchSize + i) * count + rank;
  // Reading begins at a batch of this rank's.
  return start + batch * count * batchSize + i;
}
