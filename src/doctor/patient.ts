import type { LayerParameter, NetParameter, SolverParameter } from "../io/proto/caffe.ts";
import type { Net } from "../net/net.ts";

/** One net as a phase has it. */
export interface PatientNet {
  readonly use: "train" | "test" | "deploy";
  /** As its file has it, all phases together. */
  readonly whole: NetParameter;
  /** The layers of this phase. */
  readonly layers: readonly LayerParameter[];
  /**
   * The net built without data and without filling its weights: shapes and parameters. Undefined where only data tells
   * its shapes, or where it cannot be built, which is a finding of its own.
   */
  readonly built: Net | undefined;
}

/** All that the doctor looks at. */
export interface Patient {
  readonly solver: SolverParameter | undefined;
  readonly nets: readonly PatientNet[];
  /** Files of weights that training begins from, or that are used. */
  readonly weights: readonly string[];
}
