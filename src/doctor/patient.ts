import type { LayerParameter, NetParameter, SolverParameter } from "../io/proto/caffe.ts";
import type { ResolvedState } from "../net/build/state.ts";
import type { Net } from "../net/net.ts";
import type { ScannedSource } from "./scan-source.ts";

/** One net as a phase has it. */
export interface PatientNet {
  readonly use: "train" | "test" | "deploy";
  /** As its file has it, all phases together. */
  readonly whole: NetParameter;
  readonly state: ResolvedState;
  /** The layers of this phase. */
  readonly layers: readonly LayerParameter[];
  /**
   * The net built without data and without filling its weights: shapes and parameters. Undefined where only data tells
   * its shapes, or where it cannot be built, which is a finding of its own.
   */
  readonly built: Net | undefined;
  /** What its data layers read, as far as it was looked at. */
  readonly sources: readonly ScannedSource[];
}

/** All that the doctor looks at. */
export interface Patient {
  readonly solver: SolverParameter | undefined;
  readonly nets: readonly PatientNet[];
  /** Files of weights that training begins from, or that are used. */
  readonly weights: readonly string[];
  /** Data was not looked at: how many channels its images have is a guess. */
  readonly isStatic: boolean;
}
