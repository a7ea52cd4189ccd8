import { basename, dirname, join } from "node:path";
import type { Blob } from "../blob/blob.ts";
import { fileExists, writeFileAtomically } from "../io/atomic-file.ts";
import { encodeCaffemodel, readCaffemodel } from "../io/caffemodel.ts";
import { type RunState, readRunState, runStatePath, writeRunState } from "../io/run-state.ts";
import { encodeSolverState, readSolverState } from "../io/solver-state.ts";
import type { LayerState } from "../layers/base/layer.ts";
import type { Net } from "../net/net.ts";
import { SolverError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";

/** What a snapshot saves and a resumed run sets back. */
export interface Snapshotted {
  iter: number;
  currentStep: number;
  readonly history: readonly Blob[];
  readonly net: Net;
  readonly testNets: readonly Net[];
}

/**
 * Writes `<prefix>_iter_<N>.caffemodel`, `.runstate` and `.solverstate`, in that order, each beside its
 * target and then renamed: where the .solverstate is, the others are whole.
 *
 * The .runstate is not Caffe's. It holds each layer's place in its data and random numbers, so that a
 * resumed run goes on to the bit; without it a run resumes as Caffe's does.
 *
 * @returns the path of the .solverstate
 * @throws FileError where a file cannot be written; no partial file is left
 */
export function writeSnapshot(
  run: Snapshotted,
  prefix: string,
  withDiff: boolean,
  log: Log,
): string {
  const stem = `${prefix}_iter_${run.iter}`;
  const model = `${stem}.caffemodel`;
  const state = `${stem}.solverstate`;
  log("info", "solver", `Snapshotting to binary proto file ${model}`);
  writeFileAtomically(model, encodeCaffemodel(run.net.toParameter(withDiff)));
  writeRunState(runStatePath(state), {
    version: 1,
    iter: run.iter,
    train: layerStates(run.net),
    test: run.testNets.map(layerStates),
  });
  log("info", "sgd_solver", `Snapshotting solver state to binary proto file ${state}`);
  writeFileAtomically(
    state,
    encodeSolverState({
      iter: run.iter,
      learned_net: model,
      current_step: run.currentStep,
      history: run.history.map((blob) => blob.toValue()),
    }),
  );
  return state;
}

/**
 * Sets weights, history, iteration and, where there is a .runstate, every layer's place back.
 * @throws SolverError, FormatError, FileError where a file is missing, damaged, or of another net
 */
export async function restoreSnapshot(run: Snapshotted, path: string, log: Log): Promise<void> {
  const state = readSolverState(path);
  if (state.history.length !== run.history.length) {
    throw new SolverError(
      `${path}: Incorrect length of history blobs: ${state.history.length}. Expected ${run.history.length}, as the solver's type and net want. Is it the .solverstate of another net, or a .caffemodel (which goes to --weights)?`,
    );
  }
  state.history.forEach((value, i) => {
    const blob = run.history[i];
    if (!blob?.fits(value)) {
      throw new SolverError(
        `${path}: history blob ${i} has shape (${value.shape.join(",")}). Expected (${blob?.shape.join(",")}), the shape of the parameter it belongs to.`,
      );
    }
  });
  const weights = readCaffemodel(learnedNetPath(path, state.learned_net));
  run.net.copyFrom(weights, log);
  log("info", "sgd_solver", "SGDSolver: restoring history");
  state.history.forEach((value, i) => {
    run.history[i]?.data.overwriteCpu().set(value.data);
  });
  run.iter = state.iter;
  run.currentStep = state.current_step;
  const sidecar = runStatePath(path);
  if (!fileExists(sidecar)) {
    log(
      "warning",
      "solver",
      `${sidecar} is not there: data starts from the beginning and random numbers anew, as in Caffe.`,
    );
    return;
  }
  await restoreRunState(run, readRunState(sidecar), sidecar);
}

async function restoreRunState(run: Snapshotted, state: RunState, path: string): Promise<void> {
  if (state.iter !== run.iter) {
    throw new SolverError(
      `${path}: it is of iteration ${state.iter}. Expected ${run.iter}, as the .solverstate beside it. Remove it to resume without the place in the data.`,
    );
  }
  await setLayerStates(run.net, state.train);
  await Promise.all(run.testNets.map((net, i) => setLayerStates(net, state.test[i] ?? {})));
}

function layerStates(net: Net): Record<string, LayerState> {
  const states: Record<string, LayerState> = {};
  net.layers.forEach((layer, i) => {
    const state = layer.state();
    if (state) states[net.layerNames[i] ?? ""] = state;
  });
  return states;
}

async function setLayerStates(
  net: Net,
  states: Readonly<Record<string, LayerState>>,
): Promise<void> {
  for (const [i, layer] of net.layers.entries()) {
    const state = states[net.layerNames[i] ?? ""];
    if (state) await layer.restore(state);
  }
}

/** The weights a .solverstate names: where it says, or beside it if the folder has moved. */
function learnedNetPath(statePath: string, learnedNet: string): string {
  if (learnedNet === "") {
    throw new SolverError(
      `${statePath}: it names no learned_net. Expected the .caffemodel it belongs to.`,
    );
  }
  const beside = join(dirname(statePath), basename(learnedNet));
  return !fileExists(learnedNet) && fileExists(beside) ? beside : learnedNet;
}
