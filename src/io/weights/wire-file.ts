import protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { isFile } from "../files/file-system.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { endOf, type LaterReader, type WireReader } from "../proto/decode-at.ts";

/** More is refused as one piece of memory, and so it is here. */
const MOST = 2 ** 32;

/** Memory for so many bytes of a file, which are not there yet. */
export type RoomFor = (bytes: number) => Uint8Array<ArrayBuffer>;

/** Memory that is like any other. */
export const plainRoom: RoomFor = (bytes) => new Uint8Array(bytes);

/**
 * What a decoder makes of a file, of which it has no copy in memory besides.
 *
 * @param check throws where the file's first bytes are those of another kind
 * @param roomFor where long arrays are read to
 * @returns undefined where the file cannot be read so: it is a pipe, damaged, or of a form that is rare. To be read as a whole then, which tells
 *   what is wrong
 */
export function decodeFile<T>(
  path: string,
  check: (head: Uint8Array) => void,
  decode: (reader: WireReader) => T,
  roomFor: RoomFor,
): T | undefined {
  if (!isFile(path)) return undefined;
  try {
    const file = new RandomAccessFile(path);
    try {
      if (file.size > MOST) return undefined;
      const reader = new WireFile(file, roomFor);
      check(reader.head());
      const decoded = decode(reader);
      reader.settle();
      return decoded;
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

/** Bytes of the file that are looked at together, and those of the longest number. */
const [WINDOW, LONGEST] = [2 ** 14, 10];

/**
 * Reads a message from a file, of which only a little is in memory at a time. Long arrays are read behind all else, by `settle`, straight to
 * where they belong: every byte of the file is touched once.
 */
class WireFile implements LaterReader {
  readonly len: number;
  readonly #file: RandomAccessFile;
  readonly #roomFor: RoomFor;
  readonly #bytes: Buffer = Buffer.alloc(WINDOW);
  /** The bytes that are looked at, and where they begin in the file. */
  #window = protobuf.Reader.create(this.#bytes.subarray(0, 0));
  #begin = 0;
  readonly #unread: { readonly room: Uint8Array; readonly position: number }[] = [];

  constructor(file: RandomAccessFile, roomFor: RoomFor) {
    this.#file = file;
    this.#roomFor = roomFor;
    this.len = file.size;
  }

  get pos(): number {
    return this.#begin + this.#window.pos;
  }

  /** The file's first bytes. */
  head(): Uint8Array {
    const { buf, len } = this.#see(WINDOW);
    return buf.subarray(0, len);
  }

  uint32(): number {
    return this.#see(LONGEST).uint32();
  }

  int32(): number {
    return this.#see(LONGEST).int32();
  }

  int64(): ReturnType<protobuf.Reader["int64"]> {
    return this.#see(LONGEST).int64();
  }

  float(): number {
    return this.#see(4).float();
  }

  double(): number {
    return this.#see(8).double();
  }

  string(): string {
    const length = endOf(this) - this.pos;
    this.#see(Math.min(length, WINDOW));
    const bytes = this.take(length);
    if (length > WINDOW) this.settle();
    return Buffer.from(bytes.buffer).toString("utf8");
  }

  /** @throws FormatError for groups, which no message here has */
  skipType(type: number): void {
    if (type === 2) this.#move(endOf(this) - this.pos);
    else if (type === 3) throw new FormatError("it has a group");
    else this.#see(LONGEST).skipType(type);
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    const { buf, pos, len } = this.#window;
    const isSeen = pos + length <= len;
    const room = isSeen ? new Uint8Array(buf.subarray(pos, pos + length)) : this.#roomFor(length);
    if (!isSeen) this.#unread.push({ room, position: this.pos });
    this.#move(length);
    return room;
  }

  /**
   * Reads what is still to be read.
   * @throws FormatError where the file has become shorter
   */
  settle(): void {
    if (this.#unread.length === 0) return;
    for (const { room, position } of this.#unread.splice(0)) this.#read(room, position);
  }

  #read(room: Uint8Array, position: number): void {
    if (this.#file.readInto(room, position) === room.length) return;
    throw new FormatError("it has become shorter");
  }

  /** The window, with so many bytes behind its position, or all that the file has. */
  #see(count: number): protobuf.Reader {
    const { pos, len } = this.#window;
    if (pos + count > len && this.#begin + len < this.len) {
      this.#begin += pos;
      const bytes = this.#bytes.subarray(0, Math.min(WINDOW, this.len - this.#begin));
      this.#read(bytes, this.#begin);
      this.#window = protobuf.Reader.create(bytes);
    }
    return this.#window;
  }

  /** Goes on so many bytes, which the file has. */
  #move(count: number): void {
    const { pos, len } = this.#window;
    if (pos + count <= len) this.#window.pos += count;
    else {
      this.#begin += pos + count;
      this.#window = protobuf.Reader.create(this.#bytes.subarray(0, 0));
    }
  }
}
