import { join } from "node:path";

/**
 * The files of a record: what a training leaves behind in a folder of its own, `runs/NAME`, or `record` in the folder that
 * `caffe new` made for the solver; `NAME-2`, `record-2` for the next one there.
 */
export interface RunFiles {
  /** What happened: see events.ts. A folder with this file is a record. */
  readonly events: string;
  /** Caffe's log lines. */
  readonly log: string;
  /** The solver as it trains, with what flags changed. */
  readonly solver: string;
  /** The train net as it was built. */
  readonly net: string;
  /** Each test net. */
  readonly testNet: (index: number) => string;
  /** The command line, as a shell takes it. */
  readonly command: string;
  /** What computes: the `Environment` of events.ts. */
  readonly environment: string;
  /** The .solverstate of each snapshot, one a line, oldest first; some may have been removed since (`keep_last`). */
  readonly snapshots: string;
}

/** Where the files of the record in a folder lie. */
export function runFiles(folder: string): RunFiles {
  const at = (name: string): string => join(folder, name);
  return {
    events: at("events.jsonl"),
    log: at("train.log"),
    solver: at("solver.prototxt"),
    net: at("train_net.prototxt"),
    testNet: (index) => at(`test_net_${index}.prototxt`),
    command: at("command.txt"),
    environment: at("environment.json"),
    snapshots: at("snapshots.txt"),
  };
}
