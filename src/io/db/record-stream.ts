import type { Db, DbCursor, DbRecord } from "./db.ts";

/** The order of `count` records in a pass. */
type DrawOrder = (count: number, pass: number) => Uint32Array;

/**
 * The records of a database in key order, round and round, each numbered from the beginning of the first pass; or in an order
 * drawn anew for every pass.
 */
export class RecordStream {
  readonly #cursor: DbCursor;
  /** Records in a pass; unknown until the first one has ended, in a database that cannot tell. */
  #count: number | undefined;
  #pass = 0;
  /** Records of this pass that were passed. */
  #at = 0;

  /** Which order passes have; those of databases where records are found one after the other keep that of keys. */
  readonly #draw: DrawOrder | undefined;
  #order: { readonly pass: number; readonly records: Uint32Array } | undefined;

  constructor(db: Db, draw?: DrawOrder) {
    this.#cursor = db.cursor();
    this.#count = db.count;
    this.#draw = this.#cursor.pick ? draw : undefined;
  }

  /** In which pass record number `position` lies; 0 as long as no pass has ended. */
  passOf(position: number): number {
    return this.#count === undefined ? 0 : Math.floor(position / this.#count);
  }

  /** Makes record number `position` the next one: no earlier one than now, as long as the first pass goes on. */
  seek(position: number): void {
    if (this.#draw && this.#count !== undefined) {
      [this.#pass, this.#at] = [Math.floor(position / this.#count), position % this.#count];
      return;
    }
    if (this.#count === undefined) {
      this.#at += this.#cursor.skip(position - this.#at);
      if (this.#at === position) return;
      this.#count = this.#at;
    }
    const [pass, at] = [Math.floor(position / this.#count), position % this.#count];
    if (pass !== this.#pass || at < this.#at) this.#rewind(pass);
    this.#at += this.#cursor.skip(at - this.#at);
  }

  /** The next record. Its bytes hold until the following call. */
  next(): DbRecord {
    if (this.#draw && this.#count !== undefined) return this.#drawn(this.#draw, this.#count);
    let record = this.#cursor.next();
    if (!record) {
      this.#count ??= this.#at;
      this.#rewind(this.#pass + 1);
      record = this.#cursor.next();
    }
    this.#at++;
    // A database that is open holds one record or more.
    return record as DbRecord;
  }

  close(): void {
    this.#cursor.close();
  }

  #drawn(draw: DrawOrder, count: number): DbRecord {
    if (this.#at === count) [this.#pass, this.#at] = [this.#pass + 1, 0];
    const pass = this.#pass;
    if (this.#order?.pass !== pass) this.#order = { pass, records: draw(count, pass) };
    return this.#cursor.pick?.(this.#order.records[this.#at++] ?? 0) as DbRecord;
  }

  #rewind(pass: number): void {
    this.#cursor.rewind();
    this.#pass = pass;
    this.#at = 0;
  }
}
