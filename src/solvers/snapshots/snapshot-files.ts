import { basename, dirname, join } from "node:path";
import { fileExists, fileNames, removeFile } from "../../io/files/file-system.ts";
import { runStatePath } from "../../io/weights/run-state.ts";

/** The form that a snapshot is written in. */
export type SnapshotFormat = "BINARYPROTO" | "HDF5";

/** The files of one snapshot. */
export interface SnapshotFiles {
  readonly iter: number;
  /** The weights: .caffemodel, or .caffemodel.h5. */
  readonly model: string;
  /** Iteration and history: .solverstate, or .solverstate.h5. */
  readonly state: string;
  /** What else a resumed run needs: .runstate. */
  readonly run: string;
}

/** `<prefix>_iter_<N>`, or for the best score `<prefix>_best_iter_<N>`, with the endings of the format. */
export function snapshotFiles(
  prefix: string,
  iter: number,
  format: SnapshotFormat,
  isBest = false,
): SnapshotFiles {
  const stem = `${prefix}${isBest ? "_best" : ""}_iter_${iter}`;
  const ending = format === "HDF5" ? ".h5" : "";
  const state = `${stem}.solverstate${ending}`;
  return { iter, model: `${stem}.caffemodel${ending}`, state, run: runStatePath(state) };
}

/** Every .solverstate under a prefix, the one of the highest iteration first. */
export function findSolverStates(
  prefix: string,
): { readonly iter: number; readonly path: string }[] {
  const folder = dirname(prefix);
  const own = basename(prefix);
  return fileNames(folder)
    .filter((name) => name.startsWith(`${own}_`))
    .flatMap((name) => {
      const pattern = /^_(?:best_)?iter_(\d+)\.solverstate(?:\.h5)?$/;
      const iter = pattern.exec(name.slice(own.length))?.[1];
      return iter === undefined ? [] : [{ iter: Number(iter), path: join(folder, name) }];
    })
    .sort((a, b) => b.iter - a.iter || (a.path < b.path ? -1 : 1));
}

/** Removes a snapshot, the file that makes it one first. */
export function removeSnapshot({ state, run, model }: SnapshotFiles): void {
  for (const path of [state, run, model]) removeFile(path);
}

/**
 * The weights that a .solverstate names: beside it, so that a folder may be moved, or where it says.
 */
export function learnedNetPath(statePath: string, learnedNet: string): string {
  const beside = join(dirname(statePath), basename(learnedNet));
  return fileExists(beside) ? beside : learnedNet;
}
