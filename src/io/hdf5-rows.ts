import { resolve } from "node:path";
import { FormatError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { countOf } from "../util/shape.ts";
import { readText } from "./files.ts";
import { type Hdf5Array, readDatasets } from "./hdf5.ts";

/** What is read from HDF5 files, and how. */
export interface Hdf5Plan {
  /** A text file that lists the HDF5 files. */
  readonly source: string;
  /** Paths in that list start here. */
  readonly root: string;
  /** A dataset for each top. */
  readonly names: readonly string[];
  readonly shuffle: boolean;
  /** Orders of pass k come from (seed, stream, k). */
  readonly seed: number;
  readonly stream: string;
}

/** Rows of HDF5 files one after the other, file by file, round and round. A whole file is in memory at a time. */
export class Hdf5Rows {
  readonly #plan: Hdf5Plan;
  readonly #files: readonly string[];
  #arrays: Hdf5Array[] = [];
  #loaded = -1;
  /** Passes over all files, the file within the pass, and the row within the file. */
  #pass = 0;
  #file = 0;
  #row = 0;
  #fileOrder: Uint32Array;
  #rowOrder = new Uint32Array(0);

  /** @throws FileError, FormatError where the list or its first file cannot be read */
  constructor(plan: Hdf5Plan) {
    this.#plan = plan;
    this.#files = readText(plan.source, "list of HDF5 files")
      .split(/\s+/)
      .filter((line) => line !== "");
    if (this.#files.length === 0) {
      throw new FormatError(
        `${plan.source}: Must have at least 1 HDF5 filename listed. Expected one for each line.`,
      );
    }
    this.#fileOrder = this.#order(this.#files.length, "files");
    this.#load();
  }

  /** How many files there are. */
  get fileCount(): number {
    return this.#files.length;
  }

  /** The shape of one row of dataset `i`. */
  rowShape(i: number): readonly number[] {
    return this.#arrays[i]?.shape.slice(1) ?? [];
  }

  /** Copies the present row of dataset `i` to `to`, from `at` on. */
  copyRow(i: number, to: Float32Array | Float64Array, at: number): void {
    const { shape, data } = this.#arrays[i] as Hdf5Array;
    const size = countOf(shape, 1);
    const from = (this.#rowOrder[this.#row] ?? 0) * size;
    to.set(data.subarray(from, from + size), at);
  }

  /** Goes on by one row. */
  next(): void {
    this.#row++;
    if (this.#row < this.#rowOrder.length) return;
    this.#row = 0;
    this.#file++;
    if (this.#file === this.#files.length) {
      this.#file = 0;
      this.#pass++;
      this.#fileOrder = this.#order(this.#files.length, "files");
    }
    this.#load();
  }

  #load(): void {
    const which = this.#fileOrder[this.#file] ?? 0;
    const path = resolve(this.#plan.root, this.#files[which] ?? "");
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
    this.#rowOrder = this.#order(rows, "rows", this.#file);
  }

  /** The numbers below `count` in order, or shuffled as this pass has them. */
  #order(count: number, ...keys: readonly (string | number)[]): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    if (!this.#plan.shuffle) return order;
    const random = new Random(this.#plan.seed, this.#plan.stream, this.#pass, ...keys);
    for (let i = count - 1; i > 0; i--) {
      const k = random.below(i + 1);
      [order[i], order[k]] = [order[k] ?? 0, order[i] ?? 0];
    }
    return order;
  }
}
