import type { Dataset as H5Dataset, Group as H5Group } from "h5wasm";
import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError, FormatError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { countOf } from "../../util/shape.ts";
import { addressOf, Dataset, File, Group, Hdf5Failure, Module, mount, told } from "./library.ts";
import { type NumberType, numberTypeAt, readerOf } from "./number-type.ts";
import { Hdf5Header } from "./object-header.ts";
import { type Hdf5Storage, PagedStorage } from "./storage.ts";
import { arrayIn, type Hdf5Node, type Hdf5Tree } from "./tree.ts";
import { limitWasmMemory } from "./wasm-memory.ts";

const memory = limitWasmMemory();

/** Memory that the library may have for reading: its own, and so much for each byte of the file. */
const OWN_MEMORY = 64 * 2 ** 20;
const MEMORY_PER_BYTE = 8;
/** Arrays pass through the library's memory, which ends at 2 GiB, in pieces of so many bytes. */
const PIECE = 2 ** 25;

/** A link to an object takes at least this many bytes of a file: a ring of links is found out by it. */
const BYTES_PER_LINK = 8;
/** No compression of HDF5 packs more densely than deflate, which ends at 1032 to 1. */
const MOST_COMPRESSED = 1032;

/** What the numbers of filters stand for where the library does not know them. */
const FILTERS: Readonly<Record<number, string>> = {
  307: "bzip2",
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32008: "bitshuffle",
  32013: "zfp",
  32015: "zstd",
  32026: "blosc2",
};

/**
 * Reads groups and arrays: everything in the file, or, where `names` is given, only the arrays of those names.
 *
 * Nothing is read, and no memory asked for, that the file's own size does not vouch for.
 *
 * @param base where in the file HDF5 begins: behind its user block
 * @throws FormatError where a name is missing, an array cannot be read, or the file is damaged or hostile
 */
export function readHdf5File(
  storage: Hdf5Storage,
  base: number,
  names?: readonly string[],
): Hdf5Tree {
  const { name, failure, unmount } = mount(storage);
  let file: InstanceType<typeof File> | undefined;
  memory.most = OWN_MEMORY + MEMORY_PER_BYTE * storage.size;
  try {
    const opened = told(() => new File(name, "r"));
    file = opened;
    return new TreeReader(storage, base).read(opened, names);
  } catch (error) {
    throw failure() ?? error;
  } finally {
    file?.close();
    unmount();
    memory.most = Number.POSITIVE_INFINITY;
  }
}

class TreeReader {
  readonly #storage: Hdf5Storage;
  readonly #base: number;
  #links: number;

  constructor(storage: Hdf5Storage, base: number) {
    this.#storage = storage;
    this.#base = base;
    this.#links = storage.size / BYTES_PER_LINK;
  }

