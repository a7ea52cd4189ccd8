import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "h5wasm";

type Library = typeof import("h5wasm");
const library = (await import("h5wasm/node")) as Library;
await library.ready;

let count = 0;

/** What h5wasm makes a dataset of, its name aside. */
type DatasetOptions = Omit<Parameters<InstanceType<Library["Group"]>["create_dataset"]>[0], "name">;

/** The bytes of a file with one dataset that may grow along its first axis, as other programs write it. */
export function hdf5File(
  name: string,
  options: DatasetOptions,
  change: (dataset: Dataset) => void = () => {},
): Buffer {
  const path = join(tmpdir(), `hdf5-file-${process.pid}-${++count}.h5`);
  try {
    const file = new library.File(path, "w", { libver: ["earliest", "latest"] });
    const maxshape = options.chunks ? [null, ...(options.shape ?? []).slice(1)] : null;
    change(file.create_dataset({ name, ...options, maxshape }));
    file.close();
    return readFileSync(path);
  } finally {
    rmSync(path, { force: true });
  }
}

/** The bytes with the one place where `from` stands changed to `to`. */
export function patched(bytes: Uint8Array, from: readonly number[], to: readonly number[]): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(Buffer.from(from));
  if (at < 0 || copy.indexOf(Buffer.from(from), at + 1) >= 0) {
    throw new Error(`the bytes ${from.join(" ")} do not stand in one place`);
  }
  copy.set(to, at);
  return copy;
}
