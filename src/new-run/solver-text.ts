import type { Plan } from "./plan.ts";

/** What a solver is made for. */
interface SolverFacts {
  readonly plan: Plan;
  /** Pictures to train with. */
  readonly train: number;
  readonly val: number;
  /** The train net's file, and what snapshots' names begin with. */
  readonly net: string;
  readonly prefix: string;
  /** Weights to go on from. */
  readonly weights: string | undefined;
  readonly seed: number;
  /** Further settings. */
  readonly more?: readonly string[];
}

/** A solver's prototxt, with a word on each number that was found for the pictures. */
export function solverText(facts: SolverFacts): string {
  const { plan, train, val, net, prefix, weights, seed, more = [] } = facts;
  const { batch, valBatch, valIterations, iterations, testInterval, display, baseLr } = plan;
  const passes = Number(((iterations * batch) / train).toFixed(1));
  const rows: [setting: string, why?: string][] = [
    [`net: ${JSON.stringify(net)}`],
    ...(weights === undefined ? [] : [[`weights: ${JSON.stringify(weights)}`] as [string]]),
    ...(plan.rule === "SGD" ? [] : [[`type: ${JSON.stringify(plan.rule)}`] as [string]]),
    [`test_iter: ${valIterations}`, `of ${valBatch} pictures: all ${val}`],
    [`test_interval: ${testInterval}`],
    ["test_initialization: false"],
    [`base_lr: ${baseLr}`],
    ['lr_policy: "poly"', "falls in a line to 0 at max_iter"],
    ["power: 1"],
    [`max_iter: ${iterations}`, `of ${batch} pictures: all ${train} ${passes} times`],
    ["momentum: 0.9"],
    ...(plan.rule === "Adam" ? [["momentum2: 0.999"] as [string]] : []),
    [`weight_decay: ${decimal(plan.decay)}`],
    ...more.map((setting): [string] => [setting]),
    [`display: ${display}`],
    [`average_loss: ${display}`],
    [`snapshot: ${Math.ceil(iterations / 2)}`],
    [`snapshot_prefix: ${JSON.stringify(prefix)}`],
    [`random_seed: ${seed}`],
    ["solver_mode: CPU"],
  ];
  return rows
    .map(([setting, why]) =>
      why === undefined ? `${setting}\n` : `${setting.padEnd(22)} # ${why}\n`,
    )
    .join("");
}

/** A small number without an exponent. */
function decimal(value: number): string {
  return value.toFixed(10).replace(/0+$/, "");
}
