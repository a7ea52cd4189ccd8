import { FormatError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { DataTransformer, type Transform } from "./data-transformer.ts";
import { type Datum, decodeDatum } from "./datum.ts";
import type { Db, DbCursor } from "./db/db.ts";
import { openDatabase } from "./db/open.ts";

/** What is read, and how; plain data, so that it can be sent to a worker thread. */
export interface BatchPlan {
  readonly source: string;
  readonly batchSize: number;
  readonly transform: Transform;
  /** Random numbers of record k come from (seed, stream, k), whoever reads it. */
  readonly seed: number;
  readonly stream: string;
  /** Records that have been read before, in all passes over the database. */
  readonly start: number;
  /** Of every `count` records this reader takes number `rank`. */
  readonly shard: { readonly rank: number; readonly count: number };
}

/** Reads records of a database one after the other, round and round, and fills batches with them. */
export class BatchReader {
  readonly #plan: BatchPlan;
  readonly #db: Db;
  readonly #cursor: DbCursor;
  readonly #transformer: DataTransformer;
  #next: Datum | undefined;
  /** Records of the whole database passed so far, those of other ranks included. */
  #position: number;

  /** @throws FileError, FormatError where the database cannot be opened */
  constructor(plan: BatchPlan) {
    this.#plan = plan;
    this.#db = openDatabase(plan.source);
    this.#position = plan.start * plan.shard.count + plan.shard.rank;
    this.#cursor = this.#db.cursor(this.#position % this.#db.count);
    this.#transformer = new DataTransformer(plan.transform);
  }

  /** How many records the database holds. */
  get count(): number {
    return this.#db.count;
  }

  /** (C, H, W) of the coming batch, from its first record. */
  peekShape(): readonly [number, number, number] {
    this.#next ??= this.#read();
    return this.#transformer.outputShape(this.#next);
  }

  /**
   * Fills one batch: `data` with N·C·H·W values, `label` with N, and tells whether the database began anew.
   * @param shape what each record must become, if that is not the coming one's shape
   * @throws FormatError where a record is damaged or of another size
   */
  fill(data: Float32Array, label: Float32Array, shape = this.peekShape()): boolean {
    const { batchSize, seed, stream, shard } = this.#plan;
    const size = shape[0] * shape[1] * shape[2];
    const firstPass = Math.floor(this.#position / this.#db.count);
    for (let i = 0; i < batchSize; i++) {
      const datum = this.#next ?? this.#read();
      this.#next = undefined;
      const own = this.#transformer.outputShape(datum);
      if (own.some((length, axis) => length !== shape[axis])) {
        throw new FormatError(
          `${this.#plan.source}: a record becomes ${own.join("×")} in a batch of ${shape.join("×")}. Expected one size in a batch; give crop_size, or batch_size: 1.`,
        );
      }
      const random = this.#transformer.isRandom
        ? new Random(seed, stream, this.#position % 2 ** 32)
        : undefined;
      this.#transformer.transform(datum, data.subarray(i * size, (i + 1) * size), random);
      label[i] = datum.label;
      this.#position += shard.count;
      for (let skip = 1; skip < shard.count; skip++) this.#cursor.next();
    }
    return Math.floor(this.#position / this.#db.count) > firstPass;
  }

  close(): void {
    this.#cursor.close();
    this.#db.close();
  }

  #read(): Datum {
    return decodeDatum(this.#cursor.next().value, this.#plan.source);
  }
}
