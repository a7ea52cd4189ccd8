import type { FloatArray } from "../../util/arrays.ts";
import { FileError, FormatError, systemErrorText } from "../../util/errors.ts";
import { countOf, sameShape, shapeText } from "../../util/shape.ts";
import { PartialFile } from "../files/atomic-file.ts";
import type { Hdf5RowFile, RowLayout } from "./row-file.ts";
import { Hdf5Thread } from "./thread.ts";

/** Bytes of rows that are written at once, a chunk of the dataset. */
const CHUNK_BYTES = 65_536;
/** How long a disk may take for a chunk, or for all that it has put off. */
const MOST_MS = 600_000;

/** What the writer asks of the file, wherever that is. */
type RowFile = Pick<Hdf5RowFile, "begin" | "write" | "flush" | "close">;

/**
 * Writes rows of floats to datasets of an HDF5 file as they come, so that memory stays flat however many there are.
 * The file has its name when it is complete.
 */
export class Hdf5RowWriter {
  readonly #path: string;
  readonly #partial: PartialFile;
  readonly #file: RowFile;
  readonly #datasets: ReadonlyMap<string, RowDataset>;

  private constructor(path: string, names: readonly string[], partial: PartialFile, file: RowFile) {
    this.#path = path;
    this.#partial = partial;
    this.#file = file;
    this.#datasets = new Map(names.map((name) => [name, new RowDataset(path, name, file)]));
  }

  /**
   * Begins a file.
   * @param names of its datasets; slashes lead through groups
   * @throws FileError where it cannot be written
   */
  static async create(path: string, names: readonly string[]): Promise<Hdf5RowWriter> {
    const partial = new PartialFile(path);
    try {
      const { temporary } = partial;
      const file = fileInThread(temporary) ?? (await fileHere(temporary));
      return new Hdf5RowWriter(path, names, partial, file);
    } catch (error) {
      partial.discard();
      throw failed(path, error);
    }
  }

  /**
   * Adds a row to a dataset; its memory may be used again at once.
   * @throws FormatError where its shape is not that of the first, FileError where it cannot be written
   */
  put(name: string, row: FloatArray, shape: readonly number[]): void {
    const dataset = this.#datasets.get(name);
    dataset?.check(shape);
    this.#trying(() => dataset?.put(row, shape));
  }

  /**
   * Gives the rows so far the file's name, as a copy; more may follow.
   * @throws FileError where that cannot be written
   */
  share(): void {
    this.#trying(() => {
      for (const dataset of this.#datasets.values()) dataset.write();
      this.#file.flush();
    });
    this.#partial.publishCopy();
  }

  /** @throws FileError where the file cannot be written */
  finish(): void {
    this.#trying(() => {
      for (const dataset of this.#datasets.values()) dataset.finish();
      this.#file.close();
    });
    this.#partial.publish();
  }

  /** Throws away what was written. */
  abandon(): void {
    try {
      this.#file.close();
    } catch {
      // What could not be written cannot be closed either.
    }
    this.#partial.discard();
  }

  #trying(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw failed(this.#path, error);
    }
  }
}

function failed(path: string, error: unknown): FileError {
  const reason = systemErrorText(error) ?? (error instanceof Error ? error.message : String(error));
  return new FileError(`"${path}" cannot be written: ${reason}.`, { cause: error });
}

/** The file in a thread of its own; undefined where there can be none. */
function fileInThread(path: string): RowFile | undefined {
  const thread = Hdf5Thread.find();
  if (!thread) return undefined;
  const ask = (order: Parameters<Hdf5Thread["run"]>[0]): void => {
    const answer = thread.run(order, 0, MOST_MS);
    if ("error" in answer) throw new Error(answer.error);
  };
  ask({ rows: path });
  return {
    begin: (...args) => ask({ call: "begin", args }),
    write: (...args) => ask({ call: "write", args }),
    flush: () => ask({ call: "flush", args: [] }),
    close: () => {
      try {
        ask({ call: "close", args: [] });
      } finally {
        thread.end();
      }
    },
  };
}

async function fileHere(path: string): Promise<RowFile> {
  const { Hdf5RowFile } = await import("./row-file.ts");
  return new Hdf5RowFile(path);
}

/** A dataset that grows by rows, a chunk of them at a time. */
class RowDataset {
  readonly #path: string;
  readonly #name: string;
  readonly #file: RowFile;
  #layout: RowLayout | undefined;
  /** Rows of the chunk that is being filled. */
  #chunk: FloatArray = new Float32Array(0);
  #inChunk = 0;
  /** Rows in the dataset, of which those of a chunk that is not full are written anew with it. */
  #rows = 0;

  constructor(path: string, name: string, file: RowFile) {
    this.#path = path;
    this.#name = name;
    this.#file = file;
  }

  /** @throws FormatError where a row has another shape than the first */
  check(shape: readonly number[]): void {
    if (!this.#layout || sameShape(shape, this.#layout.shape)) return;
    throw new FormatError(
      `${this.#path}: a row is ${shapeText(shape)}, and the first ${shapeText(this.#layout.shape)}. Expected rows of one shape.`,
    );
  }

  put(row: FloatArray, shape: readonly number[]): void {
    const { perChunk } = this.#layout ?? this.#begin(row, shape);
    this.#chunk.set(row, this.#inChunk++ * row.length);
    if (this.#inChunk < perChunk) return;
    this.write();
    this.#rows += this.#inChunk;
    this.#inChunk = 0;
  }

  /** Writes what there is of the chunk. */
  write(): void {
    if (!this.#layout || this.#inChunk === 0) return;
    const values = this.#chunk.subarray(0, this.#inChunk * countOf(this.#layout.shape));
    this.#file.write(this.#name, this.#rows, this.#inChunk, this.#layout, values);
  }

  /** Writes the rest; a dataset without rows is there too. */
  finish(): void {
    if (!this.#layout) this.#begin(new Float32Array(0), []);
    this.write();
  }

  #begin(row: FloatArray, shape: readonly number[]): RowLayout {
    const rowBytes = row.BYTES_PER_ELEMENT * Math.max(1, countOf(shape));
    const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
    const isDouble = row instanceof Float64Array;
    const count = perChunk * countOf(shape);
    this.#chunk = isDouble ? new Float64Array(count) : new Float32Array(count);
    this.#layout = { shape: [...shape], isDouble, perChunk };
    this.#file.begin(this.#name, this.#layout);
    return this.#layout;
  }
}
