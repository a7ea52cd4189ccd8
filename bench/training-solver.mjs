import { parsePrototxt } from "../dist/io/text/prototxt.js";
import { Solver } from "../dist/solvers/solver.js";

/** A solver for the net in that file, as `caffe train` runs it with that `--precision`. */
export function trainingSolver(path, engines, log, precision = "f32") {
  const param = parsePrototxt(
    "SolverParameter",
    `net: ${JSON.stringify(path)} base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4
     max_iter: 1000000 snapshot_after_train: false`,
    "bench",
  );
  return new Solver(param, { engines, log, precision, sharesMemory: true });
}
