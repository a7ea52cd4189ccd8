import { join } from "node:path";
import { isDirectory } from "../io/files/file-system.ts";
import { CaffeError } from "../util/errors.ts";

/**
 * The solver that flags name: by its file, with or without its flag, or by the folder that `caffe new` made.
 * @throws CaffeError where both are given
 */
export function solverFile({
  folder,
  solver,
}: {
  readonly folder: string | undefined;
  readonly solver: string | undefined;
}): string | undefined {
  if (folder !== undefined && solver) {
    throw new CaffeError(`${folder} and --solver=${solver} are both given. Expected one of them.`);
  }
  if (folder === undefined) return solver || undefined;
  return isDirectory(folder) ? join(folder, "solver.prototxt") : folder;
}
