import { closeSync, existsSync, fstatSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../../util/errors.ts";
import { writeFileAtomically } from "../../files/atomic-file.ts";
import { writeAll } from "../../files/output-target.ts";
import { logRecord } from "./log-file.ts";
import { COMPARATOR, LEVELS, readManifest, TAGS } from "./manifest.ts";
import { tableBytes } from "./table-writer.ts";
import { WireWriter } from "./wire.ts";

/** A record to be written. */
export interface NewRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The kind of an entry that has a value. */
const VALUE = 1;

/**
 * The tables of a folder that grows by one after the other, each of which the manifest tells of at once: what a killed run leaves is a
 * database of what it had written.
 *
 * A table behind all keys so far goes to the last level, where LevelDB never moves it again; another, whose keys lie among those of
 * former ones, to level 0, where later tables count before earlier ones.
 */
export class NewTables {
  readonly #folder: string;
  readonly #manifest: number;
  #isOpen = true;
  #nextFile = 2;
  #lastSequence = 0;
  #largest: Uint8Array | undefined;

  /** Begins in an empty folder, or goes on with what is there. */
  constructor(folder: string) {
    this.#folder = folder;
    if (existsSync(join(folder, "CURRENT"))) {
      const left = readManifest(folder);
      if (left.logs.length > 0) {
        throw new FileError(
          `${folder}: it has a log of another program's. Expected tables alone; remove it to begin anew.`,
        );
      }
      this.#nextFile = left.numbers.nextFile;
      this.#lastSequence = left.numbers.lastSequence;
      this.#largest = left.largest;
      this.#manifest = openSync(left.manifest, "a");
      return;
    }
    this.#manifest = openSync(join(folder, "MANIFEST-000001"), "w");
    const name = new TextEncoder().encode(COMPARATOR);
    this.#tell(
      new WireWriter().varint(TAGS.comparator).string(name).varint(TAGS.logNumber).varint(0),
    );
    writeFileAtomically(join(folder, "CURRENT"), [new TextEncoder().encode("MANIFEST-000001\n")]);
  }

  /** The last key in their order. */
  get largest(): Uint8Array | undefined {
    return this.#largest;
  }

  /** Writes a table of these; of one key the later record counts. */
  add(records: readonly NewRecord[]): void {
    const first = this.#lastSequence + 1;
    const entries = records
      .map(({ key, value }, i) => ({ key, value, sequence: first + i }))
      .sort((a, b) => Buffer.compare(a.key, b.key) || b.sequence - a.sequence);
    const [least, most] = [entries[0], entries.at(-1)];
    if (!least || !most) return;
    const isBehind = !this.#largest || Buffer.compare(least.key, this.#largest) > 0;
    const number = this.#nextFile++;
    const file = openSync(join(this.#folder, `${String(number).padStart(6, "0")}.ldb`), "w");
    try {
      const internal = entries.map((entry) => ({ key: internalKey(entry), value: entry.value }));
      writeAll(file, tableBytes(internal));
      this.#lastSequence += records.length;
      this.#tell(
        new WireWriter()
          .varint(TAGS.newTable)
          .varint(isBehind ? LEVELS - 1 : 0)
          .varint(number)
          .varint(fstatSync(file).size)
          .string(internalKey(least))
          .string(internalKey(most)),
      );
    } finally {
      closeSync(file);
    }
    if (!this.#largest || Buffer.compare(most.key, this.#largest) > 0) this.#largest = most.key;
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#manifest);
    this.#isOpen = false;
  }

  /** Adds a change to the manifest, which has it whole or not at all. */
  #tell(change: WireWriter): void {
    change.varint(TAGS.nextFile).varint(this.#nextFile);
    change.varint(TAGS.lastSequence).varint(this.#lastSequence);
    const { size } = fstatSync(this.#manifest);
    try {
      writeAll(this.#manifest, [Buffer.concat([...logRecord(change.written, size)])]);
    } catch (error) {
      ftruncateSync(this.#manifest, size);
      throw error;
    }
  }
}

/** A key as tables have it: its entry's kind and number stand behind it, in eight bytes. */
function internalKey({
  key,
  sequence,
}: {
  readonly key: Uint8Array;
  readonly sequence: number;
}): Uint8Array {
  const internal = new Uint8Array(key.length + 8);
  internal.set(key);
  const view = new DataView(internal.buffer, key.length);
  view.setUint32(0, (sequence % 2 ** 24) * 256 + VALUE, true);
  view.setUint32(4, Math.floor(sequence / 2 ** 24), true);
  return internal;
}
