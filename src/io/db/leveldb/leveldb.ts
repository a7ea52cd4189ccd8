import { FormatError } from "../../../util/errors.ts";
import { RandomAccessFile } from "../../files/random-access-file.ts";
import type { Db, DbCursor, DbRecord } from "../db.ts";
import { compareEntries, type Entry } from "./entry.ts";
import { LogReader, readWithin } from "./log-file.ts";
import { type LiveFiles, readManifest } from "./manifest.ts";
import { tableEntries } from "./table.ts";

/**
 * Opens a LevelDB folder for reading. Nothing in it is changed, nor is it locked: Caffe's own way of opening one
 * rewrites it, and lets no second reader in.
 *
 * @throws FileError, FormatError where it cannot be read, or is damaged
 */
export function openLeveldb(path: string): Db {
  const files = readManifest(path);
  const logs = files.logs.map((log) => new RandomAccessFile(log));
  const recent = logs.flatMap((log) => [...logEntries(log)]).sort(compareEntries);
  const db: Db = {
    path,
    backend: "leveldb",
    count: undefined,
    cursor: () => new LeveldbCursor(files, recent),
    close() {
      for (const log of logs) log.close();
    },
  };
  const cursor = db.cursor();
  if (!cursor.next()) {
    db.close();
    throw new FormatError(`${path}: the database holds no records. Expected one or more.`);
  }
  cursor.close();
  return db;
}

/** What a log holds that is in no table yet; values are read when they are asked for. */
function* logEntries(file: RandomAccessFile): Generator<Entry> {
  const log = new LogReader(file);
  while (log.nextRecord()) {
    const { start } = log;
    const first = log.little(8);
    const count = log.little(4);
    for (let i = 0; i < count; i++) {
      const isDeleted = log.byte() === 0;
      const key = log.string();
      const length = isDeleted ? 0 : log.varint();
      const from = log.position;
      log.skip(length);
      const value = (): Uint8Array => readWithin(file, start, from, length);
      yield { key, sequence: first + i, isDeleted, value };
    }
  }
}

class LeveldbCursor implements DbCursor {
  readonly #files: LiveFiles;
  readonly #recent: readonly Entry[];
  #entries: Generator<Entry>;

  constructor(files: LiveFiles, recent: readonly Entry[]) {
    this.#files = files;
    this.#recent = recent;
    this.#entries = this.#begin();
  }

  next(): DbRecord | undefined {
    const step = this.#entries.next();
    return step.done ? undefined : { key: step.value.key, value: step.value.value() };
  }

  skip(count: number): number {
    let passed = 0;
    while (passed < count && !this.#entries.next().done) passed++;
    return passed;
  }

  rewind(): void {
    this.close();
    this.#entries = this.#begin();
  }

  close(): void {
    this.#entries.return(undefined);
  }

  #begin(): Generator<Entry> {
    const [overlapping = [], ...levels] = this.#files.levels;
    return latest(
      merge([
        this.#recent.values(),
        ...overlapping.map(tableEntries),
        ...levels.filter((tables) => tables.length > 0).map(chain),
      ]),
    );
  }
}

/** The entries of tables that follow each other. */
function* chain(tables: readonly string[]): Generator<Entry> {
  for (const table of tables) yield* tableEntries(table);
}

/** Of each key the latest entry, unless that deletes it. */
function* latest(entries: Iterable<Entry>): Generator<Entry> {
  let key: Uint8Array | undefined;
  for (const entry of entries) {
    if (key && Buffer.compare(key, entry.key) === 0) continue;
    key = entry.key;
    if (!entry.isDeleted) yield entry;
  }
}

/** Entries of several lists, each in order, in one order. */
function* merge(lists: readonly Iterator<Entry>[]): Generator<Entry> {
  const heads = lists.flatMap((list) => {
    const { value, done } = list.next();
    return done ? [] : [{ list, entry: value as Entry }];
  });
  try {
    while (heads.length > 0) {
      const head = heads.reduce((least, other) =>
        compareEntries(other.entry, least.entry) < 0 ? other : least,
      );
      yield head.entry;
      const { value, done } = head.list.next();
      if (done) heads.splice(heads.indexOf(head), 1);
      else head.entry = value;
    }
  } finally {
    for (const { list } of heads) list.return?.();
  }
}
