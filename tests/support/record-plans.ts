import { join } from "node:path";
import { createLmdb } from "../../src/io/db/lmdb/create.ts";
import type { Transform } from "../../src/io/images/data-transformer.ts";
import type { DatabasePlan } from "../../src/io/loaders/database-loader.ts";
import type { Batch, BatchSource } from "../../src/io/prefetch/batch-source.ts";
import { encodeDatum } from "../../src/io/proto/datum.ts";

/** A Datum of side × side bytes that tell its label. */
export const square = (side: number, label: number): Uint8Array =>
  encodeDatum({
    channels: 1,
    height: side,
    width: side,
    data: Uint8Array.from({ length: side * side }, (_, i) => 10 * label + i),
    label,
  });

/** Writes an LMDB of these records. */
export async function writeRecords(path: string, records: readonly Uint8Array[]): Promise<void> {
  const writer = createLmdb(path);
  for (const [i, record] of records.entries()) await writer.put(String(i).padStart(8, "0"), record);
  await writer.finish();
}

/** What leaves images as they are. */
export const unchanged: Transform = {
  scale: 1,
  mirror: false,
  cropHeight: 0,
  cropWidth: 0,
  mean: undefined,
  meanValues: [],
  phase: "TRAIN",
};

/** A plan that reads a database as it is. */
export const planOf = (
  folder: string,
  name: string,
  batchSize: number,
  more: Partial<DatabasePlan> = {},
): DatabasePlan => ({
  kind: "database",
  source: join(folder, name),
  batchSize,
  transform: unchanged,
  color: "unchanged",
  hasLabels: true,
  shuffle: false,
  seed: 1,
  stream: "data",
  start: 0,
  shard: { rank: 0, count: 1, of: "records" },
  ...more,
});

/** Labels, shape and pixels of a batch. */
export interface Taken {
  readonly l: number[];
  readonly shape: string;
  readonly x: number[];
}

export function taken([data, label]: Batch): Taken {
  return {
    l: [...(label?.data ?? [])],
    shape: data?.shape.join() ?? "",
    x: [...(data?.data ?? [])],
  };
}

/** The next `count` batches of a source, which is closed. */
export async function take(source: BatchSource, count: number): Promise<Taken[]> {
  const batches: Taken[] = [];
  for (let i = 0; i < count; i++) batches.push(taken(await source.next()));
  source.close();
  return batches;
}
