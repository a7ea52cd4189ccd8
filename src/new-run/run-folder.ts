import { join } from "node:path";
import { fileNames, isDirectory } from "../io/files/file-system.ts";
import { CaffeError } from "../util/errors.ts";
import { RUN_FILE, readRunFileBeside } from "./run-file.ts";

/** What a run's folder has for a test of its net. */
interface RunFiles {
  /** The net that trains and tests. */
  readonly model: string;
  readonly labels: string;
  /** The weights of the last snapshot; undefined where there is none. */
  readonly weights: string | undefined;
}

/**
 * Finds the files of a run that `caffe new` has made.
 * @throws CaffeError where the folder is none of a run, FormatError where what it says of the run is damaged
 */
export function filesOfRun(folder: string): RunFiles {
  const run = isDirectory(folder) ? readRunFileBeside(join(folder, RUN_FILE)) : undefined;
  if (!run) {
    throw new CaffeError(
      `${folder} is no folder of a run: it has no ${RUN_FILE}. Expected one that caffe new has made.`,
    );
  }
  return {
    model: join(folder, "train_val.prototxt"),
    labels: join(folder, run.labels),
    weights: lastWeights(folder),
  };
}

/** The weights of the highest iteration; of several the shortest name, for the best of a run may be the last too. */
function lastWeights(folder: string): string | undefined {
  const found = fileNames(folder).flatMap((name) => {
    const iteration = /_iter_(\d+)\.caffemodel(?:\.h5)?$/.exec(name)?.[1];
    return iteration === undefined ? [] : [{ name, iteration: Number(iteration) }];
  });
  const [last] = found.sort((a, b) => b.iteration - a.iteration || a.name.length - b.name.length);
  return last && join(folder, last.name);
}
