import type { Dataset, File } from "h5wasm";
import { FileError, FormatError } from "../util/errors.ts";
import { countOf, sameShape, shapeText } from "../util/shape.ts";
import { PartialFile } from "./atomic-file.ts";
import { loadQuietly, withoutTime } from "./hdf5-library.ts";

type Library = typeof import("h5wasm");

/** Bytes of rows that are written at once, a chunk of the dataset. */
const CHUNK_BYTES = 65_536;

/**
 * Writes rows of 32-bit floats to one dataset of an HDF5 file as they come, so that memory stays flat however many
 * there are. The file has its name when it is complete.
 */
export class Hdf5RowWriter {
  readonly #library: Library;
  readonly #path: string;
  readonly #name: string;
  readonly #partial: PartialFile;
  #file: File | undefined;
  #dataset: Dataset | undefined;
  #rowShape: readonly number[] = [];
  /** Rows of the chunk that is being filled. */
  #chunk = new Float32Array(0);
  #inChunk = 0;
  /** Rows in the dataset. */
  #rows = 0;

  private constructor(library: Library, path: string, name: string) {
    this.#library = library;
    this.#path = path;
    this.#name = name;
    this.#partial = new PartialFile(path);
  }

  /**
   * Begins a file.
   * @param name of its dataset; slashes lead through groups
   * @throws FileError where it cannot be written
   */
  static async create(path: string, name: string): Promise<Hdf5RowWriter> {
    // This build works on files as they lie on the disk. It has the types of the other.
    const library = await loadQuietly(() => import("h5wasm/node") as Promise<Library>);
    (await library.ready).activate_throwing_error_handler();
    return new Hdf5RowWriter(library, path, name);
  }

  /**
   * Adds a row; its memory may be used again at once.
   * @throws FormatError where its shape is not that of the first, FileError where it cannot be written
   */
  put(row: Float32Array, shape: readonly number[]): void {
    if (!this.#dataset) this.#begin(shape);
    if (!sameShape(shape, this.#rowShape)) {
      throw new FormatError(
        `${this.#path}: a row is ${shapeText(shape)}, and the first ${shapeText(this.#rowShape)}. Expected rows of one shape.`,
      );
    }
    this.#chunk.set(row, this.#inChunk++ * row.length);
    if (this.#inChunk === this.#rowsPerChunk) this.#write();
  }

  /** @throws FileError where the file cannot be written */
  finish(): void {
    if (!this.#dataset) this.#begin([]);
    if (this.#inChunk > 0) this.#write();
    this.#trying(() => this.#file?.close());
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

  get #rowsPerChunk(): number {
    const rowBytes = 4 * Math.max(1, countOf(this.#rowShape));
    return Math.max(1, Math.floor(CHUNK_BYTES / rowBytes));
  }

  #begin(shape: readonly number[]): void {
    this.#rowShape = [...shape];
    this.#chunk = new Float32Array(this.#rowsPerChunk * countOf(shape));
    const path = this.#name.split("/").filter((part) => part !== "");
    const name = path.pop() ?? this.#name;
    this.#trying(() => {
      this.#file = new this.#library.File(this.#partial.temporary, "w", {
        libver: ["earliest", "latest"],
      });
      const group = path.reduce<Pick<File, "create_group" | "create_dataset">>(
        (parent, part) => parent.create_group(part),
        this.#file,
      );
      this.#dataset = group.create_dataset({
        name,
        data: new Float32Array(0),
        shape: [0, ...shape],
        maxshape: [null, ...shape],
        chunks: [this.#rowsPerChunk, ...shape],
      });
    });
  }

  #write(): void {
    const [from, to] = [this.#rows, this.#rows + this.#inChunk];
    const values = this.#chunk.subarray(0, this.#inChunk * countOf(this.#rowShape));
    const place = this.#rowShape.map((length): [number, number] => [0, length]);
    this.#trying(() => {
      this.#dataset?.resize([to, ...this.#rowShape]);
      this.#dataset?.write_slice([[from, to], ...place], values);
    });
    this.#rows = to;
    this.#inChunk = 0;
  }

  /** @throws FileError with the system's words out of the many that the library has */
  #trying(write: () => void): void {
    try {
      withoutTime(write);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const reason = /error message = '(.*?)'/.exec(text)?.[1] ?? text.split("\n")[0];
      throw new FileError(`"${this.#path}" cannot be written: ${reason}.`, { cause: error });
    }
  }
}
