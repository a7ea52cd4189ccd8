import type { Dataset as H5Dataset } from "h5wasm";
import { FormatError } from "../../util/errors.ts";
import type { Hdf5Storage } from "./storage.ts";

/** A file in the library's own file system, as far as it is needed here. */
interface FileNode {
  usedBytes: number;
  node_ops: Record<string, unknown>;
  stream_ops: Record<string, unknown>;
}

interface FileSystem {
  createDevice(folder: string, name: string, input: null, output: (byte: number) => void): unknown;
  closeStream(stream: number): void;
  open(path: string, mode: string): unknown;
  create(path: string): FileNode;
  unlink(path: string): void;
  readonly ErrnoError: new (number: number) => Error;
}

// It is WebAssembly: it compiles once; after that every call is synchronous. A page has an empty module in its place.
const library: typeof import("h5wasm") = await import("h5wasm");
await library.ready;
export const { Dataset, File, Group } = library;
export const Module: (typeof library)["Module"] = library.Module;
const fs = Module?.FS as unknown as FileSystem | undefined;

/** What the library has said of its failures since it was last asked; it says them on its stream of errors. */
let said: number[] = [];
fs?.createDevice("/", "said", null, (byte) => said.push(byte));
fs?.closeStream(2);
fs?.open("/said", "w");

/** Where the library says in one of its functions why it failed; functions that load filters say more than is of use. */
const REASON = /in (?!H5PL)\w+\(\): (.+)/g;
/** Begins the story of each failure. */
const FAILURE = "HDF5-DIAG";
/** In the library's words: input or output failed. */
const EIO = 29;

/** A failure of the library's, in its own words. */
export class Hdf5Failure extends Error {}

/**
 * Runs a part of the library's work, no other part of which runs within it. Most of its functions do not give back whether they failed, and leave their result as
 * it was; but all of them say it.
 * @throws Hdf5Failure with the first reason that was said
 */
export function told<T>(work: () => T): T {
  said = [];
  let result: T;
  try {
    result = work();
  } catch (error) {
    // What it gives in place of a dataset that failed is no dataset.
    const isOfIt = ["Error", "TypeError"].includes((error as Error | undefined)?.name ?? "");
    throw (isOfIt ? failureSaid() : undefined) ?? error;
  }
  const failure = failureSaid();
  if (failure) throw failure;
  return result;
}

function failureSaid(): Hdf5Failure | undefined {
  if (said.length === 0) return undefined;
  const text = new TextDecoder().decode(Uint8Array.from(said));
  const [, first = text] = text.split(FAILURE);
  return new Hdf5Failure([...first.matchAll(REASON)].pop()?.[1] ?? first.trim());
}

/** Where the header of a dataset stands in its file. */
export function addressOf({ file_id, path }: Pick<H5Dataset, "file_id" | "path">): number {
  const reference = told(() => Module.create_object_reference(file_id, path));
  return Number(new DataView(Uint8Array.from(reference).buffer).getBigUint64(0, true));
}

let count = 0;

/**
 * Lets the library see bytes as a file of its own file system: no file of the user's is ever open in it.
 * @returns the file's name there, what storage failed with, if it did, and the way to be rid of it
 */
export function mount(storage: Hdf5Storage): {
  readonly name: string;
  readonly failure: () => unknown;
  readonly unmount: () => void;
} {
  if (!fs) {
    throw new FormatError("HDF5 could not be started. Expected WebAssembly to be available.");
  }
  const name = `/file-${++count}.h5`;
  const node = fs.create(name);
  let failure: unknown;
  const trying = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      failure ??= error;
      throw new fs.ErrnoError(EIO);
    }
  };
  const bytesOf = (memory: Int8Array, offset: number, length: number): Uint8Array =>
    new Uint8Array(memory.buffer, memory.byteOffset + offset, length);
  const { setattr } = node.node_ops as { setattr: (node: FileNode, attributes: object) => void };
  node.usedBytes = storage.size;
  node.node_ops = {
    ...node.node_ops,
    setattr: (own: FileNode, { size, ...rest }: { size?: number }) => {
      setattr(own, rest);
      if (size === undefined) return;
      trying(() => storage.resize(size));
      own.usedBytes = size;
    },
  };
  node.stream_ops = {
    ...node.stream_ops,
    read: (_: unknown, memory: Int8Array, offset: number, length: number, position: number) =>
      trying(() => storage.read(bytesOf(memory, offset, length), position)),
    write: (_: unknown, memory: Int8Array, offset: number, length: number, position: number) => {
      trying(() => storage.write(bytesOf(memory, offset, length), position));
      node.usedBytes = Math.max(node.usedBytes, position + length);
      return length;
    },
  };
  return { name, failure: () => failure, unmount: () => fs.unlink(name) };
}
