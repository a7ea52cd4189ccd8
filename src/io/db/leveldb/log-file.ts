import { crc32c, masked } from "../../../util/crc32c.ts";
import { FormatError } from "../../../util/errors.ts";
import type { RandomAccessFile } from "../../files/random-access-file.ts";
import { ByteReader } from "./wire.ts";

/** Bytes of a block, and of the header before each fragment of a record: checksum, length and kind. */
const BLOCK = 32_768;
const HEADER = 7;
/** Kinds of fragments. */
const [FULL, FIRST, MIDDLE, LAST] = [1, 2, 3, 4];

/**
 * Reads the records of a log in the order they were written. A record lies in one fragment or more; none crosses
 * a block's end. However long a record, one block is in memory.
 *
 * Every reading method throws a FormatError where a fragment is damaged, or the log ends within a record.
 *
 * @see doc/log_format.md of google/leveldb
 */
export class LogReader extends ByteReader {
  readonly #file: RandomAccessFile;
  readonly #block = new Uint8Array(BLOCK);
  readonly #view = new DataView(this.#block.buffer);
  /** Where the block begins in the file, how much of it there is, and where its next fragment begins. */
  #base = -BLOCK;
  #length = 0;
  #next = 0;
  /** What of the present fragment is left, within the block, and whether the record ends with it. */
  #from = 0;
  #to = 0;
  #isLast = true;
  /** Where the record's first fragment begins in the file. */
  start = 0;
  /** Bytes of the record that were read. */
  position = 0;

  constructor(file: RandomAccessFile) {
    super();
    this.#file = file;
  }

  /** Goes to the next record, whatever is left of this one; false where there is none. */
  nextRecord(): boolean {
    while (!this.isAtEnd) this.skip(Math.max(this.#to - this.#from, 1));
    const kind = this.#fragment();
    if (kind === undefined) return false;
    if (kind !== FULL && kind !== FIRST) throw this.damaged();
    this.start = this.#base + this.#from - HEADER;
    this.position = 0;
    return true;
  }

  /** Whether the record has been read. */
  get isAtEnd(): boolean {
    return this.#from === this.#to && this.#isLast;
  }

  override byte(): number {
    this.#need();
    this.position++;
    return this.#block[this.#from++] as number;
  }

  override bytes(length: number): Uint8Array {
    if (length > this.#file.size) throw this.damaged();
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      this.#need();
      const count = Math.min(length - done, this.#to - this.#from);
      bytes.set(this.#block.subarray(this.#from, this.#from + count), done);
      done += count;
      this.#from += count;
    }
    this.position += length;
    return bytes;
  }

  /** Passes over bytes. */
  skip(length: number): void {
    for (let left = length; left > 0; ) {
      this.#need();
      const count = Math.min(left, this.#to - this.#from);
      left -= count;
      this.#from += count;
    }
    this.position += length;
  }

  override damaged(): FormatError {
    return damagedLog(this.#file, this.#base + this.#from);
  }

  /** Makes sure that a byte of the record is at hand. */
  #need(): void {
    while (this.#from === this.#to) {
      if (this.#isLast) throw this.damaged();
      const kind = this.#fragment();
      if (kind === undefined || kind === FULL || kind === FIRST) throw this.damaged();
    }
  }

  /** Goes to the next fragment and gives its kind; undefined at the log's end. */
  #fragment(): number | undefined {
    for (;;) {
      if (this.#next + HEADER > this.#length) {
        this.#base += BLOCK;
        if (this.#base >= this.#file.size) return undefined;
        this.#length = this.#file.readInto(this.#block, this.#base);
        this.#next = 0;
        if (this.#length < HEADER) continue;
      }
      const at = this.#next;
      const size = this.#view.getUint16(at + 4, true);
      const kind = this.#view.getUint8(at + 6);
      // Room that was set aside and never written.
      if (kind === 0 && size === 0) {
        this.#next = this.#length;
        continue;
      }
      this.#from = at + HEADER;
      this.#to = this.#from + size;
      const isWhole =
        this.#to <= this.#length &&
        kind <= LAST &&
        masked(crc32c(this.#block.subarray(at + 6, this.#to))) === this.#view.getUint32(at, true);
      if (!isWhole) throw damagedLog(this.#file, this.#base + at);
      this.#next = this.#to;
      this.#isLast = kind === FULL || kind === LAST;
      return kind;
    }
  }
}

/**
 * A record as a log has it, in fragments.
 * @param at how long the log is before it
 */
export function* logRecord(record: Uint8Array, at: number): Generator<Uint8Array> {
  let room = BLOCK - (at % BLOCK);
  for (let from = 0, isFirst = true; isFirst || from < record.length; isFirst = false) {
    if (room < HEADER) {
      yield new Uint8Array(room);
      room = BLOCK;
    }
    const to = Math.min(from + room - HEADER, record.length);
    const isLast = to === record.length;
    const fragment = new Uint8Array(HEADER + to - from);
    const view = new DataView(fragment.buffer);
    fragment[HEADER - 1] = isFirst ? (isLast ? FULL : FIRST) : isLast ? LAST : MIDDLE;
    fragment.set(record.subarray(from, to), HEADER);
    view.setUint16(4, to - from, true);
    view.setUint32(0, masked(crc32c(fragment.subarray(HEADER - 1))), true);
    yield fragment;
    room = BLOCK;
    from = to;
  }
}

/** Bytes [from, from + length) of the record that begins at `start`, without the headers between. */
export function readWithin(
  file: RandomAccessFile,
  start: number,
  from: number,
  length: number,
): Uint8Array {
  const bytes = new Uint8Array(length);
  // All fragments but the last fill their block.
  const inFirst = BLOCK - (start % BLOCK) - HEADER;
  const beyond = from - inFirst;
  const full = BLOCK - HEADER;
  let [position, room] =
    beyond < 0
      ? [start + HEADER + from, -beyond]
      : [
          start + HEADER + inFirst + Math.floor(beyond / full) * BLOCK + HEADER + (beyond % full),
          full - (beyond % full),
        ];
  for (let done = 0; done < length; ) {
    const count = Math.min(room, length - done);
    if (file.readInto(bytes.subarray(done, done + count), position) < count) {
      throw damagedLog(file, position);
    }
    done += count;
    position += count + HEADER;
    room = full;
  }
  return bytes;
}

function damagedLog(file: RandomAccessFile, at: number): FormatError {
  return new FormatError(
    `${file.path}: its log is damaged or cut short (at byte ${at} of ${file.size}). Expected a whole LevelDB database; make it anew.`,
  );
}