  read(root: H5Group, names: readonly string[] | undefined): Hdf5Tree {
    if (!names) return this.#group(root, "");
    return Object.fromEntries(
      names.map((name) => {
        const found = told(() => root.get(name));
        if (found instanceof Dataset) return [name, this.#dataset(found, name)];
        if (found !== null && "filename" in found) {
          throw new FormatError(
            `dataset "${name}" is a link to another file. Expected a file that holds its data itself.`,
          );
        }
        throw new FormatError(
          `it has no dataset "${name}". Expected one of that name; it has ${root.keys().join(", ")}.`,
        );
      }),
    );
  }

  #group(group: H5Group, path: string): Hdf5Tree {
    const tree: Record<string, Hdf5Node> = Object.create(null);
    for (const key of told(() => group.keys())) {
      if (--this.#links < 0) throw new FormatError("it links to more objects than it can hold.");
      const child = told(() => group.get(key));
      const where = path === "" ? key : `${path}/${key}`;
      if (child instanceof Group) tree[key] = this.#group(child, where);
      else if (child instanceof Dataset) tree[key] = this.#dataset(child, where);
    }
    return tree;
  }

  #dataset(dataset: H5Dataset, where: string): NdArray<FloatArray> | string {
    const metadata = this.#told(dataset, where, () => dataset.metadata);
    if (metadata.virtual_sources) {
      const files = metadata.virtual_sources.map(({ file_name }) => file_name);
      throw new FormatError(
        `${where} is put together from other files (${[...new Set(files)].join(", ")}). Expected a file that holds its data itself.`,
      );
    }
    const shape = [...(metadata.shape ?? [])];
    const count = metadata.shape ? countOf(shape) : 0;
    const { size } = this.#storage;
    const room = size * (metadata.chunks ? MOST_COMPRESSED : 1);
    if (!(count * metadata.size <= room)) {
      throw new FormatError(
        `${where} would hold ${count} values of ${metadata.size} bytes. Expected no more than a file of ${size} bytes can.`,
      );
    }
    if (metadata.type === Module.H5T_class_t.H5T_STRING.value) {
      const value = this.#told(dataset, where, () => dataset.value);
      if (typeof value === "string") return value;
    } else if (metadata.shape) {
      const type = numberTypeAt(this.#storage, this.#base, addressOf(dataset));
      if (type?.size === metadata.size) return this.#numbers(dataset, where, shape, type);
    }
    throw new FormatError(
      `${where} does not hold ${count} numbers. Expected floats or whole numbers.`,
    );
  }

  #numbers(
    dataset: H5Dataset,
    where: string,
    shape: readonly number[],
    type: NumberType,
  ): NdArray<FloatArray> {
    const reader = readerOf(type);
    const data = reader.room(countOf(shape));
    const { file_id, path, metadata } = dataset;
    const chunks = metadata.chunks ?? shape.map(() => 1);
    for (const { offset, count, at } of slabs(shape, chunks, type.size)) {
      const values = countOf(count);
      const bytes = values * type.size;
      memory.most = Math.max(memory.most, OWN_MEMORY + 2 * bytes);
      withMemory(bytes, (pointer) => {
        const whole = count.length === 0;
        const status = this.#told(dataset, where, () =>
          Module.get_dataset_data(
            file_id,
            path,
            whole ? null : count.map(BigInt),
            whole ? null : offset.map(BigInt),
            whole ? null : count.map(() => 1n),
            BigInt(pointer),
          ),
        );
        if (status < 0) throw new FormatError(`${where} cannot be read.`);
        reader.read(Module.HEAPU8.subarray(pointer, pointer + bytes), data, at);
      });
    }
    return { shape, data };
  }

  /** Runs what reads a dataset, and says of a failure which dataset it was, and what it is packed with. */
  #told<T>(dataset: H5Dataset, where: string, work: () => T): T {
    try {
      return told(work);
    } catch (error) {
      if (!(error instanceof Hdf5Failure)) throw error;
      const filters = filtersOf(dataset).map(({ id, name }) => ({ id, name: FILTERS[id] ?? name }));
      const missing = filters.find(({ id }) => id > Module.H5Z_FILTER_SCALEOFFSET);
      if (missing && error.message.includes("is not registered")) {
        throw new FormatError(
          `${where} is packed with ${missing.name || "a filter"} (HDF5's filter ${missing.id}), which cannot be unpacked here. Expected gzip, szip, or no compression.`,
        );
      }
      if (error.message.includes("external raw data file")) {
        throw new FormatError(
          `${where} keeps its data in other files. Expected a file that holds its data itself.`,
        );
      }
      const packed = filters.map(({ name }) => name).join(", ");
      throw new FormatError(
        `${where} cannot be read: ${error.message}${packed === "" ? "" : ` (its filters: ${packed})`}. Expected a whole file; it is damaged.`,
      );
    }
  }
}

/**
 * The parts of an array that are read or written one after the other, whole chunks each: where a part begins, how far it
 * goes along each axis, and where it lies among the array's values.
 */
