import { resolve } from "node:path";
import type { Blob } from "../../blob/blob.ts";
import { checkWritable } from "../../io/files/atomic-file.ts";
import { removeLeftovers } from "../../io/files/temporary-file.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import { checkHdf5Names } from "../../io/weights/hdf5-model.ts";
import type { SolverMemory } from "../../io/weights/run-state.ts";
import { checkSize } from "../../io/weights/size-limit.ts";
import type { Net } from "../../net/net.ts";
import { FileError, FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import {
  followSnapshot,
  type LayerStates,
  type Resumed,
  restoreSnapshot,
  type Snapshotted,
  writeSnapshot,
} from "./snapshot.ts";
import {
  findSolverStates,
  removeSnapshot,
  type SnapshotFiles,
  type SnapshotFormat,
  snapshotFiles,
} from "./snapshot-files.ts";

/**
 * The snapshots of one run under its prefix: writes them, and removes those that `keep_last` does not keep.
 *
 * - `snapshot_format`: BINARYPROTO (default) or HDF5
 * - `snapshot_diff`: with gradients; default false
 * - `keep_last`: how many of the newest stay; 0 (default) for all. Only snapshots of this run, earlier parts of it
 *   included, are ever removed, and none before a newer one is whole and its weights have given a finite loss
 */
export class SnapshotStore {
  #prefix: string;
  #param: SolverParameter;
  readonly #log: Log;
  readonly #isWriter: boolean;
  /**
   * Iterations of this run's snapshots, oldest first, where `keep_last` removes some; and of its snapshots of the best
   * score: the last one stays, and the one before it until the last is whole.
   */
  #kept: number[] = [];
  #bests: number[] = [];
  #hasSwept = false;
  /** The iteration of the snapshot that the run last wrote, or began from. */
  #newestIter: number | undefined;
  /** The iteration at which one was due and could not be written. */
  #failedAt: number | undefined;

  /** @param isWriter whether files are this worker's to write and remove: one worker of a run's does that */
  constructor(prefix: string, param: SolverParameter, log: Log, isWriter = true) {
    this.#isWriter = isWriter;
    this.#prefix = prefix;
    this.#param = param;
    this.#log = log;
  }

  /** Goes on by another parameter. Where that changes the names of snapshots, those on the disk stay. */
  goOn(prefix: string, param: SolverParameter): void {
    const nameOf = (iter: number): string => this.#files(iter, false).state;
    const before = nameOf(0);
    [this.#prefix, this.#param] = [prefix, param];
    if (nameOf(0) === before) return;
    this.remember({ snapshots: [] });
    this.#newestIter = undefined;
    this.#hasSwept = false;
  }

  /** @throws FileError where no files can be written under the prefix */
  checkWritable(): void {
    if (this.#isWriter) checkWritable(this.#prefix);
  }

  /** The .solverstate of the highest iteration under the prefix, whole or not. */
  get newest(): string | undefined {
    return findSolverStates(this.#prefix)[0]?.path;
  }

  /** Whether a snapshot of that iteration was due and could not be written. */
  isOwed(iter: number): boolean {
    return this.#failedAt === iter && !this.has(iter);
  }

  /** Whether the snapshot of that iteration is there, written by this run or what it began from. */
  has(iter: number): boolean {
    return this.#newestIter === iter;
  }

  /**
   * Makes sure, before hours of work, that the net and what the solver keeps of it can be written in the format asked for.
   * @throws FormatError
   */
  check({ layers, layerNames }: Net, history: readonly Blob[]): void {
    if (this.#format !== "HDF5") {
      const check = (blobs: readonly Blob[], file: string, arrays?: 2): void =>
        checkSize(blobs, `the ${file} of a snapshot`, "snapshot_format: HDF5", this.#log, arrays);
      const weights = layers.flatMap(({ blobs }) => blobs);
      check(weights, ".caffemodel", this.#param.snapshot_diff ? 2 : undefined);
      check(history, ".solverstate");
      return;
    }
    checkHdf5Names(
      layers.map(({ blobs }, i) => ({ name: layerNames[i] ?? "", blobCount: blobs.length })),
    );
  }

  /**
   * Writes a snapshot of the run as it is and returns the path of its .solverstate.
   * @param isBest as `<prefix>_best_iter_<N>`, in place of the best one before it
   * @param workers where several train the net, by worker: states of its layers that are others than this one's
   * @throws FileError where it cannot be written; the snapshots before it are untouched then
   */
  write(run: Snapshotted, isBest = false, workers?: readonly LayerStates[]): string {
    if (!this.#hasSwept) removeLeftovers(this.#prefix);
    this.#hasSwept = true;
    const [kept, bests] = [this.#kept, this.#bests];
    const withThis = (iters: readonly number[]): number[] => [
      ...iters.filter((iter) => iter !== run.iter),
      run.iter,
    ];
    if (isBest) this.#bests = withThis(bests);
    else if (this.#keepLast > 0) this.#kept = withThis(kept);
    const files = this.#files(run.iter, isBest);
    try {
      const { snapshot_diff = false } = this.#param;
      writeSnapshot(run, files, this.#format, snapshot_diff, this.#log, workers);
    } catch (error) {
      [this.#kept, this.#bests] = [kept, bests];
      throw error;
    }
    if (isBest) this.#keepBest();
    this.wrote(run.iter, isBest);
    return files.state;
  }

  /** The snapshot of that iteration is there: this worker has written it, or another. */
  wrote(iter: number, isBest: boolean): void {
    if (!isBest) this.#newestIter = iter;
  }

  /**
   * Runs `write`. Where the disk is full it logs an error and lets the run go on; `isOwed` is true then, so that a run which
   * ends there tries once more.
   * @param iter the iteration, for the message
   */
  async tolerate(iter: number, write: () => Promise<unknown>, isBest = false): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (!isBest) this.#failedAt = iter;
      if (!this.#isWriter) return;
      const { newest } = this;
      this.#log(
        "error",
        "solver",
        `SNAPSHOT FAILED at iteration ${iter}: ${error.message} Training goes on. ${newest ? `The newest snapshot is ${newest}.` : "There is no snapshot yet."} Make room on the disk; SIGHUP asks for another snapshot.`,
      );
    }
  }

  /**
   * Lets a run go on from a .solverstate; gives what it holds besides arrays.
   * @throws FormatError, FileError where it is damaged; SolverError, NetError where it is of another net or solver
   */
  async restore(run: Snapshotted, path: string): Promise<Resumed> {
    const resumed = await restoreSnapshot(run, path, this.#log);
    const isOwn = resolve(path) === resolve(this.#files(run.iter, false).state);
    this.#newestIter = isOwn ? run.iter : undefined;
    // What lies under another prefix is not this run's to remove.
    if (!resolve(path).startsWith(`${resolve(this.#prefix)}_`)) this.remember({ snapshots: [] });
    // A run that ended between writing the best and removing the one before it left both.
    this.#keepBest();
    return resumed;
  }

  /**
   * Lets a run go on from what another worker has restored, but for the arrays.
   * @param isThere whether that is the snapshot which this run would write in that iteration
   * @throws SolverError where it is of another net
   */
  async follow(run: Snapshotted, resumed: Resumed, isThere: boolean): Promise<void> {
    await followSnapshot(run, resumed);
    this.#newestIter = isThere ? run.iter : undefined;
  }

  /**
   * Lets a run go on from the newest snapshot that is whole; damaged ones are passed over with a warning.
   * @returns what it holds besides arrays; undefined where there is none
   * @throws SolverError, NetError where the newest whole one is of another net or solver
   */
  async restoreNewest(run: Snapshotted): Promise<Resumed | undefined> {
    for (const { path } of findSolverStates(this.#prefix)) {
      try {
        return await this.restore(run, path);
      } catch (error) {
        if (!(error instanceof FormatError || error instanceof FileError)) throw error;
        this.#log("warning", "solver", `${path} is passed over: ${error.message}`);
      }
    }
    return undefined;
  }

  /** Removes snapshots that are older than the last `keep_last`: to be called when the newest has proved good. */
  prune(): void {
    const keep = this.#keepLast;
    if (keep === 0 || !this.#isWriter) return;
    for (const iter of this.#kept.slice(0, -keep)) removeSnapshot(this.#files(iter, false));
    this.#kept = this.#kept.slice(-keep);
  }

  /** Removes those of the best score that were before the last. */
  #keepBest(): void {
    if (!this.#isWriter) return;
    for (const iter of this.#bests.slice(0, -1)) removeSnapshot(this.#files(iter, true));
    this.#bests = this.#bests.slice(-1);
  }

  /** Which snapshots are this run's: a part of its memory. */
  state(): Pick<SolverMemory, "snapshots" | "bestSnapshots"> {
    return {
      snapshots: this.#kept,
      ...(this.#bests.length > 0 && { bestSnapshots: this.#bests }),
    };
  }

  /** Takes over what `state` gave in an earlier part of the run. */
  remember({ snapshots, bestSnapshots = [] }: ReturnType<SnapshotStore["state"]>): void {
    this.#kept = snapshots.map(Number);
    this.#bests = bestSnapshots.map(Number);
  }

  get #keepLast(): number {
    return this.#param.keep_last ?? 0;
  }

  get #format(): SnapshotFormat {
    return this.#param.snapshot_format === "HDF5" ? "HDF5" : "BINARYPROTO";
  }

  #files(iter: number, isBest: boolean): SnapshotFiles {
    return snapshotFiles(this.#prefix, iter, this.#format, isBest);
  }
}
