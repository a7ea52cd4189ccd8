import { CaffeError, FormatError } from "../util/errors.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { readBytes } from "./files.ts";
import { Hdf5Thread } from "./hdf5-thread.ts";
import { arrayIn, groupIn, type Hdf5Array, type Hdf5Tree } from "./hdf5-tree.ts";

const thread = Hdf5Thread.find();
/** Where no thread can be, the library runs here. */
const here = thread ? undefined : await import("./hdf5-file.ts");

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes that the library reads in a millisecond at its slowest, on a machine that is busy. */
const BYTES_PER_MS = 5_000;
const LEAST_MS = 30_000;

/** Whether the bytes are those of an HDF5 file: what decides, not the file's name. */
export function isHdf5(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The groups and arrays of a file's bytes; where `names` is given, only the arrays of those names.
 * @throws FormatError where the bytes are no HDF5 file, are damaged, or lack one of the names
 */
export function readHdf5(bytes: Uint8Array, source: string, names?: readonly string[]): Hdf5Tree {
  if (!isHdf5(bytes)) {
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
      return here.readHdf5File(bytes, names);
    } catch (error) {
      if (error instanceof FormatError) throw new FormatError(`${source}: ${error.message}`);
      return damaged(error instanceof Error ? error.message : String(error), error);
    }
  }
  const answer = ask({ bytes, names }, bytes.length);
  if ("tree" in answer) return answer.tree;
  if ("error" in answer && answer.isOurs) throw new FormatError(`${source}: ${answer.error}`);
  return damaged("error" in answer ? answer.error : "no answer");
}

/**
 * The bytes of a file of those groups, arrays and texts.
 * @throws CaffeError where the library cannot make them: it has 2 GiB of memory
 */
export function encodeHdf5(tree: Hdf5Tree): Uint8Array {
  if (here) return here.writeHdf5File(tree);
  const answer = ask({ tree }, bytesOf(tree));
  if ("bytes" in answer) return answer.bytes;
  throw new CaffeError(
    `HDF5 cannot be made of it: ${"error" in answer ? answer.error.replace(/\.$/, "") : "no answer"}. Expected less than 2 GiB; BINARYPROTO has no such limit.`,
  );
}

/** Writes a file of those groups, arrays and texts; it is there complete, or not at all. */
export function writeHdf5(path: string, tree: Hdf5Tree): void {
  writeFileAtomically(path, [encodeHdf5(tree)]);
}

function ask(order: Parameters<Hdf5Thread["run"]>[0], size: number): ReturnType<Hdf5Thread["run"]> {
  return (thread as Hdf5Thread).run(order, size, LEAST_MS + size / BYTES_PER_MS);
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
export function readDatasets(path: string, names: readonly string[]): Hdf5Array[] {
  const tree = readHdf5(readBytes(path, "HDF5 file"), path, names);
  return names.map((name) => {
    const array = arrayIn(tree[name]);
    if (array) return array;
    throw new FormatError(`${path}: ${name} is a text. Expected floats or whole numbers.`);
  });
}
