import { closeSync, fstatSync, openSync } from "node:fs";
import type { Dataset, File as H5File } from "h5wasm";
import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { countOf, sameShape, shapeText } from "../../util/shape.ts";
import { addressOf, File, mount, told } from "./library.ts";
import { Hdf5Header } from "./object-header.ts";
import { DiskStorage } from "./storage.ts";

/** How the rows of a dataset are laid out. */
export interface RowLayout {
  readonly shape: readonly number[];
  readonly isDouble: boolean;
  /** Rows in a chunk of the dataset. */
  readonly perChunk: number;
}

/** Rows of 32-bit floats for a dataset. */
export interface StoredRows {
  readonly name: string;
  /** Of a row. */
  readonly shape: readonly number[];
  /** Rows in a chunk, where the dataset is new. */
  readonly perChunk: number;
  /** The number of the first one; behind all that are there unless given. */
  readonly from?: number;
  readonly values: Float32Array;
}

/** An HDF5 file on the disk whose datasets grow by rows, where the library is. */
export class Hdf5RowFile {
  readonly #handle: number;
  readonly #storage: DiskStorage;
  readonly #mounted: ReturnType<typeof mount>;
  readonly #file: H5File;
  readonly #datasets = new Map<string, Dataset>();

  readonly #made: number[] = [];

  /** Writes over a file that is there, or adds to it. */
  constructor(path: string, mode: "over" | "add" = "over") {
    this.#handle = openSync(path, "r+");
    this.#storage = new DiskStorage(this.#handle);
    if (mode === "add") this.#storage.size = fstatSync(this.#handle).size;
    this.#mounted = mount(this.#storage);
    const flag = mode === "add" ? "a" : "w";
    this.#file = this.#trying(
      () => new File(this.#mounted.name, flag, { libver: ["earliest", "latest"] }),
    );
  }

  /**
   * How many rows a dataset has that is there.
   * @throws FormatError where it is not there, or not of 32-bit floats and rows of that shape
   */
  find(name: string, shape: readonly number[]): number {
    const found = this.#trying(() => this.#file.get(name)) as Dataset | null;
    const dims = found?.shape;
    if (!found || !dims) throw new FormatError(`there is no dataset "${name}".`);
    const [rows = 0, ...row] = dims;
    if (dims.length === 0 || !sameShape(row, shape) || found.dtype !== "<f") {
      throw new FormatError(
        `dataset "${name}" has rows ${shapeText(row)} of type ${found.dtype}, and rows ${shapeText(shape)} are given. Expected rows of one shape, of 32-bit floats.`,
      );
    }
    this.#datasets.set(name, found);
    return rows;
  }

  /** Makes a dataset without rows; slashes in its name lead through groups. */
  begin(name: string, { shape, isDouble, perChunk }: RowLayout): void {
    const made = this.#trying(() => {
      const path = name.split("/").filter((part) => part !== "");
      const last = path.pop() ?? name;
      const group = path.reduce<Pick<H5File, "create_group" | "create_dataset">>(
        (parent, part) => parent.create_group(part),
        this.#file,
      );
      const dataset = group.create_dataset({
        name: last,
        data: isDouble ? new Float64Array(0) : new Float32Array(0),
        shape: [0, ...shape],
        maxshape: [null, ...shape],
        chunks: [perChunk, ...shape],
      });
      this.#datasets.set(name, dataset);
      return dataset;
    });
    this.#made.push(addressOf(made));
  }

  /** Writes rows from number `from` on, the dataset's last ones. */
  write(name: string, from: number, rows: number, { shape }: RowLayout, values: FloatArray): void {
    this.#trying(() => {
      const dataset = this.#datasets.get(name);
      const place = shape.map((length): [number, number] => [0, length]);
      dataset?.resize([from + rows, ...shape]);
      dataset?.write_slice([[from, from + rows], ...place], values);
    });
  }

  /** Writes rows over those that are there, or behind them. */
  overwrite({ name, shape, from, values }: StoredRows, rows: number): number[] {
    const count = values.length / Math.max(1, countOf(shape));
    const at = from ?? rows;
    const end = Math.max(rows, at + count);
    if (count > 0) {
      this.#trying(() => {
        const dataset = this.#datasets.get(name);
        const place = shape.map((length): [number, number] => [0, length]);
        if (end > rows) dataset?.resize([end, ...shape]);
        dataset?.write_slice([[at, at + count], ...place], values);
      });
    }
    return [end, ...shape];
  }

  /** Brings the file to where it is whole; more may follow. */
  flush(): void {
    this.#trying(() => this.#file.flush());
    this.#eraseTimes();
  }

  /** Ends the file. */
  close(): void {
    try {
      this.#trying(() => this.#file.close());
      this.#eraseTimes();
    } finally {
      this.#mounted.unmount();
      closeSync(this.#handle);
    }
  }

  #eraseTimes(): void {
    const header = new Hdf5Header(this.#storage, 0);
    for (const address of this.#made) header.eraseTime(address);
  }

  /** @throws what the disk said, where it was the disk; FormatError with the library's reason */
  #trying<T>(work: () => T): T {
    try {
      return told(work);
    } catch (error) {
      throw this.#mounted.failure() ?? error;
    }
  }
}

/** Writes rows to a file that is there, over all of it or added to it; the shapes that its datasets have then. */
export function storeRowsIn(
  path: string,
  mode: "over" | "add",
  arrays: readonly StoredRows[],
): number[][] {
  const file = new Hdf5RowFile(path, mode);
  try {
    const before = arrays.map(({ name, shape, perChunk }) => {
      if (mode === "add") return file.find(name, shape);
      file.begin(name, { shape, isDouble: false, perChunk });
      return 0;
    });
    return arrays.map((rows, i) => file.overwrite(rows, before[i] ?? 0));
  } finally {
    file.close();
  }
}
