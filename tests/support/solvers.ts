import type { SolverParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import type { SolverOptions } from "../../src/solvers/options.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { referenceEngines } from "./engines.ts";

/** The solver of a prototxt on the reference engine; where it says nothing, `fields` hold, and then seed 3 and a fixed rate of 0.1. */
export function solverOf(
  text: string,
  options: SolverOptions = {},
  fields: SolverParameter = {},
): Solver {
  return new Solver(
    {
      random_seed: 3,
      lr_policy: "fixed",
      base_lr: 0.1,
      ...fields,
      ...parsePrototxt("SolverParameter", text),
    },
    { engines: referenceEngines, ...options },
  );
}
