import { join, parse } from "node:path";
import { isDirectory } from "../io/atomic-file.ts";
import type { SolverParameter } from "../io/proto/caffe.ts";
import { SolverError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { sgd } from "./sgd.ts";
import type { UpdateRule } from "./update-rule.ts";

/** The update rules by the `type` a solver names. */
const rules: Readonly<Record<string, UpdateRule>> = { SGD: sgd };

/**
 * The update rule that `type` names.
 * @throws SolverError where there is none
 */
export function ruleOf(param: SolverParameter, where: string): UpdateRule {
  const type = param.type ?? "SGD";
  const rule = Object.hasOwn(rules, type) ? rules[type] : undefined;
  if (!rule) {
    throw new SolverError(
      `${where}: unknown solver type "${type}". Expected one of ${Object.keys(rules).join(", ")}.`,
    );
  }
  return rule;
}

/**
 * Makes sure that numbers are ones a run can be made of.
 * @throws SolverError
 */
export function checkParameters(param: SolverParameter, where: string): void {
  const atLeastOne = (field: "max_iter" | "iter_size" | "average_loss"): void => {
    const value = param[field] ?? (field === "max_iter" ? 0 : 1);
    if (value < 1) {
      throw new SolverError(`${where}: ${field} is ${value}. Expected 1 or more.`);
    }
  };
  atLeastOne("max_iter");
  atLeastOne("iter_size");
  atLeastOne("average_loss");
  if (param.snapshot_format === "HDF5") {
    throw new SolverError(`${where}: snapshot_format is HDF5. Expected BINARYPROTO.`);
  }
  const type = param.regularization_type ?? "L2";
  if (type !== "L1" && type !== "L2") {
    throw new SolverError(`${where}: Unknown regularization type: ${type}. Expected L1 or L2.`);
  }
  for (const field of ["test_interval", "snapshot", "display"] as const) {
    const value = param[field] ?? 0;
    if (value < 0)
      throw new SolverError(`${where}: ${field} is ${value}. Expected 0 (off) or more.`);
  }
}

/** The files that `weights` names, lists with commas taken apart. */
export function weightFiles(param: SolverParameter): string[] {
  return (param.weights ?? []).flatMap((list) => list.split(",")).filter((file) => file !== "");
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
