import { shuffled } from "../../util/shuffled.ts";
import type { Db } from "../db/db.ts";
import { openDatabase } from "../db/open.ts";
import { RecordStream } from "../db/record-stream.ts";
import { type BasePlan, type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord, recordName } from "./record-error.ts";

/** A plan that reads a database. */
export interface RecordPlan extends BasePlan {
  readonly source: string;
  /** The order is drawn anew for every pass, where the database finds records by their numbers. */
  readonly shuffle: boolean;
}

/** The records of a plan's database, as they come. */
export function recordStreamOf(plan: RecordPlan, db: Db): RecordStream {
  const { shuffle, seed, stream } = plan;
  if (!shuffle) return new RecordStream(db);
  return new RecordStream(db, (count, pass) => shuffled(count, seed, stream, "order", pass));
}

/**
 * What a plan's first record tells, and which kind of database it lies in.
 * @param look reads it
 * @throws FileError, FormatError where the database cannot be opened, or the record is damaged
 */
export function peekRecord<T>(
  plan: RecordPlan,
  look: (value: Uint8Array) => T,
): T & { readonly backend: Db["backend"] } {
  const db = openDatabase(plan.source);
  try {
    const stream = recordStreamOf(plan, db);
    stream.seek(recordNumber(plan, 0, 0));
    const { key, value } = stream.next();
    stream.close();
    try {
      return { ...look(value), backend: db.backend };
    } catch (error) {
      throw aboutRecord(error, recordName(plan.source, key));
    }
  } finally {
    db.close();
  }
}

/**
 * Makes batches of a database's records, round and round. What becomes of a record, its
 * kinds say.
 */
export abstract class RecordLoader<Filling> implements BatchLoader {
  readonly #plan: RecordPlan;
  readonly #db: Db;
  readonly #records: RecordStream;

  constructor(plan: RecordPlan) {
    this.#plan = plan;
    this.#db = openDatabase(plan.source);
    this.#records = recordStreamOf(plan, this.#db);
  }

  /** Begins a batch. */
  protected abstract begin(batch: number, place: Place): Filling;

  /** Makes a record sample `i` of a batch: at once unless a decoder has to be waited for. */
  protected abstract add(value: Uint8Array, filling: Filling, i: number): Promise<void> | undefined;

  /** Ends a batch, all of whose samples are there. */
  protected abstract end(filling: Filling): void;

  load(batch: number, place: Place): boolean | Promise<boolean> {
    return this.#fill(batch, this.begin(batch, place), 0);
  }

  close(): void {
    this.#records.close();
    this.#db.close();
  }

  /** Fills a batch from its sample `from` on. */
  #fill(batch: number, filling: Filling, from: number): boolean | Promise<boolean> {
    const { batchSize, source } = this.#plan;
    for (let i = from; i < batchSize; i++) {
      this.#records.seek(recordNumber(this.#plan, batch, i));
      const { key, value } = this.#records.next();
      const fail = (error: unknown): never => {
        throw aboutRecord(error, recordName(source, key));
      };
      try {
        const late = this.add(value, filling, i);
        if (late) return late.catch(fail).then(() => this.#fill(batch, filling, i + 1));
      } catch (error) {
        return fail(error);
      }
    }
    this.end(filling);
    const before = recordNumber(this.#plan, batch, 0) - 1;
    const last = recordNumber(this.#plan, batch, batchSize - 1);
    return this.#records.passOf(last) > this.#records.passOf(Math.max(before, 0));
  }
}