function* slabs(
  shape: readonly number[],
  chunks: readonly number[],
  size: number,
): Generator<{ offset: number[]; count: number[]; at: number }> {
  const total = countOf(shape);
  if (total === 0) return;
  if (total * size <= PIECE || shape.length === 0) {
    yield { offset: shape.map(() => 0), count: [...shape], at: 0 };
    return;
  }
  // Before this axis a part has one index: as few axes as can be, and none whose chunks would be unpacked again.
  let axis = 0;
  const unit = (): number => Math.min(chunks[axis] ?? 1, shape[axis] ?? 1);
  while (axis + 1 < shape.length && unit() === 1 && countOf(shape, axis + 1) * size > PIECE) axis++;
  const below = countOf(shape, axis + 1);
  const length = shape[axis] ?? 1;
  const most = Math.max(unit(), Math.floor(PIECE / (below * size * unit())) * unit());
  const outer = total / (length * below);
  for (let o = 0; o < outer; o++) {
    const before: number[] = [];
    for (let k = axis - 1, rest = o; k >= 0; k--) {
      before.unshift(rest % (shape[k] ?? 1));
      rest = Math.floor(rest / (shape[k] ?? 1));
    }
    for (let i = 0; i < length; i += most) {
      yield {
        offset: [...before, i, ...shape.slice(axis + 1).map(() => 0)],
        count: [...before.map(() => 1), Math.min(most, length - i), ...shape.slice(axis + 1)],
        at: (o * length + i) * below,
      };
    }
  }
}

/** What an array is packed with; nothing where that cannot be read either. */
function filtersOf(dataset: H5Dataset): H5Dataset["filters"] {
  try {
    return told(() => dataset.filters);
  } catch {
    return [];
  }
}

/** Lends memory of the library's. */
function withMemory(bytes: number, work: (pointer: number) => void): void {
  const pointer = Module._malloc(bytes);
  if (pointer === 0) throw new FormatError(`HDF5 has no ${bytes} bytes of memory left.`);
  try {
    work(pointer);
  } finally {
    Module._free(pointer);
  }
}

/**
 * The bytes of a file of those groups, arrays and texts, in pieces, in the oldest form of HDF5, which every reader knows.
 * @throws CaffeError where the library cannot write it
 */
export function writeHdf5File(tree: Hdf5Tree): Uint8Array<ArrayBuffer>[] {
  const storage = new PagedStorage();
  const { name, failure, unmount } = mount(storage);
  try {
    const file = told(() => new File(name, "w", { libver: ["earliest", "latest"] }));
    const made: H5Dataset[] = [];
    let addresses: readonly number[];
    try {
      told(() => writeTree(file, tree, (dataset) => made.push(dataset)));
      addresses = made.map(addressOf);
    } catch (error) {
      file.close();
      throw error;
    }
    told(() => file.close());
    const header = new Hdf5Header(storage, 0);
    for (const address of addresses) header.eraseTime(address);
    return storage.pieces();
  } catch (error) {
    throw failure() ?? (error instanceof Hdf5Failure ? new CaffeError(error.message) : error);
  } finally {
    unmount();
  }
}

function writeTree(group: H5Group, tree: Hdf5Tree, made: (dataset: H5Dataset) => void): void {
  for (const [name, node] of Object.entries(tree)) {
    if (typeof node === "string") {
      // As Caffe's H5LTmake_dataset_string: ASCII, and a zero at the end.
      const size = new TextEncoder().encode(node).length + 1;
      made(group.create_dataset({ name, data: node, shape: [], dtype: `A${size}` }));
    } else if (typeof node === "number") {
      made(group.create_dataset({ name, data: Int32Array.of(node), shape: [1] }));
    } else {
      const array = arrayIn(node);
      if (array) made(writeArray(group, name, array));
      else writeTree(group.create_group(name), node as Hdf5Tree, made);
    }
  }
}

/** In one piece, or, where it would not pass through the library's memory, in chunks. */
function writeArray(group: H5Group, name: string, { shape, data }: NdArray<FloatArray>): H5Dataset {
  if (data.byteLength <= PIECE) return group.create_dataset({ name, data, shape: [...shape] });
  const parts = [
    ...slabs(
      shape,
      shape.map(() => 1),
      data.BYTES_PER_ELEMENT,
    ),
  ];
  const dataset = group.create_dataset({
    name,
    data: none(data),
    shape: shape.map(() => 0),
    maxshape: [...shape],
    chunks: [...(parts[0]?.count ?? shape)],
  });
  dataset.resize([...shape]);
  for (const { offset, count, at } of parts) {
    const place = offset.map((from, k): [number, number] => [from, from + (count[k] ?? 0)]);
    dataset.write_slice(place, data.subarray(at, at + countOf(count)));
  }
  return dataset;
}

function none(data: FloatArray): FloatArray {
  return data instanceof Float64Array ? new Float64Array(0) : new Float32Array(0);
}
