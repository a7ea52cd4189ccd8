import type { RunState } from "../../io/weights/run-state.ts";
import type { Net } from "../../net/net.ts";
import { FileError, SolverError } from "../../util/errors.ts";
import { type LayerStates, layerStates, type Resumed } from "../snapshots/snapshot.ts";
import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import type { Workers } from "../workers.ts";
import type { SolverRun } from "./run.ts";

/** What worker 0 has come to, as it tells the others. */
type Outcome<T> =
  | { readonly value: T }
  | { readonly problem: string; readonly isOfFile: boolean }
  | undefined;

/**
 * Lets the first worker write a snapshot, with what the others tell. All go on as a run does that is resumed from it: from its
 * arrays, and with no gradients before.
 */
export async function writeTogether(
  run: SolverRun,
  snapshots: SnapshotStore,
  workers: Workers,
  isBest: boolean,
): Promise<string> {
  const states = await statesByWorker(run.net, workers);
  const path = await doneByFirst(workers, () => snapshots.write(run, isBest, states));
  snapshots.wrote(run.iter, isBest);
  workers.gradients.restart();
  await workers.follow(run.arraysOfRun());
  return path;
}

/**
 * Lets the first worker restore a snapshot, and the others go on from what it tells.
 * @param read restores one
 * @throws what `read` throws, on every worker; SolverError where the snapshot does not fit one of them
 */
export async function restoreTogether(
  run: SolverRun,
  snapshots: SnapshotStore,
  workers: Workers,
  read: () => Promise<Resumed | undefined>,
): Promise<Resumed | undefined> {
  const present = (await statesByWorker(run.net, workers))[workers.rank] ?? {};
  const { resumed, isThere } = await doneByFirst(workers, async () => {
    const resumed = await read();
    return { resumed, isThere: snapshots.has(run.iter) };
  });
  if (workers.rank > 0 && resumed) {
    await snapshots.follow(run, snapshotOfWorker(resumed, workers.rank, present), isThere);
  }
  return resumed;
}

/**
 * Lets worker 0 alone do something with files, and tells all what came of it.
 * @throws what `work` throws, on every worker
 */
async function doneByFirst<T>(workers: Workers, work: () => T | Promise<T>): Promise<T> {
  let outcome: Outcome<T>;
  let failure: unknown;
  if (workers.rank === 0) {
    try {
      outcome = { value: await work() };
    } catch (error) {
      failure = error;
      const problem = error instanceof Error ? error.message : String(error);
      outcome = { problem, isOfFile: error instanceof FileError };
    }
  }
  const [first] = await workers.share(outcome);
  if (first && "value" in first) return first.value;
  if (failure !== undefined) throw failure;
  const { problem, isOfFile } = first ?? { problem: "it told nothing", isOfFile: false };
  throw new (isOfFile ? FileError : SolverError)(`worker 0: ${problem}`);
}

/** By worker: the states of the net's layers that are others than those of worker 0. All workers ask at once. */
async function statesByWorker(net: Net, workers: Workers): Promise<LayerStates[]> {
  const [first = {}, ...others] = await workers.share(layerStates(net));
  return [{}, ...others.map((states) => otherStates(states, first))];
}

/**
 * What one of several workers goes on from: its own states, where the snapshot has them. Where it was written by fewer, a
 * layer whose states are each worker's own stays as it is.
 * @param present the layers' states of this worker that are others than those of worker 0
 */
function snapshotOfWorker(resumed: Resumed, rank: number, present: LayerStates): Resumed {
  const { runState } = resumed;
  if (!runState) return resumed;
  const own = runState.workers?.[rank] ?? present;
  return { ...resumed, runState: { ...runState, train: { ...runState.train, ...own } } };
}

/** In words, that a snapshot was written by another number of workers than go on from it; undefined where it was not. */
export function otherWorkers(runState: RunState | undefined, count: number): string | undefined {
  const before = runState && (runState.workers?.length ?? 1);
  if (before === undefined || before === count) return undefined;
  const ranks = (n: number): string => (n === 1 ? "one rank" : `${n} ranks`);
  const go = count === 1 ? "goes" : "go";
  return `The snapshot is of ${ranks(before)}, and ${ranks(count)} ${go} on from it: from the same record, with the batch of ${ranks(count)}. What follows is that of ${ranks(before)} up to rounding, where the joint batch is as large.`;
}

function otherStates(states: LayerStates, first: LayerStates): LayerStates {
  const others = Object.entries(states).filter(
    ([key, state]) => JSON.stringify(state) !== JSON.stringify(first[key]),
  );
  return Object.fromEntries(others);
}
