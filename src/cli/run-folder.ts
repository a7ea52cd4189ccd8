import { join } from "node:path";
import { CaffeError } from "../util/errors.ts";

/**
 * The solver that flags name: by its file, or by the folder that `caffe new` made.
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
  return folder === undefined ? solver || undefined : join(folder, "solver.prototxt");
}
