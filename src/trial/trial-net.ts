import type { LayerParameter, NetParameter, SolverParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { filterByState } from "../net/build/state.ts";
import { readSolverNets, type SolverNet } from "../solvers/setup/solver-nets.ts";
import { CaffeError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";

/** What is tried: a solver's parameter, and its train net with the layers of its phase. */
export interface Tried {
  readonly param: SolverParameter;
  /** The solver's file, for messages. */
  readonly file: string;
  readonly net: NetParameter;
  readonly state: SolverNet["state"];
}

/**
 * The train net of a solver.
 * @throws CaffeError where no data layer feeds it, and what reading it throws
 */
export function triedOf(param: SolverParameter, file: string, log: Log): Tried {
  const [train] = readSolverNets(param, file, { log }) as [SolverNet, ...SolverNet[]];
  const net = keepSource(train.param, filterByState(train.param, train.state, silent));
  const sources = (net.layer ?? []).filter(isSource);
  if (sources.length === 0 || sources.some(({ memory_data_param }) => memory_data_param)) {
    throw new CaffeError(
      `${file}: its train net has no data layer that reads files, so there is nothing to try it on.`,
    );
  }
  return { param, file, net, state: train.state };
}

/** What a trial does not take over: other nets, tests, snapshots, and how the learning rate goes over the whole run. */
const LEFT_OUT: ReadonlySet<string> = new Set<keyof SolverParameter>([
  ...(["net", "net_param", "train_net", "train_net_param", "test_net", "test_net_param"] as const),
  ...(["test_iter", "test_state", "test_interval", "test_compute_loss"] as const),
  ...(["monitor", "monitor_mode", "min_delta", "early_stop", "keep_best", "keep_last"] as const),
  ...(["snapshot", "snapshot_diff", "warmup_iter", "warmup_start_lr", "min_lr"] as const),
  ...(["stepsize", "stepvalue", "plateau_winsize", "stagelr", "stageiter"] as const),
  ...(["rampup_interval", "rampup_lr"] as const),
]);

/**
 * A solver's parameter for a trial: it trains that net, and writes, tests and stops by nothing. A loss that is no number does not
 * end it.
 */
export function trialParameter(
  { param, state }: Tried,
  net: NetParameter,
  changes: Pick<SolverParameter, "base_lr" | "lr_policy" | "gamma" | "weight_decay" | "max_iter">,
): SolverParameter {
  const kept = Object.entries(param).filter(([field]) => !LEFT_OUT.has(field));
  return {
    ...(Object.fromEntries(kept) as SolverParameter),
    train_net_param: net,
    train_state: { level: state.level, stage: [...state.stages] },
    ...{ snapshot_after_train: false, display: 0, average_loss: 1, nan: "ignore" },
    ...changes,
  };
}

const registry = new LayerRegistry();

/** Whether a layer brings data from files. */
export function isSource({ type = "" }: LayerParameter): boolean {
  return registry.roleOf(type) === "source";
}
