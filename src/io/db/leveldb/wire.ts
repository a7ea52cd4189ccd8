import { FormatError } from "../../../util/errors.ts";

/** Reads numbers and strings of LevelDB's files, in order. */
export abstract class ByteReader {
  /** @throws FormatError where nothing is left, as all of them */
  abstract byte(): number;

  /** The next bytes. */
  abstract bytes(length: number): Uint8Array;

  /** A number of 1 to 8 bytes, the lowest first. */
  little(size: number): number {
    let value = 0;
    for (let i = 0, unit = 1; i < size; i++, unit *= 256) value += this.byte() * unit;
    return value;
  }

  /** A number of 7 bits in each byte, the lowest first. */
  varint(): number {
    let value = 0;
    for (let unit = 1; ; unit *= 128) {
      const byte = this.byte();
      value += (byte & 127) * unit;
      if (byte < 128) return value;
      if (unit > 2 ** 56) throw this.damaged();
    }
  }

  /** Bytes behind their length. */
  string(): Uint8Array {
    return this.bytes(this.varint());
  }

  /** The error to throw where what is read makes no sense. */
  abstract damaged(): FormatError;
}

/** Reads from bytes in memory, which it does not copy. */
export class Wire extends ByteReader {
  readonly #bytes: Uint8Array;
  readonly #source: string;
  #position = 0;

  constructor(bytes: Uint8Array, source: string) {
    super();
    this.#bytes = bytes;
    this.#source = source;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  override byte(): number {
    const value = this.#bytes[this.#position++];
    if (value === undefined) throw this.damaged();
    return value;
  }

  override bytes(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw this.damaged();
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  override damaged(): FormatError {
    return new FormatError(
      `${this.#source}: it is damaged or cut short (at byte ${this.#position}). Expected a whole LevelDB database.`,
    );
  }
}

/** Writes numbers and strings of LevelDB's files, in order. */
export class WireWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What has been written, which holds until the next call. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  bytes(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** A number of 1 to 8 bytes, the lowest first. */
  little(value: number, size: number): this {
    this.#room(size);
    for (let i = 0, rest = value; i < size; i++, rest = Math.floor(rest / 256)) {
      this.#bytes[this.#length++] = rest % 256;
    }
    return this;
  }

  /** A number of 7 bits in each byte, the lowest first. */
  varint(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.little((rest % 128) + 128, 1);
    return this.little(rest, 1);
  }

  /** Bytes behind their length. */
  string(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes);
  }

  #room(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.written);
    this.#bytes = larger;
  }
}
