import { join } from "node:path";
import type { Engines } from "../../engines/choose.ts";
import type { NetParameter, NetState, SolverParameter } from "../../io/proto/caffe.ts";
import { keepSource } from "../../io/proto/source.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import type { SideBySide } from "../../layers/base/side-by-side.ts";
import { mergeStates, type ResolvedState } from "../../net/build/state.ts";
import { Net } from "../../net/net.ts";
import type { NetOptions } from "../../net/options.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { chosenSeed } from "../../util/seed.ts";
import type { SolverOptions } from "../options.ts";

/** One net that a solver is to build: where it is described, and the state to build it in. */
interface NetPlan {
  /** Its parameter, or the file that holds it. */
  readonly source: { readonly param: NetParameter } | { readonly file: string };
  readonly phase: "TRAIN" | "TEST";
  /** What the solver adds to the net's own state; later ones win. */
  readonly states: readonly (NetState | undefined)[];
  /** Caffe's words for where it came from. */
  readonly origin: string;
}

/**
 * Builds the net that a solver trains, and after it those that it tests, which use its parameters.
 * @throws SolverError, NetError, LayerError, FileError; nothing is left open then
 */
export function buildNets(
  param: SolverParameter,
  where: string,
  {
    level,
    stages,
    engines,
    log,
    root,
    registry,
    precision,
    sharesMemory = false,
    workers,
  }: SolverOptions & { readonly engines: Engines },
): [Net, ...Net[]] {
  const isSeeded = (param.random_seed ?? -1) >= 0;
  const options = {
    engines,
    sharesMemory,
    seed: isSeeded
      ? Number(param.random_seed)
      : (chosenSeed() ?? Math.floor(Math.random() * 2 ** 32)),
    ...(log && { log }),
    ...(root !== undefined && { root }),
    ...(registry && { registry }),
    ...(precision && { precision }),
    ...(workers && { workers }),
  };
  const plans = netPlans(param, where, level, stages);
  const nets: Net[] = [];
  try {
    for (const plan of plans) nets.push(buildPlanned(plan, options, param.solver_data_type));
    const [trained, ...tested] = nets as [Net, ...Net[]];
    for (const net of tested) net.shareWith(trained, silent);
    warnOfIdleNet(trained, where, log ?? silent);
  } catch (error) {
    for (const net of nets) net.close();
    throw error;
  }
  for (const net of nets.slice(1)) net.debugInfo ||= param.debug_info ?? false;
  if (sharesMemory && !param.snapshot_diff) {
    for (const { blob } of nets[0]?.learnableParams ?? []) blob.diffMem.isReadOnce = true;
  }
  return nets as [Net, ...Net[]];
}

/** A net that a solver asks for. */
export interface SolverNet {
  /** As its file has it, without its own state. */
  readonly param: NetParameter;
  /** The state that it is built in. */
  readonly state: ResolvedState;
}

/**
 * Reads the net that a solver trains, and after it those that it tests.
 * @throws SolverError, and what reading a net throws
 */
export function readSolverNets(
  param: SolverParameter,
  where: string,
  { level, stages, root, log = silent }: Pick<SolverOptions, "level" | "stages" | "root" | "log">,
): SolverNet[] {
  return netPlans(param, where, level, stages).map((plan) => readPlanned(plan, root, log));
}

function netPlans(
  param: SolverParameter,
  where: string,
  level: number | undefined,
  stages: readonly string[] | undefined,
): NetPlan[] {
  const extra: NetState = {
    ...(level !== undefined && { level }),
    ...(stages !== undefined && { stage: [...stages] }),
  };
  return [trainNetPlan(param, where, extra), ...testNetPlans(param, where)];
}

/** Warns where a solver would train and nothing would change. */
function warnOfIdleNet(net: Net, where: string, log: Log): void {
  const { learnableParams, layers, layerNeedsBackward, lossWeights } = net;
  const learned = learnableParams.filter(({ lrMult }) => lrMult !== 0);
  const memory = new Set(learned.map(({ blob }) => blob.dataMem));
  const hasLoss = lossWeights.some((weights) => weights.some((weight) => weight !== 0));
  const isUnderLoss = layers.some(
    ({ blobs }, i) => layerNeedsBackward[i] && blobs.some(({ dataMem }) => memory.has(dataMem)),
  );
  if (hasLoss && isUnderLoss) return;
  let why = "no layer that learns lies under a loss";
  if (!hasLoss) why = "it has no loss (a loss layer, or a loss_weight)";
  if (learned.length === 0) why = "every lr_mult is 0";
  if (learnableParams.length === 0) why = "no layer of it has parameters";
  log(
    "warning",
    "solver",
    `${where}: nothing in the train net "${net.name}" learns: ${why}. Is it the net that was meant, and its TRAIN phase?`,
  );
}

