import type { SolverParameter } from "../../io/proto/caffe.ts";
import { SolverError } from "../../util/errors.ts";

/** Fields that a solver reads once, for what lasts: its nets and their weights, rule, random numbers and device. */
const FIXED = [
  "net",
  "net_param",
  "train_net",
  "train_net_param",
  "train_state",
  "test_net",
  "test_net_param",
  "test_state",
  "weights",
  "type",
  "solver_type",
  "history_size",
  "random_seed",
  "solver_mode",
  "device_id",
  "global_grad_scale",
] as const satisfies readonly (keyof SolverParameter)[];

/**
 * Makes sure that a running solver can take another parameter.
 * @param keepsGradients whether gradients of parameters are there after their update
 * @throws SolverError where a field is another that cannot be changed any more
 */
export function checkChange(
  before: SolverParameter,
  after: SolverParameter,
  keepsGradients: boolean,
  where: string,
): void {
  const refuse = (problem: string): never => {
    throw new SolverError(
      `${where}: ${problem} Expected what it was; another solver can be made of the new parameter, and go on from this one's snapshot.`,
    );
  };
  const changed = FIXED.find((field) => !isSame(before[field], after[field]));
  if (changed) refuse(`${changed} cannot be changed while a solver lives.`);
  const [old, given] = [before, after].map(({ test_iter = [] }) => test_iter.length);
  if (old !== given) refuse(`test_iter has ${given} entries for ${old} test nets.`);
  if (after.snapshot_diff && !keepsGradients) {
    refuse("snapshot_diff cannot be asked for where nets share memory: gradients are given up.");
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** A copy of a solver's parameter in which nothing can be set: the error says how to change it. */
export function fixedParameter(param: SolverParameter, where: string): SolverParameter {
  const copy = Object.fromEntries(
    Object.entries(param).map(([field, value]) => [
      field,
      Array.isArray(value) ? Object.freeze([...value]) : value,
    ]),
  );
  const refuse = (_param: object, field: string | symbol): never => {
    const name = String(field);
    throw new SolverError(
      `${where}: ${name} cannot be set in a solver's parameter. Expected a new one, set as a whole: solver.param = { ...solver.param, ${name}: … }.`,
    );
  };
  return new Proxy(Object.freeze(copy), {
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  });
}
