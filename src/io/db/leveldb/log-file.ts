import { FormatError } from "../../../util/errors.ts";
import type { RandomAccessFile } from "../../random-access-file.ts";
import { crc32c, masked } from "./crc32c.ts";

/** Bytes of a block, and of the header before each fragment of a record: checksum, length and kind. */
const BLOCK = 32_768;
const HEADER = 7;
/** Kinds of fragments; 3 is one in the middle. */
const [FULL, FIRST, LAST] = [1, 2, 4];

/** A record of a log, and where its first fragment begins. */
export interface LogRecord {
  readonly start: number;
  readonly payload: Uint8Array;
}

/**
 * The records of a log, in the order they were written. A record lies in one fragment or more; none crosses a
 * block's end.
 *
 * @throws FormatError where a fragment is damaged, or the log ends within a record
 * @see doc/log_format.md of google/leveldb
 */
export function* logRecords(file: RandomAccessFile): Generator<LogRecord> {
  const block = new Uint8Array(BLOCK);
  let start = 0;
  let fragments: Uint8Array[] | undefined;
  for (let base = 0; base < file.size; base += BLOCK) {
    const length = file.readInto(block, base);
    const view = new DataView(block.buffer, 0, length);
    for (let at = 0; at + HEADER <= length; ) {
      const size = view.getUint16(at + 4, true);
      const kind = view.getUint8(at + 6);
      // Room that was set aside and never written.
      if (kind === 0 && size === 0) break;
      const end = at + HEADER + size;
      if (end > length) throw damaged(file, base + at);
      if (masked(crc32c(block.subarray(at + 6, end))) !== view.getUint32(at, true)) {
        throw damaged(file, base + at);
      }
      const begins = kind === FULL || kind === FIRST;
      if (begins === (fragments !== undefined) || kind > LAST) throw damaged(file, base + at);
      if (begins) {
        start = base + at;
        fragments = [];
      }
      fragments?.push(block.slice(at + HEADER, end));
      if ((kind === FULL || kind === LAST) && fragments) {
        yield { start, payload: Buffer.concat(fragments) };
        fragments = undefined;
      }
      at = end;
    }
  }
  if (fragments) throw damaged(file, start);
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
      throw damaged(file, position);
    }
    done += count;
    position += count + HEADER;
    room = full;
  }
  return bytes;
}

function damaged(file: RandomAccessFile, at: number): FormatError {
  return new FormatError(
    `${file.path}: its log is damaged or cut short (at byte ${at} of ${file.size}). Expected a whole LevelDB database; make it anew.`,
  );
}
