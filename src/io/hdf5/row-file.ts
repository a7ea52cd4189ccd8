import { closeSync, openSync } from "node:fs";
import type { Dataset, File as H5File } from "h5wasm";
import type { FloatArray } from "../../util/arrays.ts";
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

/** An HDF5 file on the disk whose datasets grow by rows, where the library is. */
export class Hdf5RowFile {
  readonly #handle: number;
  readonly #storage: DiskStorage;
  readonly #mounted: ReturnType<typeof mount>;
  readonly #file: H5File;
  readonly #datasets = new Map<string, Dataset>();

  readonly #made: number[] = [];

  /** Writes over a file that is there. */
  constructor(path: string) {
    this.#handle = openSync(path, "r+");
    this.#storage = new DiskStorage(this.#handle);
    this.#mounted = mount(this.#storage);
    this.#file = this.#trying(
      () => new File(this.#mounted.name, "w", { libver: ["earliest", "latest"] }),
    );
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
