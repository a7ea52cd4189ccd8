import type { Dataset as H5Dataset, Group as H5Group } from "h5wasm";
import { FormatError } from "../util/errors.ts";
import { countOf, sameShape } from "../util/shape.ts";
import { loadQuietly, withoutTime } from "./hdf5-library.ts";
import { arrayIn, type Hdf5Array, type Hdf5Node, type Hdf5Tree } from "./hdf5-tree.ts";
import { limitWasmMemory } from "./wasm-memory.ts";

const memory = limitWasmMemory();
const { Dataset, File, FS, Group } = await loadQuietly(() => import("h5wasm"));

/** Memory that the library may have for reading: its own, and so much for each byte of the file. */
const OWN_MEMORY = 64 * 2 ** 20;
const MEMORY_PER_BYTE = 8;

/** A file's name in the library's own file system, which is in memory: no file of the user's is ever open in it. */
const NAME = "/file.h5";
/** A link to an object takes at least this many bytes of a file: a ring of links is found out by it. */
const BYTES_PER_LINK = 8;
/** No compression of HDF5 packs more densely than deflate, which ends at 1032 to 1. */
const MOST_COMPRESSED = 1032;

/**
 * Reads groups and arrays: everything in the file, or, where `names` is given, only the arrays of those names.
 *
 * Nothing is read, and no memory asked for, that the file's own size does not vouch for.
 *
 * @throws FormatError where a name is missing, or the file is damaged or hostile
 */
export function readHdf5File(bytes: Uint8Array, names?: readonly string[]): Hdf5Tree {
  const fs = memoryFiles();
  let file: InstanceType<typeof File> | undefined;
  memory.most = OWN_MEMORY + MEMORY_PER_BYTE * bytes.length;
  try {
    fs.writeFile(NAME, bytes);
    file = new File(NAME, "r");
    return new TreeReader(bytes.length).read(file, names);
  } finally {
    file?.close();
    fs.unlink(NAME);
    memory.most = Number.POSITIVE_INFINITY;
  }
}

class TreeReader {
  readonly #size: number;
  #links: number;

  constructor(size: number) {
    this.#size = size;
    this.#links = size / BYTES_PER_LINK;
  }

  read(root: H5Group, names: readonly string[] | undefined): Hdf5Tree {
    if (!names) return this.#group(root, "");
    return Object.fromEntries(
      names.map((name) => {
        const found = root.get(name);
        if (found instanceof Dataset) return [name, this.#dataset(found, name)];
        throw new FormatError(
          `it has no dataset "${name}". Expected one of that name; it has ${root.keys().join(", ")}.`,
        );
      }),
    );
  }

  #group(group: H5Group, path: string): Hdf5Tree {
    const tree: Record<string, Hdf5Node> = Object.create(null);
    for (const key of group.keys()) {
      if (--this.#links < 0) throw new FormatError("it links to more objects than it can hold.");
      const child = group.get(key);
      const where = path === "" ? key : `${path}/${key}`;
      if (child instanceof Group) tree[key] = this.#group(child, where);
      else if (child instanceof Dataset) tree[key] = this.#dataset(child, where);
    }
    return tree;
  }

  #dataset(dataset: H5Dataset, where: string): Hdf5Array | string {
    const { metadata } = dataset;
    const shape = [...(dataset.shape ?? [])];
    const count = countOf(shape);
    const room = this.#size * (metadata.chunks ? MOST_COMPRESSED : 1);
    if (!(count * metadata.size <= room)) {
      throw new FormatError(
        `${where} would hold ${count} values of ${metadata.size} bytes. Expected no more than a file of ${this.#size} bytes can.`,
      );
    }
    memory.most = Math.max(memory.most, OWN_MEMORY + 2 * count * metadata.size);
    const { value } = dataset;
    if (typeof value === "string") return value;
    if (value instanceof Float32Array || value instanceof Float64Array) {
      if (value.length === count) return { shape, data: value };
    } else if (ArrayBuffer.isView(value) || Array.isArray(value)) {
      const data = Float64Array.from(value as ArrayLike<number | bigint>, Number);
      if (data.length === count && !data.some(Number.isNaN)) return { shape, data };
    } else if (typeof value === "number") return { shape, data: Float64Array.of(value) };
    throw new FormatError(
      `${where} does not hold ${count} numbers. Expected floats or whole numbers.`,
    );
  }
}

/**
 * The bytes of a file of those groups, arrays and texts, in the oldest form of HDF5, which every reader knows.
 *
 * They are read back before they are given: the library does not tell of a write that failed.
 *
 * @throws FormatError where what is read back is not what was to be written
 */
export function writeHdf5File(tree: Hdf5Tree): Uint8Array {
  const fs = memoryFiles();
  try {
    withoutTime(() => {
      const file = new File(NAME, "w", { libver: ["earliest", "latest"] });
      try {
        writeTree(file, tree);
        file.flush();
      } finally {
        file.close();
      }
    });
    const bytes = fs.readFile(NAME);
    if (holds(readHdf5File(bytes), tree)) return bytes;
    throw new FormatError("the library lost a part of what it was to write; it may be too large.");
  } finally {
    if (fs.analyzePath(NAME).exists) fs.unlink(NAME);
  }
}

function writeTree(group: H5Group, tree: Hdf5Tree): void {
  for (const [name, node] of Object.entries(tree)) {
    if (typeof node === "string") {
      // As Caffe's H5LTmake_dataset_string: ASCII, and a zero at the end.
      const size = new TextEncoder().encode(node).length + 1;
      group.create_dataset({ name, data: node, shape: [], dtype: `A${size}` });
    } else if (typeof node === "number") {
      group.create_dataset({ name, data: Int32Array.of(node), shape: [1] });
    } else {
      const array = arrayIn(node);
      if (array) group.create_dataset({ name, data: array.data, shape: [...array.shape] });
      else writeTree(group.create_group(name), node as Hdf5Tree);
    }
  }
}

/** Whether what has been read is what was written. */
function holds(read: Hdf5Node | undefined, written: Hdf5Node): boolean {
  const array = arrayIn(read);
  if (typeof written === "number") return array?.data[0] === written;
  if (typeof written === "string") return read === written;
  const wanted = arrayIn(written);
  if (wanted) return array !== undefined && sameArray(array, wanted);
  return Object.entries(written).every(([name, node]) => holds((read as Hdf5Tree)?.[name], node));
}

function sameArray(a: Hdf5Array, b: Hdf5Array): boolean {
  const [left, right] = [a, b].map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  ) as [Uint8Array, Uint8Array];
  if (!sameShape(a.shape, b.shape) || left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

function memoryFiles(): NonNullable<typeof FS> {
  if (!FS)
    throw new FormatError("HDF5 could not be started. Expected WebAssembly to be available.");
  return FS;
}
