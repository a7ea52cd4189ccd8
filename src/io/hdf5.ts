import { basename } from "node:path";
import { Dataset, File, FS, Group, ready } from "h5wasm/node";
import { FormatError } from "../util/errors.ts";
import { countOf } from "../util/shape.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import type { FileBlob } from "./blob-wire.ts";
import { readBytes } from "./files.ts";

// The library is WebAssembly and compiles once, when this module is loaded; after that every call is synchronous.
// Its errors are to be thrown, and not written to standard error.
(await ready).activate_throwing_error_handler();

/** An array in an HDF5 file. */
export interface Hdf5Array {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** Groups and arrays by name, as an HDF5 file nests them. */
export interface Hdf5Tree {
  readonly [name: string]: Hdf5Tree | Hdf5Array;
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether the bytes are those of an HDF5 file: what decides, not the file's name. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Opens a file's bytes and gives `read` its root; nothing of it may be used afterwards.
 * @throws FormatError where the bytes are no HDF5 file, or damaged
 */
function withHdf5<T>(bytes: Uint8Array, source: string, read: (root: Group) => T): T {
  if (!isHdf5(bytes))
    throw new FormatError(`${source}: it does not begin as an HDF5 file does. Expected HDF5.`);
  const name = `/in-${basename(source)}`;
  let file: File | undefined;
  const { fs } = memoryFiles();
  try {
    fs.writeFile(name, bytes);
    file = new File(name, "r");
    return read(file);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(
      `${source}: it cannot be read as HDF5; it is damaged or cut short (${causeOf(error)}).`,
      { cause: error },
    );
  } finally {
    file?.close();
    fs.unlink(name);
  }
}

/** What the library says lies at the bottom of an error: the last entry of its stack. */
function causeOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const reasons = [...text.matchAll(/#\d+: .*\(\): (.*)/g)];
  return reasons.at(-1)?.[1] ?? text;
}

/** The library's own file system, in memory here: no file of the user's is ever open in it. */
function memoryFiles(): { fs: NonNullable<typeof FS> } {
  if (!FS)
    throw new FormatError("HDF5 could not be started. Expected WebAssembly to be available.");
  return { fs: FS };
}

/**
 * The datasets of a file by name.
 * @throws FileError, FormatError where the file cannot be read, or lacks one of them
 */
export function readDatasets(path: string, names: readonly string[]): Hdf5Array[] {
  return withHdf5(readBytes(path, "HDF5 file"), path, (root) =>
    names.map((name) => {
      const found = root.get(name);
      if (!(found instanceof Dataset)) {
        throw new FormatError(
          `${path}: it has no dataset "${name}". Expected one of that name; it has ${root.keys().join(", ")}.`,
        );
      }
      return arrayOf(found, `${path}: ${name}`);
    }),
  );
}

function arrayOf(dataset: Dataset, where: string): Hdf5Array {
  const { value } = dataset;
  const shape = dataset.shape ?? [];
  const count = countOf(shape);
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

/** The weights in an HDF5 file: group `data` (and `diff`), in it a group for each layer, in that 0, 1, …. */
export function readHdf5Weights(
  bytes: Uint8Array,
  source: string,
): { name: string; blobs: (FileBlob | undefined)[] }[] {
  return withHdf5(bytes, source, (root) => {
    const data = root.get("data");
    if (!(data instanceof Group)) {
      throw new FormatError(
        `${source}: it has no group "data". Expected the weights of a net, as Caffe writes them.`,
      );
    }
    const diff = root.get("diff");
    return layersOf(data, "", diff instanceof Group ? diff : undefined, source);
  });
}

/** Layers below a group; a layer whose name holds a slash lies in groups within groups. */
function layersOf(
  group: Group,
  prefix: string,
  diff: Group | undefined,
  source: string,
): { name: string; blobs: (FileBlob | undefined)[] }[] {
  const layers: { name: string; blobs: (FileBlob | undefined)[] }[] = [];
  for (const key of group.keys()) {
    const child = group.get(key);
    if (!(child instanceof Group)) continue;
    const name = `${prefix}${key}`;
    const below = diff?.get(key);
    const gradients = below instanceof Group ? below : undefined;
    const blobs: (FileBlob | undefined)[] = [];
    for (const index of child.keys()) {
      const dataset = child.get(index);
      if (!(dataset instanceof Dataset) || !/^\d{1,4}$/.test(index)) continue;
      const gradient = gradients?.get(index);
      blobs[Number(index)] = {
        ...arrayOf(dataset, `${source}: data/${name}/${index}`),
        legacyShape: false,
        ...(gradient instanceof Dataset && {
          diff: arrayOf(gradient, `${source}: diff/${name}/${index}`).data,
        }),
      };
    }
    layers.push({ name, blobs: Array.from(blobs) });
    layers.push(
      ...layersOf(child, `${name}/`, gradients, source).filter(({ blobs: own }) => own.length > 0),
    );
  }
  return layers;
}

/** Writes a file of those groups and arrays; it is there complete, or not at all. */
export function writeHdf5(path: string, tree: Hdf5Tree): void {
  const { fs } = memoryFiles();
  const name = "/out.h5";
  const file = new File(name, "w");
  try {
    writeTree(file, tree);
    file.flush();
  } finally {
    file.close();
  }
  const bytes = fs.readFile(name);
  fs.unlink(name);
  writeFileAtomically(path, [bytes]);
}

function writeTree(group: Group, tree: Hdf5Tree): void {
  for (const [name, node] of Object.entries(tree)) {
    const { data, shape } = node as Hdf5Array;
    if (ArrayBuffer.isView(data)) group.create_dataset({ name, data, shape: [...shape] });
    else writeTree(group.create_group(name), node as Hdf5Tree);
  }
}
