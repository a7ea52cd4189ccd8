import { resolve } from "node:path";
import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { countOf } from "../../util/shape.ts";
import { shuffled } from "../../util/shuffled.ts";
import { readDatasets } from "../hdf5/hdf5.ts";
import { readList } from "../lists/list-file.ts";

/** Which rows are read, and in what order. */
export interface RowOrder {
  /** A text file that lists the HDF5 files. */
  readonly source: string;
  /** Paths in that list start here. */
  readonly base: string;
  /** A dataset for each top. */
  readonly names: readonly string[];
  /** Files, and rows within a file, come in an order drawn anew for every pass. */
  readonly shuffle: boolean;
  /** Orders of pass k come from (seed, stream, k). */
  readonly seed: number;
  readonly stream: string;
}

/**
 * Rows of HDF5 files one after the other, file by file, round and round, each numbered from the beginning of the
 * first pass. A whole file is in memory at a time.
 */
export class Hdf5Rows {
  readonly #plan: RowOrder;
  readonly #files: readonly string[];
  /** Rows of each file, as far as they are known. */
  readonly #rows: (number | undefined)[];
  #arrays: NdArray<FloatArray>[] = [];
  #loaded = -1;
  /** Passes over all files, the file within the pass, and the row within the file. */
  #pass = -1;
  #file = 0;
  #row = 0;
  #position = 0;
  #fileOrder = new Uint32Array(0);
  #rowOrder = new Uint32Array(0);

  /** @throws FileError, FormatError where the list or its first file cannot be read */
  constructor(plan: RowOrder) {
    this.#plan = plan;
    this.#files = new TextDecoder()
      .decode(readList(plan.source, "list of HDF5 files"))
      .split(/\s+/)
      .filter((line) => line !== "");
    if (this.#files.length === 0) {
      throw new FormatError(
        `${plan.source}: Must have at least 1 HDF5 filename listed. Expected one for each line.`,
      );
    }
    this.#rows = this.#files.map(() => undefined);
    this.#beginPass(0);
    this.#load();
  }

  /** How many files there are. */
  get fileCount(): number {
    return this.#files.length;
  }

  /** How many rows all files have; undefined as long as some have not been read. */
  get rowsInPass(): number | undefined {
    let sum = 0;
    for (const rows of this.#rows) {
      if (rows === undefined) return undefined;
      sum += rows;
    }
    return sum;
  }

  /**
   * How many rows all files hold. Files whose rows are not known yet are read; the present row is lost.
   * @throws FileError, FormatError where one cannot be read
   */
  countRows(): number {
    for (const [file, rows] of this.#rows.entries()) {
      if (rows !== undefined) continue;
      this.#file = this.#fileOrder.indexOf(file);
      this.#load();
    }
    return this.rowsInPass ?? 0;
  }

  /** The shape of one row of dataset `i`. */
  rowShape(i: number): readonly number[] {
    return this.#arrays[i]?.shape.slice(1) ?? [];
  }

  /** Copies the present row of dataset `i` to `to`, from `at` on. */
  copyRow(i: number, to: Float32Array | Float64Array, at: number): void {
    const { shape, data } = this.#arrays[i] as NdArray<FloatArray>;
    const size = countOf(shape, 1);
    const from = (this.#rowOrder[this.#row] ?? 0) * size;
    to.set(data.subarray(from, from + size), at);
  }

  /** Makes row number `position` the present one; no earlier one than now. */
  seek(position: number): void {
    let left = position - this.#position;
    this.#position = position;
    // Whole passes need no look at any file once the rows of all are known.
    while (left > 0) {
      const inFile = this.#rowOrder.length - this.#row;
      if (left < inFile) {
        this.#row += left;
        return;
      }
      left -= inFile;
      this.#nextFile();
      const inPass = this.#file === 0 ? this.rowsInPass : undefined;
      if (inPass !== undefined && left >= inPass) {
        const passes = Math.floor(left / inPass);
        left -= passes * inPass;
        this.#beginPass(this.#pass + passes);
      }
      // Files that are passed over whole are not read again where their rows are known.
      const known = this.#rows[this.#fileOrder[this.#file] ?? 0];
      if (known !== undefined && left >= known) {
        this.#rowOrder = new Uint32Array(known);
        continue;
      }
      this.#load();
    }
  }

  #nextFile(): void {
    this.#row = 0;
    this.#file++;
    if (this.#file === this.#files.length) this.#beginPass(this.#pass + 1);
  }

  #beginPass(pass: number): void {
    this.#pass = pass;
    this.#file = 0;
    this.#row = 0;
    this.#fileOrder = this.#order(this.#files.length, "files");
  }

  #load(): void {
    const which = this.#fileOrder[this.#file] ?? 0;
    const path = resolve(this.#plan.base, this.#files[which] ?? "");
    if (which !== this.#loaded) this.#arrays = readDatasets(path, this.#plan.names);
    this.#loaded = which;
    const [first] = this.#arrays;
    const rows = first?.shape[0] ?? 0;
    this.#arrays.forEach(({ shape }, i) => {
      if (shape.length < 1 || shape[0] !== rows || rows === 0) {
        throw new FormatError(
          `${path}: dataset "${this.#plan.names[i]}" has shape (${shape.join(",")}). Expected ${rows || "1 or more"} rows, as many as "${this.#plan.names[0]}".`,
        );
      }
    });
    this.#rows[which] = rows;
    this.#rowOrder = this.#order(rows, "rows", this.#file);
  }

  /** The numbers below `count` in order, or shuffled as this pass has them. */
  #order(count: number, ...keys: readonly (string | number)[]): Uint32Array<ArrayBuffer> {
    const { shuffle, seed, stream } = this.#plan;
    if (shuffle) return shuffled(count, seed, stream, this.#pass, ...keys);
    return Uint32Array.from({ length: count }, (_, i) => i);
  }
}
