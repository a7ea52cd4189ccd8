import type { PatientCheck } from "../../check.ts";
import { ofSolver } from "../../finding.ts";

/**
 * A learning rate that is to fall by steps, of which none comes before the end; or that becomes 0 at the first. Both are
 * slips that the log shows only to who compares numbers.
 */
export const learningRate: PatientCheck = {
  name: "learning-rate",
  *look({ solver }) {
    if (!solver) return;
    const { lr_policy, gamma, stepsize = 0, stepvalue = [], max_iter = 0, base_lr, power } = solver;
    const finding = (field: "gamma" | "stepsize" | "stepvalue" | "base_lr" | "power") => {
      return (severity: "error" | "warning", what: string, advice: string) =>
        ofSolver(solver, field, { severity, what, advice });
    };
    if (base_lr === 0) {
      yield finding("base_lr")(
        "error",
        "base_lr is 0: nothing is learned.",
        "Write e.g. base_lr: 0.01; caffe try suggests one.",
      );
    }
    if (lr_policy === "step" && max_iter > 0 && stepsize >= max_iter) {
      yield finding("stepsize")(
        "warning",
        `stepsize ${stepsize} lies behind max_iter ${max_iter}: the learning rate never falls.`,
        `Write e.g. stepsize: ${Math.max(1, Math.round(max_iter / 3))}.`,
      );
    }
    const never = stepvalue.filter((value) => value >= max_iter);
    // SSD's solvers name the end itself as the last step.
    const beyond =
      never.length === stepvalue.length ? never : never.filter((value) => value > max_iter);
    if (lr_policy === "multistep" && max_iter > 0 && beyond.length > 0) {
      const isAll = beyond.length === stepvalue.length;
      yield finding("stepvalue")(
        "warning",
        `stepvalue ${beyond.join(", ")} lies behind max_iter ${max_iter}: the learning rate ${isAll ? "never falls" : "does not fall there"}.`,
        `Write stepvalue below max_iter, e.g. ${Math.round(max_iter / 2)} and ${Math.round(0.75 * max_iter)}.`,
      );
    }
    if (gamma === 0 && ["step", "multistep", "exp"].includes(lr_policy ?? "")) {
      yield finding("gamma")(
        "error",
        `gamma is 0: the learning rate is 0 from the first ${lr_policy === "exp" ? "iteration" : "step"} on.`,
        "Write gamma: 0.1, or what the rate is to be multiplied with.",
      );
    }
    if (
      gamma !== undefined &&
      gamma > 1 &&
      ["step", "multistep", "exp"].includes(lr_policy ?? "")
    ) {
      yield finding("gamma")(
        "error",
        `gamma is ${gamma}: the learning rate grows ${gamma}-fold at each ${lr_policy === "exp" ? "iteration" : "step"}.`,
        "Write gamma: 0.1, or what the rate is to be multiplied with.",
      );
    }
    if (lr_policy === "poly" && power === 0) {
      yield finding("power")(
        "warning",
        "power is 0: the learning rate never falls.",
        "Write power: 1 for a line, 0.5 for a bow.",
      );
    }
  },
};