/** Reads a planned net: the phase first, over it the state that the net's own parameter gives, over that the solver's. */
function readPlanned(
  { source, phase, states }: NetPlan,
  root: string | undefined,
  log: Log,
): SolverNet {
  const given =
    "file" in source
      ? readNetParameter(root === undefined ? source.file : join(root, source.file), log)
      : source.param;
  const { state: own, ...param } = given;
  return { param: keepSource(given, param), state: mergeStates({ phase }, own, ...states) };
}

/**
 * Builds a planned net.
 * @param options of the net, but for what the plan decides; relative paths start at its `root`
 * @param type of a net's arrays that says none itself
 */
function buildPlanned(
  plan: NetPlan,
  {
    log = silent,
    workers,
    ...options
  }: Omit<NetOptions, "phase" | "level" | "stages"> & Pick<SolverOptions, "workers">,
  type: SolverParameter["solver_data_type"],
): Net {
  log("info", "solver", plan.origin);
  const { param: given, state } = readPlanned(plan, options.root, log);
  const isTyped = type === undefined || given.default_forward_type !== undefined;
  const param = isTyped ? given : keepSource(given, { ...given, default_forward_type: type });
  const isTest = state.phase === "TEST";
  return new Net(param, {
    ...options,
    ...state,
    log,
    forwardOnly: isTest,
    ...(workers && { shard: shardOf(workers, isTest) }),
  });
}

function shardOf(workers: NonNullable<SolverOptions["workers"]>, isTest: boolean): SideBySide {
  const { rank, count } = workers;
  if (isTest) return { rank, count, of: "batches" };
  return { rank, count, of: "records", sum: (numbers) => workers.sumNow(numbers) };
}

/**
 * Which net a solver trains: exactly one of `net`, `net_param`, `train_net`, `train_net_param`.
 * @throws SolverError where there is none, or more than one
 * @see Caffe's Solver::InitTrainNet
 */
function trainNetPlan(param: SolverParameter, where: string, extra: NetState): NetPlan {
  const given = [
    param.train_net_param && { field: "train_net_param", param: param.train_net_param },
    param.train_net !== undefined && { field: "train_net", file: param.train_net },
    param.net_param && { field: "net_param", param: param.net_param },
    param.net !== undefined && { field: "net", file: param.net },
  ].filter((entry) => !!entry);
  const [first] = given;
  if (!first || given.length > 1) {
    const names = given.map(({ field }) => field).join(" and ");
    throw new SolverError(
      `${where}: ${names === "" ? "no train net" : `${names} all name a train net`}. Expected exactly one of net, net_param, train_net, train_net_param.`,
    );
  }
  const state = { phase: "TRAIN", states: [param.train_state, extra] } as const;
  return "file" in first
    ? {
        ...state,
        source: { file: first.file },
        origin: `Creating training net from ${first.field === "net" ? "net" : "train_net"} file: ${first.file}`,
      }
    : {
        ...state,
        source: { param: first.param },
        origin: `Creating training net specified in ${first.field}.`,
      };
}

/**
 * The nets a solver tests, in Caffe's order: test_net_param, test_net, then net_param or net for every
 * `test_iter` that is left.
 *
 * @throws SolverError where the numbers of nets, test_iter and test_state do not fit
 * @see Caffe's Solver::InitTestNets
 */
function testNetPlans(param: SolverParameter, where: string): NetPlan[] {
  const iterations = param.test_iter ?? [];
  const states = param.test_state ?? [];
  const plans: Pick<NetPlan, "source" | "origin">[] = [];
  for (const net of param.test_net_param ?? []) {
    plans.push({ source: { param: net }, origin: "test_net_param" });
  }
  for (const file of param.test_net ?? []) {
    plans.push({ source: { file }, origin: `test_net file: ${file}` });
  }
  if (plans.length > iterations.length || (!hasNet(param) && plans.length !== iterations.length)) {
    throw new SolverError(
      `${where}: test_iter must be specified for each test network: ${iterations.length} test_iter for ${plans.length} test nets.`,
    );
  }
  while (plans.length < iterations.length) {
    plans.push(
      param.net_param
        ? { source: { param: param.net_param }, origin: "net_param" }
        : { source: { file: param.net ?? "" }, origin: `net file: ${param.net}` },
    );
  }
  if (states.length > 0 && states.length !== plans.length) {
    throw new SolverError(
      `${where}: test_state must be unspecified or specified once per test net: ${states.length} for ${plans.length} test nets.`,
    );
  }
  if (plans.length > 0 && (param.test_interval ?? 0) < 1) {
    throw new SolverError(
      `${where}: test_interval is ${param.test_interval ?? 0} and there are ${plans.length} test nets. Expected 1 or more. Add e.g. test_interval: 500.`,
    );
  }
  return plans.map((plan, i) => ({
    ...plan,
    origin: `Creating test net (#${i}) specified by ${plan.origin}`,
    phase: "TEST",
    states: [states[i]],
  }));
}

function hasNet(param: SolverParameter): boolean {
  return param.net !== undefined || param.net_param !== undefined;
}
