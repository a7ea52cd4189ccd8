import { crc32c, masked } from "../../../util/crc32c.ts";
import { compress } from "./snappy.ts";
import { FOOTER, MAGIC } from "./table.ts";
import { WireWriter } from "./wire.ts";

/** A block is closed when it has so many bytes, as Caffe asks of LevelDB. */
const BLOCK = 64 * 1024;
/** After so many keys one is whole: the search in a block begins at such. */
const RESTART = 16;

/** The bytes of one block, whose keys share their beginnings with those before them. */
class Block {
  readonly #out = new WireWriter();
  readonly #restarts: number[] = [];
  #count = 0;
  /** The last key. */
  last: Uint8Array = new Uint8Array(0);

  get length(): number {
    return this.#out.length;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    let shared = 0;
    if (this.#count++ % RESTART === 0) this.#restarts.push(this.#out.length);
    else while (shared < this.last.length && this.last[shared] === key[shared]) shared++;
    this.#out
      .varint(shared)
      .varint(key.length - shared)
      .varint(value.length);
    this.#out.bytes(key.subarray(shared)).bytes(value);
    this.last = key;
  }

  /** All of it, as a file has it; then it is empty again. */
  *close(): Generator<Uint8Array> {
    // Even one without entries has a place to begin at.
    const restarts = this.#restarts.length > 0 ? this.#restarts : [0];
    for (const place of restarts) this.#out.little(place, 4);
    const plain = this.#out.little(restarts.length, 4).written;
    const compressed = compress(plain);
    // As LevelDB does it: what saves less than an eighth is not worth the time to read it.
    const isWorthIt = compressed.length < plain.length - Math.floor(plain.length / 8);
    const bytes = isWorthIt ? compressed : plain.slice();
    const kind = Uint8Array.of(isWorthIt ? 1 : 0);
    yield bytes;
    yield new WireWriter().bytes(kind).little(masked(crc32c(kind, crc32c(bytes))), 4).written;
    this.#out.clear();
    this.#restarts.length = 0;
    this.#count = 0;
  }
}

/**
 * The bytes of a table of these entries, which come in their order.
 * @see doc/table_format.md of google/leveldb
 */
export function* tableBytes(
  entries: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>,
): Generator<Uint8Array> {
  const [block, index] = [new Block(), new Block()];
  let position = 0;
  /** Writes a block, and gives its handle: where it begins, and its size without what stands behind it. */
  function* written(one: Block): Generator<Uint8Array, Uint8Array> {
    const begin = position;
    let size = 0;
    for (const bytes of one.close()) {
      size = position - begin;
      position += bytes.length;
      yield bytes;
    }
    return new WireWriter().varint(begin).varint(size).written;
  }
  for (const { key, value } of entries) {
    block.add(key, value);
    if (block.length >= BLOCK) index.add(block.last, yield* written(block));
  }
  if (block.length > 0) index.add(block.last, yield* written(block));
  // Where filters would be told of, which nothing here has.
  const more = yield* written(new Block());
  const handles = new WireWriter().bytes(more).bytes(yield* written(index)).written;
  const footer = new Uint8Array(FOOTER);
  footer.set(handles);
  footer.set(MAGIC, FOOTER - MAGIC.length);
  yield footer;
}
