import { dirname, join } from "node:path";
import { isFile } from "../io/files/file-system.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { sourceOf } from "../io/proto/source.ts";
import { readNetParameter, readSolverParameter } from "../io/text/read-net.ts";
import { filterByState, mergeStates } from "../net/build/state.ts";
import { readSolverNets } from "../solvers/setup/solver-nets.ts";
import { weightFiles } from "../solvers/setup/solver-parameters.ts";
import { silent } from "../util/log.ts";
import { type AskedNet, admitNet, type Hearing } from "./admit-net.ts";
import type { Finding } from "./finding.ts";
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
  /** Data is not looked at. */
  readonly isStatic?: boolean;
  /** So many records of each source are looked at; 50,000 by default. */
  readonly records?: number;
  /** So often the train net runs forward and backward over its data; 2 by default. */
  readonly passes?: number;
}

const RECORDS = 50_000;

/** What was read, and what its readers said. */
interface Admitted {
  readonly patient: Patient;
  readonly findings: readonly Finding[];
}

/** Reads solver and nets, and builds each net without its data. What cannot be read or built is a finding. */
export function admit(symptoms: Symptoms): Admitted {
  const findings: Finding[] = [];
  const hearing: Hearing = (file, work, check) => {
    const heard = new Overheard(file, check);
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
    if (whole) asked.push(...phasesOf(whole, level, stages ?? []));
  }
  const beside = sourceOf(asked[0]?.param ?? {})?.file ?? model;
  const deploy = symptoms.deploy ?? deployBeside(beside);
  if (deploy !== undefined) {
    const whole = hearing(deploy, ({ log }) => readNetParameter(deploy, log));
    const state = mergeStates(whole?.state, { phase: "TEST" });
    if (whole) asked.push({ param: whole, state, isOfSolver: false });
  }
  const limits = { isStatic: symptoms.isStatic ?? false, records: symptoms.records ?? RECORDS };
  const nets = asked.map((one) => admitNet(one, limits, hearing));
  const named = solver && solverFile !== undefined ? weightFiles(solver, solverFile) : [];
  const weights = [...named, ...(symptoms.weights ?? [])];
  const [first] = nets;
  for (const path of first && !limits.isStatic ? weights : []) {
    const fill = (heard: Overheard): void => fillFrom(path, first as PatientNet, heard);
    hearing(path, fill, "weights");
  }
  return { patient: { solver, nets, weights, isStatic: limits.isStatic }, findings };
}

/** A net by itself in both phases, or in one where they have the same layers. */
function phasesOf(
  whole: NetParameter,
  level: number | undefined,
  stages: readonly string[],
): AskedNet[] {
  const [train, test] = (["TRAIN", "TEST"] as const).map((phase) => {
    const more = { ...(level !== undefined && { level }), stage: [...stages] };
    const state = mergeStates(whole.state, { phase, ...more });
    const { layer = [] } = filterByState(whole, state, silent);
    return { layer, asked: { param: whole, state, isOfSolver: false } };
  });
  if (!train || !test) return [];
  const isOne = train.layer.every((layer, i) => layer === test.layer[i]);
  return isOne && train.layer.length === test.layer.length
    ? [train.asked]
    : [train.asked, test.asked];
}

/** The net for use that lies beside a net, if it is there and another. */
function deployBeside(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const path = join(dirname(file), "deploy.prototxt");
  return path !== join(file) && isFile(path) ? path : undefined;
}

/** Fills a net that was built from a file of weights, and says where that leaves much of it as it was. */
function fillFrom(path: string, { built }: PatientNet, heard: Overheard): void {
  const { filled, unfilled, ignored } = built?.copyFrom(path, heard.log) ?? {};
  if (!filled || !unfilled || !ignored || filled.length >= unfilled.length) return;
  if (ignored.length === 0) return;
  heard.log(
    "warning",
    "doctor",
    `it fills ${filled.length} of ${filled.length + unfilled.length} layers with parameters, and has ${ignored.length} that the net lacks ("${ignored[0]?.layer}", …): layers are found by their names, as "${unfilled[0]}". Give the net's layers the names that the file has.`,
  );
}
