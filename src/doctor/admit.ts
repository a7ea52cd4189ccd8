import { dirname, join } from "node:path";
import { isFile } from "../io/files/file-system.ts";
import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { keepSource, sourceOf } from "../io/proto/source.ts";
import { readNetParameter, readSolverParameter } from "../io/text/read-net.ts";
import { filterByState, mergeStates } from "../net/build/state.ts";
import { Net } from "../net/net.ts";
import { withPlaceholders } from "../net/tools/placeholders.ts";
import { readSolverNets, type SolverNet } from "../solvers/setup/solver-nets.ts";
import { weightFiles } from "../solvers/setup/solver-parameters.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import type { Finding } from "./finding.ts";
import { isInput, isLoss, isSource } from "./layer-kinds.ts";
import { Overheard } from "./overheard.ts";
import type { Patient, PatientNet } from "./patient.ts";

/** What is to be examined: a solver with its nets, or a net alone. */
export interface Symptoms {
  /** The solver's prototxt. */
  readonly solver?: string | undefined;
  /** The net's prototxt. */
  readonly model?: string | undefined;
  /** The prototxt of the net for use; `deploy.prototxt` beside the net by default, where it is there. */
  readonly deploy?: string | undefined;
  /** Weights that training begins from, besides those that the solver names. */
  readonly weights?: readonly string[];
  readonly level?: number | undefined;
  readonly stages?: readonly string[];
}

/** A net to look at; a solver's is one to train or test, whatever its layers are. */
interface AskedNet extends SolverNet {
  readonly isOfSolver: boolean;
}

/** What was read, and what its readers said. */
interface Admitted {
  readonly patient: Patient;
  readonly findings: readonly Finding[];
}

/** Reads solver and nets, and builds each net without its data. What cannot be read or built is a finding. */
export function admit(symptoms: Symptoms): Admitted {
  const findings: Finding[] = [];
  const hearing = <T>(file: string, work: (heard: Overheard) => T): T | undefined => {
    const heard = new Overheard(file);
    const result = heard.tried(() => work(heard));
    findings.push(...heard.findings);
    return result;
  };
  const { solver: solverFile, model, level, stages } = symptoms;
  const more = { ...(level !== undefined && { level }), ...(stages && { stages }) };
  const solver =
    solverFile === undefined
      ? undefined
      : hearing(solverFile, ({ log }) => readSolverParameter(solverFile, log));
  const asked: AskedNet[] = [];
  if (solver && solverFile !== undefined) {
    const read = hearing(solverFile, ({ log }) =>
      readSolverNets(solver, solverFile, { ...more, log }),
    );
    asked.push(...(read ?? []).map((net) => ({ ...net, isOfSolver: true })));
  }
  if (model !== undefined) {
    const whole = hearing(model, ({ log }) => readNetParameter(model, log));
    for (const phase of whole ? (["TRAIN", "TEST"] as const) : []) {
      const state = mergeStates(whole?.state, { phase, ...more, stage: [...(stages ?? [])] });
      asked.push({ param: whole as NetParameter, state, isOfSolver: false });
    }
  }
  const beside = sourceOf(asked[0]?.param ?? {})?.file ?? model;
  const deploy = symptoms.deploy ?? deployBeside(beside);
  if (deploy !== undefined) {
    const whole = hearing(deploy, ({ log }) => readNetParameter(deploy, log));
    const state = mergeStates(whole?.state, { phase: "TEST" });
    if (whole) asked.push({ param: whole, state, isOfSolver: false });
  }
  const nets = asked.flatMap((one): PatientNet[] => {
    const file = sourceOf(one.param)?.file ?? solverFile ?? "";
    const net = hearing(file, (heard) => netOf(one, heard));
    return net ? [net] : [];
  });
  const named = solver && solverFile !== undefined ? weightFiles(solver, solverFile) : [];
  const weights = [...named, ...(symptoms.weights ?? [])];
  return { patient: { solver, nets, weights }, findings };
}

/** The net for use that lies beside a net, if it is there and another. */
function deployBeside(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const path = join(dirname(file), "deploy.prototxt");
  return path !== join(file) && isFile(path) ? path : undefined;
}

function netOf({ param: whole, state, isOfSolver }: AskedNet, heard: Overheard): PatientNet {
  const filtered = filterByState(whole, state, silent);
  const { layer: layers = [] } = filtered;
  const isUsed = !isOfSolver && isForUse(layers);
  const use = isUsed ? "deploy" : state.phase === "TRAIN" ? "train" : "test";
  const placed = placeholders(keepSource(whole, filtered));
  const runsPrograms = layers.some(({ python_param }) => python_param !== undefined);
  const build = (): Net | undefined => placed && new Net(placed, { ...state, log: heard.log });
  const built = runsPrograms ? undefined : heard.tried(build);
  return { use, whole, layers, built };
}

/** Whether these layers take what a program gives, and judge nothing: what a deploy file holds. */
function isForUse(layers: readonly LayerParameter[]): boolean {
  return layers.some(isInput) && !layers.some((layer) => isLoss(layer) || isSource(layer));
}

/** The net without its data; undefined where only data tells its shapes. */
function placeholders(net: NetParameter): NetParameter | undefined {
  try {
    return keepSource(net, withPlaceholders(net));
  } catch (error) {
    if (error instanceof CaffeError) return undefined;
    throw error;
  }
}
