import type { Dataset, File } from "h5wasm";
import type { FloatArray } from "../util/arrays.ts";
import { FileError, FormatError } from "../util/errors.ts";
import { countOf, sameShape, shapeText } from "../util/shape.ts";
import { PartialFile } from "./atomic-file.ts";
import { loadQuietly, withoutTime } from "./hdf5-library.ts";

type Library = typeof import("h5wasm");

/** Bytes of rows that are written at once, a chunk of the dataset. */
const CHUNK_BYTES = 65_536;

/**
 * Writes rows of floats to datasets of an HDF5 file as they come, so that memory stays flat however many there are.
 * The file has its name when it is complete.
 */
export class Hdf5RowWriter {
  readonly #library: Library;
  readonly #path: string;
  readonly #partial: PartialFile;
  readonly #datasets: ReadonlyMap<string, RowDataset>;
  #file: File | undefined;

  private constructor(library: Library, path: string, names: readonly string[]) {
    this.#library = library;
    this.#path = path;
    this.#datasets = new Map(names.map((name) => [name, new RowDataset(path, name)]));
    this.#partial = new PartialFile(path);
  }

  /**
   * Begins a file.
   * @param names of its datasets; slashes lead through groups
   * @throws FileError where it cannot be written
   */
  static async create(path: string, names: readonly string[]): Promise<Hdf5RowWriter> {
    // This build works on files as they lie on the disk. It has the types of the other.
    const library = await loadQuietly(() => import("h5wasm/node") as Promise<Library>);
    (await library.ready).activate_throwing_error_handler();
    return new Hdf5RowWriter(library, path, names);
  }

  /**
   * Adds a row to a dataset; its memory may be used again at once.
   * @throws FormatError where its shape is not that of the first, FileError where it cannot be written
   */
  put(name: string, row: FloatArray, shape: readonly number[]): void {
    this.#trying((file) => this.#datasets.get(name)?.put(file, row, shape));
  }

  /**
   * Gives the rows so far the file's name, as a copy; more may follow.
   * @throws FileError where that cannot be written
   */
  share(): void {
    this.#trying((file) => {
      for (const dataset of this.#datasets.values()) dataset.write();
      file.flush();
    });
    this.#partial.publishCopy();
  }

  /** @throws FileError where the file cannot be written */
  finish(): void {
    this.#trying((file) => {
      for (const dataset of this.#datasets.values()) dataset.finish(file);
      file.close();
    });
    this.#partial.publish();
  }

  /** Throws away what was written. */
  abandon(): void {
    try {
      this.#file?.close();
    } catch {
      // What could not be written cannot be closed either.
    }
    this.#partial.discard();
  }

  /** @throws FileError with the system's words out of the many that the library has */
  #trying(write: (file: File) => void): void {
    try {
      withoutTime(() => {
        this.#file ??= new this.#library.File(this.#partial.temporary, "w", {
          libver: ["earliest", "latest"],
        });
        write(this.#file);
      });
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const text = error instanceof Error ? error.message : String(error);
      const reason = /error message = '(.*?)'/.exec(text)?.[1] ?? text.split("\n")[0];
      throw new FileError(`"${this.#path}" cannot be written: ${reason}.`, { cause: error });
    }
  }
}

/** A dataset that grows by rows, a chunk of them at a time. */
class RowDataset {
  readonly #path: string;
  readonly #name: string;
  #dataset: Dataset | undefined;
  #rowShape: readonly number[] = [];
  #rowsPerChunk = 1;
  /** Rows of the chunk that is being filled. */
  #chunk: FloatArray = new Float32Array(0);
  #inChunk = 0;
  /** Rows in the dataset, of which those of a chunk that is not full are written anew with it. */
  #rows = 0;

  constructor(path: string, name: string) {
    this.#path = path;
    this.#name = name;
  }

  put(file: File, row: FloatArray, shape: readonly number[]): void {
    if (!this.#dataset) this.#begin(file, row, shape);
    if (!sameShape(shape, this.#rowShape)) {
      throw new FormatError(
        `${this.#path}: a row is ${shapeText(shape)}, and the first ${shapeText(this.#rowShape)}. Expected rows of one shape.`,
      );
    }
    this.#chunk.set(row, this.#inChunk++ * row.length);
    if (this.#inChunk < this.#rowsPerChunk) return;
    this.write();
    this.#rows += this.#inChunk;
    this.#inChunk = 0;
  }

  /** Writes what there is of the chunk. */
  write(): void {
    if (!this.#dataset || this.#inChunk === 0) return;
    const to = this.#rows + this.#inChunk;
    const values = this.#chunk.subarray(0, this.#inChunk * countOf(this.#rowShape));
    const place = this.#rowShape.map((length): [number, number] => [0, length]);
    this.#dataset.resize([to, ...this.#rowShape]);
    this.#dataset.write_slice([[this.#rows, to], ...place], values);
  }

  /** Writes the rest; a dataset without rows is there too. */
  finish(file: File): void {
    if (!this.#dataset) this.#begin(file, new Float32Array(0), []);
    this.write();
  }

  #begin(file: File, row: FloatArray, shape: readonly number[]): void {
    this.#rowShape = [...shape];
    const rowBytes = row.BYTES_PER_ELEMENT * Math.max(1, countOf(shape));
    this.#rowsPerChunk = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
    this.#chunk = likeOf(row, this.#rowsPerChunk * countOf(shape));
    const path = this.#name.split("/").filter((part) => part !== "");
    const name = path.pop() ?? this.#name;
    const group = path.reduce<Pick<File, "create_group" | "create_dataset">>(
      (parent, part) => parent.create_group(part),
      file,
    );
    this.#dataset = group.create_dataset({
      name,
      data: likeOf(row, 0),
      shape: [0, ...shape],
      maxshape: [null, ...shape],
      chunks: [this.#rowsPerChunk, ...shape],
    });
  }
}

function likeOf(row: FloatArray, count: number): FloatArray {
  return row instanceof Float64Array ? new Float64Array(count) : new Float32Array(count);
}
