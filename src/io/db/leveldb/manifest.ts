import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { FileError, FormatError } from "../../../util/errors.ts";
import { RandomAccessFile } from "../../files/random-access-file.ts";
import { readText } from "../../files/read-file.ts";
import { LogReader } from "./log-file.ts";

/** The files a database is made of now. */
export interface LiveFiles {
  /** Tables by level: those of level 0 may overlap; of the others, in the order of their keys. */
  readonly levels: readonly (readonly string[])[];
  /** Logs of what has not been written to a table, the oldest first. */
  readonly logs: readonly string[];
  /** The manifest's own file. */
  readonly manifest: string;
  /** The number that no file has yet, and that of the last entry. */
  readonly numbers: { readonly nextFile: number; readonly lastSequence: number };
  /** The greatest key of the tables, as entries have it; undefined where there is no table. */
  readonly largest: Uint8Array | undefined;
}

interface TableFile {
  readonly number: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** What the fields of a change are numbered. */
export const TAGS = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedTable: 6,
  newTable: 7,
  previousLog: 9,
} as const;

export const COMPARATOR = "leveldb.BytewiseComparator";
export const LEVELS = 7;
/** Eight bytes behind a key tell its entry's number and kind. */
const keyOf = (internal: Uint8Array): Uint8Array => internal.subarray(0, -8);

/**
 * Reads which files of a LevelDB folder are live: CURRENT names the manifest, a log of changes.
 * @throws FileError, FormatError where one is missing or damaged
 * @see doc/impl.md of google/leveldb
 */
export function readManifest(folder: string): LiveFiles {
  const name = readText(join(folder, "CURRENT"), "database").trim();
  if (!/^MANIFEST-\d+$/.test(name)) {
    throw new FormatError(
      `${join(folder, "CURRENT")}: it says "${name.slice(0, 40)}". Expected the name of a manifest.`,
    );
  }
  const levels = Array.from({ length: LEVELS }, () => new Map<number, TableFile>());
  const numbers = { log: 0, previousLog: 0, nextFile: 0, lastSequence: 0 };
  const path = join(folder, name);
  const file = new RandomAccessFile(path);
  try {
    const changes = new LogReader(file);
    while (changes.nextRecord()) applyEdit(changes, path, levels, numbers);
  } finally {
    file.close();
  }
  const largest = levels
    .flatMap((tables) => [...tables.values()].map((table) => keyOf(table.largest)))
    .reduce<Uint8Array | undefined>(
      (most, key) => (most && Buffer.compare(most, key) >= 0 ? most : key),
      undefined,
    );
  return {
    manifest: path,
    numbers,
    largest,
    levels: levels.map((tables, level) =>
      [...tables.values()]
        .sort((a, b) =>
          level === 0 ? a.number - b.number : Buffer.compare(a.smallest, b.smallest),
        )
        .map(({ number }) => tablePath(folder, number)),
    ),
    logs: readdirSync(folder)
      .flatMap((entry) => /^(\d+)\.log$/.exec(entry)?.[1] ?? [])
      .filter((text) => Number(text) >= numbers.log || Number(text) === numbers.previousLog)
      .sort((a, b) => Number(a) - Number(b))
      .map((text) => join(folder, `${text}.log`)),
  };
}

/** One change: fields by their tags. */
function applyEdit(
  change: LogReader,
  path: string,
  levels: readonly Map<number, TableFile>[],
  numbers: Record<"log" | "previousLog" | "nextFile" | "lastSequence", number>,
): void {
  const level = (): Map<number, TableFile> => {
    const tables = levels[change.varint()];
    if (!tables) throw new FormatError(`${path}: it tells of a level beyond ${LEVELS - 1}.`);
    return tables;
  };
  while (!change.isAtEnd) {
    const tag = change.varint();
    if (tag === TAGS.comparator) checkComparator(change.string(), path);
    else if (tag === TAGS.logNumber) numbers.log = change.varint();
    else if (tag === TAGS.previousLog) numbers.previousLog = change.varint();
    else if (tag === TAGS.nextFile) numbers.nextFile = change.varint();
    else if (tag === TAGS.lastSequence) numbers.lastSequence = change.varint();
    else if (tag === TAGS.compactPointer) {
      level();
      change.string();
    } else if (tag === TAGS.deletedTable) level().delete(change.varint());
    else if (tag === TAGS.newTable) {
      const tables = level();
      const number = change.varint();
      change.varint();
      tables.set(number, { number, smallest: change.string(), largest: change.string() });
    } else throw new FormatError(`${path}: it holds an unknown change (${tag}); it is damaged.`);
  }
}

function checkComparator(name: Uint8Array, path: string): void {
  const text = new TextDecoder().decode(name);
  if (text !== COMPARATOR) {
    throw new FormatError(
      `${path}: its keys are in the order of ${text}. Expected ${COMPARATOR}, as Caffe has them.`,
    );
  }
}

/** A table's file; its suffix was .sst once. */
function tablePath(folder: string, number: number): string {
  const name = join(folder, String(number).padStart(6, "0"));
  const path = [`${name}.ldb`, `${name}.sst`].find(existsSync);
  if (path) return path;
  throw new FileError(
    `database "${folder}" cannot be opened: ${name}.ldb is missing. Expected a whole LevelDB database.`,
  );
}
