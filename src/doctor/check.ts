import type { Finding } from "./finding.ts";
import type { Patient, PatientNet } from "./patient.ts";
import type { PassSigns } from "./run-passes.ts";

/** Findings as a check gives them: its name is added. */
type Found = Iterable<Omit<Finding, "check">>;

/** A check of what stands in one net. */
export interface NetCheck {
  /** What it looks for, in a word or two with dashes. */
  readonly name: string;
  /** Which nets it looks at; all by default. */
  readonly uses?: readonly PatientNet["use"][];
  readonly look: (net: PatientNet, patient: Patient) => Found;
}

/** A check of what nets, solver and data say of one another. */
export interface PatientCheck {
  readonly name: string;
  readonly look: (patient: Patient) => Found;
}

/** A check of what a train net does when it runs. */
export interface PassCheck {
  readonly name: string;
  readonly look: (signs: PassSigns, net: PatientNet) => Found;
}
