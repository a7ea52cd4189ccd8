import { FileError, FormatError, systemErrorText } from "../../util/errors.ts";
import { PartialFile } from "../files/atomic-file.ts";
import { isHdf5At } from "./hdf5.ts";
import { here } from "./library-here.ts";
import type { StoredRows } from "./row-file.ts";
import { Hdf5Thread, needed } from "./thread.ts";

/** How long a disk may take. */
const MOST_MS = 600_000;

const thread = Hdf5Thread.find();

/**
 * Writes rows of 32-bit floats to datasets of an HDF5 file, to which more can be added: a new file, complete or not at
 * all, or one that is there.
 *
 * @returns the shapes that the datasets have then
 * @throws FormatError where the file is not HDF5, or a dataset is missing or has other rows; FileError
 */
export function storeRows(
  path: string,
  mode: "new" | "add",
  arrays: readonly StoredRows[],
): number[][] {
  if (mode === "add") {
    if (!isHdf5At(path)) {
      throw new FormatError(`"${path}" is not an HDF5 file. Expected one that was made before.`);
    }
    return store(path, path, "add", arrays);
  }
  const partial = new PartialFile(path);
  try {
    const shapes = store(path, partial.temporary, "over", arrays);
    partial.publish();
    return shapes;
  } catch (error) {
    partial.discard();
    throw error;
  }
}

function store(
  path: string,
  file: string,
  mode: "over" | "add",
  arrays: readonly StoredRows[],
): number[][] {
  if (here) {
    try {
      return here.storeRowsIn(file, mode, arrays);
    } catch (error) {
      throw failed(path, systemErrorText(error) ?? String((error as Error).message), error);
    }
  }
  const size = arrays.reduce((sum, { values }) => sum + values.byteLength, 0);
  const answer = needed(thread).run({ store: [file, mode, arrays] }, size, MOST_MS);
  if ("shapes" in answer) return answer.shapes;
  if ("error" in answer && answer.isOurs) throw new FormatError(`${path}: ${answer.error}`);
  throw failed(path, "error" in answer ? answer.error : "no answer");
}

function failed(path: string, reason: string, cause?: unknown): FileError {
  return new FileError(`"${path}" cannot be written: ${reason.replace(/\.$/, "")}.`, { cause });
}
