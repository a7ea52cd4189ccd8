import type { FloatArray } from "../../util/arrays.ts";
import { CaffeError, FormatError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { isFile } from "../files/file-system.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { here } from "./library-here.ts";
import { type Hdf5Storage, storageIn, storageOf } from "./storage.ts";
import { Hdf5Thread, needed } from "./thread.ts";
import { arrayIn, groupIn, type Hdf5Node, type Hdf5Tree } from "./tree.ts";

const thread = Hdf5Thread.find();

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes that the library reads in a millisecond at its slowest, on a machine that is busy. */
const BYTES_PER_MS = 5_000;
const LEAST_MS = 30_000;
/** Arrays of more bytes are lent to the thread, not sent. */
const MOST_SENT = 2 ** 20;

/**
 * Where HDF5 begins in a file, counted in bytes: at 0, or behind a block of the user's of 512, 1024, 2048, … bytes, as
 * MATLAB writes one. Undefined where the bytes are no HDF5 file.
 */
function baseOf(storage: Hdf5Storage): number | undefined {
  const bytes = new Uint8Array(SIGNATURE.length);
  for (let base = 0; base + bytes.length <= storage.size; base = base === 0 ? 512 : 2 * base) {
    storage.read(bytes, base);
    if (SIGNATURE.every((byte, i) => bytes[i] === byte)) return base;
  }
  return undefined;
}

/** Whether the bytes are those of an HDF5 file: what decides, not the file's name. */
export function isHdf5(bytes: Uint8Array): boolean {
  return baseOf(storageOf(bytes)) !== undefined;
}

/** Whether a file is an HDF5 file; a pipe, or what cannot be read, is none. */
export function isHdf5At(path: string): boolean {
  if (!isFile(path)) return false;
  const file = new RandomAccessFile(path);
  try {
    return baseOf(storageIn(file)) !== undefined;
  } finally {
    file.close();
  }
}

/**
 * The groups and arrays of a file's bytes; where `names` is given, only the arrays of those names.
 * @throws FormatError where the bytes are no HDF5 file, are damaged, cannot be unpacked, or lack one of the names
 */
export function readHdf5(bytes: Uint8Array, source: string, names?: readonly string[]): Hdf5Tree {
  return read(bytes, storageOf(bytes), source, names);
}

/**
 * As readHdf5, from a file, of which only what is needed comes to memory.
 * @throws FileError where the file cannot be read; FormatError
 */
export function readHdf5At(path: string, what: string, names?: readonly string[]): Hdf5Tree {
  const file = new RandomAccessFile(path, what);
  try {
    return read(path, storageIn(file), path, names);
  } finally {
    file.close();
  }
}

function read(
  given: Uint8Array | string,
  storage: Hdf5Storage,
  source: string,
  names: readonly string[] | undefined,
): Hdf5Tree {
  const base = baseOf(storage);
  if (base === undefined) {
    throw new FormatError(`${source}: it does not begin as an HDF5 file does. Expected HDF5.`);
  }
  const damaged = (problem: string, cause?: unknown): never => {
    throw new FormatError(
      `${source}: it cannot be read as HDF5; it is damaged or cut short (${problem}).`,
      { cause },
    );
  };
  if (here) {
    try {
      return here.readHdf5File(storage, base, names);
    } catch (error) {
      if (error instanceof FormatError) throw new FormatError(`${source}: ${error.message}`);
      return damaged(error instanceof Error ? error.message : String(error), error);
    }
  }
  const answer = ask({ source: given, base, names }, storage.size);
  if ("tree" in answer) return answer.tree;
  if ("error" in answer && answer.isOurs) throw new FormatError(`${source}: ${answer.error}`);
  return damaged("error" in answer ? answer.error : "no answer");
}

/**
 * The bytes of a file of those groups, arrays and texts, in pieces.
 * @throws CaffeError where the library cannot make them
 */
export function encodeHdf5(tree: Hdf5Tree): Uint8Array[] {
  if (here) return here.writeHdf5File(tree);
  const answer = ask({ tree: lent(tree) }, bytesOf(tree));
  if ("pieces" in answer) return answer.pieces;
  throw new CaffeError(
    `HDF5 cannot be made of it: ${"error" in answer ? answer.error.replace(/\.$/, "") : "no answer"}.`,
  );
}

/** Writes a file of those groups, arrays and texts; it is there complete, or not at all. */
export function writeHdf5(path: string, tree: Hdf5Tree): void {
  writeFileAtomically(path, encodeHdf5(tree));
}

function ask(order: Parameters<Hdf5Thread["run"]>[0], size: number): ReturnType<Hdf5Thread["run"]> {
  return needed(thread).run(order, size, LEAST_MS + size / BYTES_PER_MS);
}

/** The tree with large arrays in shared memory: a message has no room for gigabytes. */
function lent(tree: Hdf5Tree): Hdf5Tree {
  const lend = (node: Hdf5Node): Hdf5Node => {
    const array = arrayIn(node);
    if (!array) return typeof node === "object" ? lent(node as Hdf5Tree) : node;
    const { shape, data } = array;
    if (data.byteLength <= MOST_SENT) return array;
    const shared = new SharedArrayBuffer(data.byteLength);
    const copy = data instanceof Float64Array ? new Float64Array(shared) : new Float32Array(shared);
    copy.set(data);
    return { shape, data: copy };
  };
  const copy: Record<string, Hdf5Node> = Object.create(null);
  for (const [name, node] of Object.entries(tree)) copy[name] = lend(node);
  return copy;
}

function bytesOf(tree: Hdf5Tree): number {
  return Object.values(tree).reduce<number>(
    (sum, node) => sum + (arrayIn(node)?.data.byteLength ?? bytesOf(groupIn(node) ?? {})),
    0,
  );
}

/**
 * The datasets of a file by name.
 * @throws FileError, FormatError where the file cannot be read, or lacks one of them
 */
export function readDatasets(path: string, names: readonly string[]): NdArray<FloatArray>[] {
  const tree = readHdf5At(path, "HDF5 file", names);
  return names.map((name) => {
    const array = arrayIn(tree[name]);
    if (array) return array;
    throw new FormatError(`${path}: ${name} is a text. Expected floats or whole numbers.`);
  });
}
