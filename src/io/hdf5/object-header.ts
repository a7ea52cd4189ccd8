import type { Hdf5Storage } from "./storage.ts";

const CONTINUATION = 0x10;
const MODIFICATION_TIME = 0x12;
/** An object's header has one part as a rule, and two if attributes came later. */
const MOST_PARTS = 256;

/** One message of an object's header. */
interface HeaderMessage {
  readonly type: number;
  /** Where it stands, counted from the base, and how long it is. */
  readonly at: number;
  readonly length: number;
  /** It says where the message is, in place of the message. */
  readonly isShared: boolean;
}

/** The headers of a file's objects, in both of the forms that HDF5 has for them: what the library does not tell. */
export class Hdf5Header {
  readonly #storage: Hdf5Storage;
  readonly #base: number;
  /** Bytes of an address, and of a length. */
  readonly #wide: number;
  readonly #long: number;

  /** @param base where the file's addresses are counted from: the place of its signature */
  constructor(storage: Hdf5Storage, base: number) {
    this.#storage = storage;
    this.#base = base;
    const superblock = this.#view(0, 16);
    const first = superblock.getUint8(8) < 2 ? 13 : 9;
    this.#wide = superblock.getUint8(first);
    this.#long = superblock.getUint8(first + 1);
  }

  /**
   * The messages of the object at an address.
   * @throws RangeError where they lead out of the file
   */
  messages(address: number): HeaderMessage[] {
    const start = this.#view(address, 16);
    const isNew = start.getUint32(0, true) === 0x5244484f; // OHDR
    const flags = isNew ? start.getUint8(5) : 0;
    const prefix = isNew ? 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0) : 16;
    const sizeBytes = isNew ? 1 << (flags & 3) : 0;
    const size = isNew
      ? number(this.#view(address + prefix, 8), 0, sizeBytes)
      : start.getUint32(8, true);
    const parts = [{ from: address + prefix + sizeBytes, length: size }];
    const head = isNew ? (flags & 4 ? 6 : 4) : 8;
    const found: HeaderMessage[] = [];
    for (let i = 0; i < parts.length && i < MOST_PARTS; i++) {
      const { from, length } = parts[i] as { from: number; length: number };
      for (let done = 0; done + head <= length; ) {
        const view = this.#view(from + done, head);
        const message = {
          type: isNew ? view.getUint8(0) : view.getUint16(0, true),
          at: from + done + head,
          length: view.getUint16(isNew ? 1 : 2, true),
          isShared: (view.getUint8(isNew ? 3 : 4) & 2) !== 0,
        };
        found.push(message);
        if (message.type === CONTINUATION) {
          const next = this.#view(message.at, this.#wide + this.#long);
          const to = number(next, 0, this.#wide);
          const room = number(next, this.#wide, this.#long);
          parts.push(isNew ? { from: to + 4, length: room - 8 } : { from: to, length: room });
        }
        done += head + message.length;
      }
    }
    return found;
  }

  /** What a message says. */
  bytes({ at, length }: HeaderMessage): DataView {
    return this.#view(at, length);
  }

  /** The address of the object that holds a shared message; undefined where that is no object. */
  sharedAddress(message: HeaderMessage): number | undefined {
    const body = this.bytes(message);
    const [version, place] = [body.getUint8(0), body.getUint8(1)];
    if (version === 3 && place !== 2) return undefined;
    return number(body, version === 1 ? 8 : 2, this.#wide);
  }

  /**
   * Writes 0 for the time at which the object at an address was made: the same content is to give the same bytes. Only
   * headers of the old form, which have no sum, are changed.
   */
  eraseTime(address: number): void {
    for (const { type, at } of this.messages(address)) {
      // One byte for its version, three for nothing, and seconds.
      if (type === MODIFICATION_TIME) this.#storage.write(new Uint8Array(4), this.#base + at + 4);
    }
  }

  #view(from: number, length: number): DataView {
    const bytes = new Uint8Array(length);
    if (from < 0 || this.#storage.read(bytes, this.#base + from) < length) {
      throw new RangeError("an object's header leads out of the file");
    }
    return new DataView(bytes.buffer);
  }
}

function number(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true);
  return bytes === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}
