import { sourceOf } from "../io/proto/source.ts";
import { admit, type Symptoms } from "./admit.ts";
import type { NetCheck, PassCheck, PatientCheck } from "./check.ts";
import * as dataChecks from "./checks/data/index.ts";
import * as netChecks from "./checks/net/index.ts";
import * as passChecks from "./checks/pass/index.ts";
import * as solverChecks from "./checks/solver/index.ts";
import type { Finding, FindingSeverity } from "./finding.ts";
import { isSoftmaxLoss, isSource } from "./layer-kinds.ts";
import { Overheard } from "./overheard.ts";
import type { Patient, PatientNet } from "./patient.ts";
import { runPasses } from "./run-passes.ts";

const ORDER: readonly FindingSeverity[] = ["error", "warning", "note"];

/** How often the train net runs, where nothing else is asked for. */
const PASSES = 2;

/**
 * Looks for what is wrong with a solver, its nets and its data, before they run for hours. Nothing is written.
 * @returns what was found, the worst first
 */
export async function examine(symptoms: Symptoms): Promise<Finding[]> {
  const { patient, findings } = admit(symptoms);
  const found = [...findings];
  try {
    for (const { name, uses, look } of Object.values(netChecks) as readonly NetCheck[]) {
      for (const net of patient.nets) {
        if (uses && !uses.includes(net.use)) continue;
        for (const one of look(net, patient)) found.push({ check: name, ...one });
      }
    }
    const others: readonly PatientCheck[] = Object.values({ ...solverChecks, ...dataChecks });
    for (const { name, look } of others) {
      for (const one of look(patient)) found.push({ check: name, ...one });
    }
    const train = patient.nets.find(({ use }) => use === "train");
    const passes = symptoms.isStatic ? 0 : (symptoms.passes ?? PASSES);
    const isRunnable = train && passes > 0 && canRun(train);
    if (
      isRunnable &&
      !found.some(({ severity, check }) => severity === "error" && BEFORE.has(check))
    ) {
      found.push(...(await seenIn(train, patient, passes)));
    }
  } finally {
    for (const { built } of patient.nets) built?.close();
  }
  return ORDER.flatMap((severity) => unlike(found).filter((one) => one.severity === severity));
}

/** What keeps a net from running, or spoils its run: told once. */
const BEFORE: ReadonlySet<string> = new Set([
  "cannot-be-built",
  "data",
  "weights",
  "labels-beyond-classes",
]);

/** Whether a net brings its own data, and writes no files as it runs. */
function canRun({ layers }: PatientNet): boolean {
  const isWriting = layers.some(
    ({ hdf5_output_param, detection_output_param }) =>
      hdf5_output_param ?? detection_output_param?.save_output_param,
  );
  const hasData = layers.some((layer) => isSource(layer) && !layer.memory_data_param);
  return hasData && !isWriting;
}

/** What is found when the train net runs. */
async function seenIn(
  { whole, state, layers, ...net }: PatientNet,
  { weights }: Patient,
  passes: number,
): Promise<Finding[]> {
  const heard = new Overheard(sourceOf(whole)?.file ?? "", "cannot-run");
  const scores = layers.filter(isSoftmaxLoss).flatMap(({ bottom = [] }) => bottom.slice(0, 1));
  const options = { ...state, ...(weights.length > 0 && { weights }) };
  try {
    const signs = await runPasses(whole, passes, scores, options);
    return (Object.values(passChecks) as readonly PassCheck[]).flatMap(({ name, look }) =>
      [...look(signs, { whole, state, layers, ...net })].map((one) => ({ check: name, ...one })),
    );
  } catch (error) {
    heard.tried(() => {
      throw error;
    });
    return heard.findings;
  }
}

/** Each finding once: what is in the nets of all phases is found in each. */
function unlike(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
}
