import { join, parse } from "node:path";
import { isDirectory } from "../../io/files/file-system.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { apVersions } from "../../net/evaluation/average-precision.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";
import { refusedByLbfgs } from "../lbfgs/lbfgs.ts";
import * as rules from "../rules/index.ts";
import type { UpdateRule } from "../rules/update-rule.ts";

/** The update rules by the `type` a solver names. */
const ruleByType: ReadonlyMap<string, UpdateRule> = new Map(
  (Object.values(rules) as readonly UpdateRule[]).map((rule) => [rule.kernel.name, rule]),
);

/** The type that is no rule for elements: it makes its steps of the whole gradient, and measures more than once for each. */
const LBFGS = "LBFGS";

/**
 * The update rule that `type` names, checked to go with the solver's other fields; undefined for L-BFGS, which is none.
 * @throws SolverError where there is none, or a field does not fit it
 */
export function ruleOf(param: SolverParameter, where: string): UpdateRule | undefined {
  const type = param.type ?? "SGD";
  const rule = ruleByType.get(type);
  if (type === LBFGS) {
    const problem = refusedByLbfgs(param);
    if (problem !== undefined) throw new SolverError(`${where}: ${problem}`);
    return undefined;
  }
  if (!rule) {
    const known = [...ruleByType.keys(), LBFGS];
    throw new SolverError(
      `${where}: unknown solver type "${type}".${nearestText(type, known)} Expected one of ${known.join(", ")}.`,
    );
  }
  const problem = rule.refuses?.(param);
  if (problem !== undefined) throw new SolverError(`${where}: ${problem}`);
  return rule;
}

/** The parameter with its fractions as single-precision numbers, which Caffe keeps them as. */
export function inSinglePrecision(param: SolverParameter): SolverParameter {
  return Object.fromEntries(
    Object.entries(param).map(([field, value]) => [
      field,
      typeof value === "number" && !Number.isInteger(value) ? Math.fround(value) : value,
    ]),
  );
}

/**
 * Makes sure that numbers are ones a run can be made of.
 * @throws SolverError
 */
export function checkParameters(param: SolverParameter, where: string): void {
  const refuse = (problem: string): never => {
    throw new SolverError(`${where}: ${problem}`);
  };
  const { max_iter, test_interval = 0 } = param;
  if (max_iter !== undefined && max_iter < 1 && !(max_iter === 0 && test_interval > 0)) {
    refuse(
      `max_iter is ${max_iter}. Expected 1 or more; or 0, with a test_interval, to test alone.`,
    );
  }
  for (const field of ["larc_eta", "local_gw_ratio"] as const) {
    const value = param[field] ?? 1;
    if (!(value > 0)) refuse(`${field} is ${value}. Expected more than 0.`);
  }
  for (const field of ["iter_size", "average_loss"] as const) {
    const value = param[field] ?? 1;
    if (value < 1) refuse(`${field} is ${value}. Expected 1 or more.`);
  }
  for (const field of [
    "test_interval",
    "snapshot",
    "display",
    "keep_last",
    "early_stop",
  ] as const) {
    const value = param[field] ?? 0;
    if (value < 0) refuse(`${field} is ${value}. Expected 0 (off) or more.`);
  }
  const oneOf = (
    field:
      | "regularization_type"
      | "nan"
      | "monitor_mode"
      | "momentum_policy"
      | "weight_decay_policy"
      | "larc_policy"
      | "eval_type"
      | "ap_version",
    ...known: string[]
  ): void => {
    const value = param[field];
    if (value === undefined || known.includes(value)) return;
    const caffes = field === "regularization_type" ? `Unknown regularization type: ${value}` : "";
    refuse(`${caffes || `${field} is "${value}"`}. Expected ${known.join(" or ")}.`);
  };
  oneOf("regularization_type", "L1", "L2");
  oneOf("nan", "stop", "ignore");
  oneOf("monitor_mode", "min", "max");
  oneOf("momentum_policy", "fixed", "poly", "opt");
  oneOf("weight_decay_policy", "fixed", "poly");
  oneOf("larc_policy", "scale", "clip");
  oneOf("eval_type", "classification", "detection", "detection_segmentation");
  oneOf("ap_version", ...apVersions);
}

/** Fields that say something only where another is given. */
const COMPANIONS = {
  warmup_iter: ["warmup_start_lr"],
  rampup_interval: ["rampup_lr"],
  larc: ["larc_policy", "larc_eta"],
  local_lr_auto: ["local_gw_ratio"],
  momentum_policy: ["max_momentum", "momentum_power"],
  weight_decay_policy: ["max_weight_decay", "weight_decay_power"],
} as const satisfies Partial<Record<keyof SolverParameter, readonly (keyof SolverParameter)[]>>;

/** Warns of fields that have no effect, since the one that they go with is not given. */
export function warnOfLoneFields(param: SolverParameter, where: string, log: Log): void {
  const { history_size, gradient_tolerance, type = "SGD" } = param;
  if (type !== LBFGS && (history_size ?? gradient_tolerance) !== undefined) {
    const message = `${where}: history_size and gradient_tolerance are for type "LBFGS", and have no effect with "${type}".`;
    log("warning", "solver", message);
  }
  for (const [field, companions] of Object.entries(COMPANIONS)) {
    if (param[field as keyof typeof COMPANIONS]) continue;
    const lone = companions.filter((companion) => param[companion] !== undefined);
    if (lone.length === 0) continue;
    const message = `${where}: ${lone.join(" and ")} without ${field}: no effect. Expected ${field} too.`;
    log("warning", "solver", message);
  }
}

/** Logs the parameter as Caffe does. */
export function logParameters(param: SolverParameter, log: Log): void {
  if (log === silent) return;
  const text = printPrototxt("SolverParameter", param);
  log("info", "solver", `Initializing solver from parameters: \n${text}`);
}

/**
 * The files that `weights` names, lists with commas taken apart.
 * @throws SolverError where a list that says something names no file
 */
export function weightFiles(param: SolverParameter, where: string): string[] {
  return (param.weights ?? []).flatMap((list) => {
    const files = list.split(",").filter((file) => file.trim() !== "");
    if (files.length > 0 || list === "") return files;
    throw new SolverError(
      `${where}: weights: ${JSON.stringify(list)} names no file. Expected paths with commas between.`,
    );
  });
}

/**
 * Where snapshots go: `snapshot_prefix`; in a directory that it names, under the solver file's name; without it,
 * beside the solver file.
 * @see Caffe's UpgradeSnapshotPrefixProperty
 */
export function snapshotPrefix(param: SolverParameter, file: string, log: Log): string {
  const { dir, name } = parse(file);
  const given = param.snapshot_prefix ?? "";
  if (given === "") {
    const prefix = join(dir, name);
    log("info", "upgrade_proto", `snapshot_prefix was not specified and is set to ${prefix}`);
    return prefix;
  }
  if (!given.endsWith("/") && !isDirectory(given)) return given;
  const prefix = join(given, name);
  log("info", "upgrade_proto", `snapshot_prefix is a directory and is replaced to ${prefix}`);
  return prefix;
}
