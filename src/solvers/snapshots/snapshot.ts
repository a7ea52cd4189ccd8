import type { Blob } from "../../blob/blob.ts";
import { writeFilesAtomically } from "../../io/files/atomic-file.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { checkRegularFile } from "../../io/files/read-file.ts";
import { encodeHdf5 } from "../../io/hdf5/hdf5.ts";
import { encodeCaffemodel, readCaffemodel } from "../../io/weights/caffemodel.ts";
import { hdf5Model } from "../../io/weights/hdf5-model.ts";
import {
  digestOf,
  digestOfFile,
  encodeRunState,
  type RunState,
  readRunState,
  runStatePath,
  type SolverMemory,
} from "../../io/weights/run-state.ts";
import {
  encodeSolverState,
  hdf5SolverState,
  type PlateauState,
  readSolverState,
} from "../../io/weights/solver-state.ts";
import type { Layer, LayerState } from "../../layers/base/layer.ts";
import type { Net } from "../../net/net.ts";
import { copyWeights } from "../../net/weights/copy-weights.ts";
import { ownBlobs } from "../../net/weights/weights.ts";
import { FormatError, SolverError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { learnedNetPath, type SnapshotFiles, type SnapshotFormat } from "./snapshot-files.ts";

/** States of a net's layers by their keys. */
export type LayerStates = Readonly<Record<string, LayerState>>;

/** What a snapshot saves and a resumed run sets back. */
export interface Snapshotted {
  iter: number;
  currentStep: number;
  readonly history: readonly Blob[];
  readonly net: Net;
  readonly testNets: readonly Net[];
  /** The layers of each test net as they were before the test of this iteration, if there was one. */
  testStates(): readonly LayerStates[];
  /** What a plateau is found by, where the policy is that and the training loss is watched; told to it where it is set. */
  plateau: PlateauState | undefined;
  memory(): SolverMemory;
  remember(memory: SolverMemory): void;
}

/**
 * Brings what a snapshot holds to the host, where it lies on a device.
 * @throws DeviceError where the device is lost, before any file is touched
 */
export async function bringToHost(run: Snapshotted, withDiff: boolean): Promise<void> {
  const { net, testNets, history } = run;
  await Promise.all([
    withDiff ? net.toHost() : net.paramsToHost(),
    ...[net, ...testNets].map((one) => one.statesToHost()),
    ...history.map(({ dataMem }) => dataMem.toHost()),
  ]);
}

/**
 * Writes the files of a snapshot: weights, .runstate, .solverstate. All of them are on the disk before the first gets its
 * name, and the .solverstate gets it last: where that is, the others are whole.
 *
 * The .runstate is not Caffe's. It holds each layer's position in its data and random numbers, and what the solver
 * remembers, so that a resumed run goes on to the bit; without it a run resumes as Caffe's does.
 *
 * @param workers where several train the net, by worker: states of its layers that are others than this one's
 * @throws FileError where a file cannot be written; nothing has changed then
 */
export function writeSnapshot(
  run: Snapshotted,
  files: SnapshotFiles,
  format: SnapshotFormat,
  withDiff: boolean,
  log: Log,
  workers?: readonly LayerStates[],
): void {
  const kind = format === "HDF5" ? "HDF5" : "binary proto";
  log("info", "solver", `Snapshotting to ${kind} file ${files.model}`);
  log("info", "sgd_solver", `Snapshotting solver state to ${kind} file ${files.state}`);
  const value = {
    iter: run.iter,
    learned_net: files.model,
    current_step: run.currentStep,
    history: run.history.map((blob) => ({ shape: blob.shape, data: blob.values() })),
    ...(run.plateau && { plateau: run.plateau }),
  };
  const [model, state] =
    format === "HDF5"
      ? [encodeHdf5(hdf5Model(ownBlobs(run.net, withDiff))), encodeHdf5(hdf5SolverState(value))]
      : [encodeCaffemodel(run.net.toParameter(withDiff)), encodeSolverState(value)];
  const runState = encodeRunState({
    version: 1,
    iter: run.iter,
    train: layerStates(run.net),
    test: run.testStates(),
    solver: run.memory(),
    files: { model: digestOf(model), state: digestOf(state) },
    ...(workers && { workers }),
  });
  writeFilesAtomically([
    { path: files.model, chunks: model },
    { path: files.run, chunks: [runState] },
    { path: files.state, chunks: state },
  ]);
}

/** What a snapshot holds beside arrays: what every worker goes on from. */
export interface Resumed {
  readonly path: string;
  readonly iter: number;
  readonly currentStep: number;
  readonly plateau: PlateauState | undefined;
  /** Undefined where there is no .runstate. */
  readonly runState: RunState | undefined;
}

/**
 * Sets weights, history, iteration and, where there is a .runstate, everything else back.
 *
 * @returns what else than arrays it has set
 * @throws FormatError, FileError where a file is missing or damaged; SolverError, NetError where it is of another net or
 *   solver. Nothing has been set then.
 */
export async function restoreSnapshot(run: Snapshotted, path: string, log: Log): Promise<Resumed> {
  const state = readSolverState(path);
  if (state.learned_net === "") {
    throw new FormatError(
      `${path}: it names no learned_net. Expected the .caffemodel it belongs to.`,
    );
  }
  const modelPath = learnedNetPath(path, state.learned_net);
  checkRegularFile(modelPath, "weights file");
  const runState = readRunStateOf(path, state.iter, log);
  if (runState?.files) {
    checkDigest(path, "solver state", runState.files.state);
    checkDigest(modelPath, "weights file", runState.files.model);
  }
  checkHistory(run, state.history, path);
  if (runState) checkLayerStates(run, runState, runStatePath(path));
  copyWeights([run.net], [readCaffemodel(modelPath)], log, true);
  log("info", "sgd_solver", "SGDSolver: restoring history");
  state.history.forEach((value, i) => {
    run.history[i]?.dataMem.overwriteCpu().set(value.data);
  });
  const { iter, current_step: currentStep, plateau } = state;
  const resumed = { path, iter, currentStep, plateau, runState };
  await goOnFrom(run, resumed);
  return resumed;
}

/**
 * Sets all of a snapshot but its arrays, which another worker has read.
 * @throws SolverError where it is of another net
 */
export async function followSnapshot(run: Snapshotted, resumed: Resumed): Promise<void> {
  const { runState, path } = resumed;
  if (runState) checkLayerStates(run, runState, runStatePath(path));
  await goOnFrom(run, resumed);
}

async function goOnFrom(run: Snapshotted, resumed: Resumed): Promise<void> {
  const { iter, currentStep, plateau, runState } = resumed;
  run.iter = iter;
  run.currentStep = currentStep;
  run.plateau = plateau;
  if (!runState) return;
  if (runState.solver) run.remember(runState.solver);
  for (const [layer, kept] of keptStates(run, runState)) await layer.restore(kept);
}

function readRunStateOf(path: string, iter: number, log: Log): RunState | undefined {
  const sidecar = runStatePath(path);
  if (!fileExists(sidecar)) {
    log(
      "warning",
      "solver",
      `${sidecar} is not there: data starts from the beginning and random numbers anew, as in Caffe.`,
    );
    return undefined;
  }
  const state = readRunState(sidecar);
  if (state.iter === iter) return state;
  throw new FormatError(
    `${sidecar}: it is of iteration ${state.iter}. Expected ${iter}, as the .solverstate beside it. Remove it to resume without the place in the data.`,
  );
}

function checkDigest(path: string, what: string, wanted: string): void {
  if (digestOfFile(path, what) === wanted) return;
  throw new FormatError(
    `${path}: it is not the file that was written with the snapshot; it is damaged, or was replaced. Remove the .runstate to resume from it all the same.`,
  );
}

function checkHistory(
  run: Snapshotted,
  history: ReturnType<typeof readSolverState>["history"],
  path: string,
): void {
  if (history.length !== run.history.length) {
    throw new SolverError(
      `${path}: Incorrect length of history blobs: ${history.length}. Expected ${run.history.length}, as the solver's type and net want. Is it the .solverstate of another net, or a .caffemodel (which goes to --weights)?`,
    );
  }
  history.forEach((value, i) => {
    const blob = run.history[i];
    if (!blob?.fits(value)) {
      throw new SolverError(
        `${path}: history blob ${i} has shape (${value.shape.join(",")}). Expected (${blob?.shape.join(",")}), the shape of the parameter it belongs to.`,
      );
    }
  });
}

/** What each layer of a net needs to go on as if never stopped. */
export function layerStates(net: Net): LayerStates {
  const keys = net.layerKeys;
  return Object.fromEntries(
    net.layers.flatMap((layer, i) => {
      const state = layer.state();
      return state ? [[keys[i] ?? "", state]] : [];
    }),
  );
}

/** The layers of all nets of a run that a .runstate has a state for, with it. */
function keptStates(run: Snapshotted, { train, test }: RunState): [Layer, LayerState][] {
  const ofNet = ({ layers, layerKeys }: Net, states: LayerStates): [Layer, LayerState][] =>
    layers.flatMap((layer, i) => {
      const key = layerKeys[i] ?? "";
      return Object.hasOwn(states, key) ? [[layer, states[key] as LayerState]] : [];
    });
  return [...ofNet(run.net, train), ...run.testNets.flatMap((net, i) => ofNet(net, test[i] ?? {}))];
}

function checkLayerStates(run: Snapshotted, state: RunState, path: string): void {
  for (const [layer, kept] of keptStates(run, state)) {
    const problem = layer.refuses(kept);
    if (problem === undefined) continue;
    const { name = "", type = "" } = layer.param;
    throw new SolverError(
      `${path}: the state of layer "${name}" (${type}) is none that it can go on from: ${problem} Is the snapshot of another net, or of other batches? Remove the .runstate to resume without states.`,
    );
  }
}
