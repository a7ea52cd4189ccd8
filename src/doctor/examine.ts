import { admit, type Symptoms } from "./admit.ts";
import type { NetCheck, PatientCheck } from "./check.ts";
import * as dataChecks from "./checks/data/index.ts";
import * as netChecks from "./checks/net/index.ts";
import * as solverChecks from "./checks/solver/index.ts";
import type { Finding, FindingSeverity } from "./finding.ts";

const ORDER: readonly FindingSeverity[] = ["error", "warning", "note"];

/**
 * Looks for what is wrong with a solver and its nets, before they run for hours. Nothing is written.
 * @returns what was found, the worst first
 */
export function examine(symptoms: Symptoms): Finding[] {
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
  } finally {
    for (const { built } of patient.nets) built?.close();
  }
  return ORDER.flatMap((severity) => unlike(found).filter((one) => one.severity === severity));
}

/** Each finding once: what is in the nets of all phases is found in each. */
function unlike(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
}
