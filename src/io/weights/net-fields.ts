import { FormatError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { paramFields } from "../proto/layer-types.ts";
import { messageType } from "../proto/messages.ts";
import { delimited } from "../proto/wire.ts";
import { sharedNumbers } from "./shared-numbers.ts";

/** A field as it stands in the file: where its tag begins, what it holds, and where it ends. */
interface Field {
  readonly number: number;
  readonly wire: number;
  readonly begin: number;
  readonly content: number;
  readonly end: number;
}

/** Bytes that are read at once: what stands between blobs is a few hundred. */
const WINDOW = 2 ** 14;

/** Fields that BVLC Caffe numbers. */
const MOST_OF_BVLC = 10_000;

/** Parameters that say something of a net's data and losses, whichever layers read them. */
const COMMON: readonly string[] = ["transform_param", "loss_param"];

/** What a .caffemodel says of its net: no blobs, and of each layer what its type reads. */
interface NetBytes {
  readonly bytes: Uint8Array;
  /** For each layer by name, numbers of the fields that were left out. */
  readonly unread: readonly { readonly layer: string; readonly fields: readonly number[] }[];
}

/**
 * Reads the net of a .caffemodel without its blobs: they are passed over in the file, so a large one takes no memory. Parameters of
 * SSD's layer types get the numbers that the schema here has for them; other forks' fields, whose numbers mean something else from one
 * fork to the next, are left out.
 *
 * @throws FileError where it cannot be read, FormatError where it is cut short or damaged
 */
export function readNetBytes(path: string): NetBytes {
  const file = new RandomAccessFile(path, "weights file");
  try {
    return new NetReader(file).read();
  } finally {
    file.close();
  }
}

class NetReader {
  readonly #file: RandomAccessFile;
  readonly #window: Uint8Array = new Uint8Array(WINDOW);
  #at = 0;
  #filled = 0;
  readonly #unread: { layer: string; fields: number[] }[] = [];

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  read(): NetBytes {
    const chunks: Uint8Array[] = [];
    for (const field of this.#fields(0, this.#file.size)) {
      if (field.number === 100) chunks.push(...delimited(100, this.#layer(field)));
      else if (field.number === 2) chunks.push(...delimited(2, this.#without(field, 6, 1)));
      else if (field.number < MOST_OF_BVLC) chunks.push(this.#bytes(field));
    }
    return { bytes: Buffer.concat(chunks), unread: this.#unread };
  }

  /** A layer of the present form: what is common to all, and the parameters that its type reads. */
  #layer({ content, end }: Field): Uint8Array[] {
    const { fields } = messageType("LayerParameter");
    const parts = [...this.#fields(content, end)];
    const text = (number: number): string => {
      const field = parts.find((part) => part.number === number && part.wire === 2);
      return field
        ? new TextDecoder().decode(this.#file.read(field.content, field.end - field.content))
        : "";
    };
    const reads: readonly string[] | undefined = entryOf(paramFields, text(2));
    const isRead = (name: string): boolean =>
      !name.endsWith("_param") ||
      reads === undefined ||
      COMMON.includes(name) ||
      reads.includes(name);
    const byNumber = new Map(Object.values(fields).map(({ id, name }) => [id, name]));
    const [chunks, unread]: [Uint8Array[], number[]] = [[], []];
    for (const part of parts) {
      if (part.number === fields["blobs"]?.id) continue;
      const shared = sharedNames.get(part.number);
      const name = byNumber.get(part.number);
      // Of forks' layer types no message is known: their parameters stand as text, under numbers of our own.
      const isText = name !== undefined && fields[name]?.type === "AnyParameter";
      const own = part.number < MOST_OF_BVLC || isText ? name : undefined;
      if (shared !== undefined && reads?.includes(shared)) {
        const bytes = this.#file.read(part.content, part.end - part.content);
        chunks.push(...delimited(fields[shared]?.id ?? 0, [bytes]));
      } else if (own !== undefined && isRead(own)) chunks.push(this.#bytes(part));
      else unread.push(part.number);
    }
    if (unread.length > 0) this.#unread.push({ layer: text(1), fields: [...new Set(unread)] });
    return chunks;
  }

  /** A layer of an old form without its blobs, and the one of a still older form within it. */
  #without({ content, end }: Field, blobs: number, inner: number | undefined): Uint8Array[] {
    return [...this.#fields(content, end)].flatMap((part) => {
      if (part.number === blobs) return [];
      if (part.number === inner) return delimited(inner, this.#without(part, 50, undefined));
      return [this.#bytes(part)];
    });
  }

  #bytes({ begin, end }: Field): Uint8Array {
    return this.#file.read(begin, end - begin);
  }

  *#fields(from: number, to: number): Generator<Field> {
    for (let begin = from; begin < to; ) {
      const [tag, content] = this.#varint(begin);
      const [number, wire] = [Math.floor(tag / 8), tag % 8];
      let [start, end] = [content, content];
      if (wire === 0) [, end] = this.#varint(content);
      else if (wire === 1) end += 8;
      else if (wire === 5) end += 4;
      else if (wire === 2) {
        const [length, behind] = this.#varint(content);
        [start, end] = [behind, behind + length];
      } else this.#fail(begin);
      if (end > to || number === 0) this.#fail(begin);
      yield { number, wire, begin, content: start, end };
      begin = end;
    }
  }

  #varint(from: number): [value: number, behind: number] {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte(from + i);
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return [value, from + i + 1];
    }
    return this.#fail(from);
  }

  #byte(position: number): number {
    if (position < this.#at || position >= this.#at + this.#filled) {
      this.#at = position;
      this.#filled = this.#file.readInto(this.#window, position);
    }
    if (this.#filled === 0) this.#fail(position);
    return this.#window[position - this.#at] ?? 0;
  }

  #fail(position: number): never {
    throw new FormatError(
      `${this.#file.path}: the file is cut short or damaged (at byte ${position} of ${this.#file.size}). Expected a .caffemodel.`,
    );
  }
}

const sharedNames: ReadonlyMap<number, string> = new Map(
  Object.entries(sharedNumbers).map(([name, number]) => [number, name]),
);
