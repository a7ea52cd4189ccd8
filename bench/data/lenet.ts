// What reading costs in training: LeNet from an LMDB of Fashion-MNIST beside LeNet from DummyData, taking turns.
// npm run bench:data-lenet [PAIRS] [THREADS]
import { readFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
// What is measured is the built package.
import { createEngines, parsePrototxt, Solver } from "caffe-ts";
import { makeFashionDatabase } from "./make.ts";

const NAMES = ["lmdb", "dummy"] as const;
type Name = (typeof NAMES)[number];

/** Milliseconds of an iteration, and of all threads' CPU, the one that reads included. */
interface Times {
  readonly ms: number;
  readonly cpuMs: number;
}
type Round = Readonly<Record<Name, Times>>;

/** Where a solver's memory happens to lie moves its time by 2 %, so several pairs of solvers are made. */
const pairs = Number(process.argv[2] ?? 8);
const threads = process.argv[3] === undefined ? {} : { threads: Number(process.argv[3]) };
const [ROUNDS, ITERATIONS, WARM_UP] = [6, 100, 20] as const;
const work = process.env["BENCH_DATA"] ?? join(tmpdir(), "caffe-bench-data");
const log = (): void => {};
const text = readFileSync("models/lenet/lenet_train_test.prototxt", "utf8");
// Its own data layers go; the rest is the same in both.
const rest = text.slice(text.indexOf('layer {\n  name: "conv1"'));
const data = {
  lmdb: `layer { name: "mnist" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
    data_param { source: "${makeFashionDatabase(work)}" batch_size: 64 backend: LMDB } }`,
  dummy: `layer { name: "mnist" type: "DummyData" top: "data" top: "label" dummy_data_param {
    shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 }
    data_filler { type: "constant" value: 0.5 } data_filler { type: "constant" value: 3 } } }`,
};
// Without learning: from one label for all a net learns numbers so small that they take longer.
const SOLVER =
  'base_lr: 0 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000 snapshot_after_train: false';
const engines = createEngines({ log, ...threads });

function solverOf(name: Name): Solver {
  const net = parsePrototxt("NetParameter", `${data[name]}\n${rest}`, name);
  const param = parsePrototxt("SolverParameter", SOLVER, "solver");
  return new Solver({ ...param, net_param: net }, { engines, log });
}

async function measure(solver: Solver): Promise<Times> {
  const [begin, worked] = [performance.now(), process.cpuUsage()];
  await solver.step(ITERATIONS);
  const { user, system } = process.cpuUsage(worked);
  return {
    ms: (performance.now() - begin) / ITERATIONS,
    cpuMs: (user + system) / 1000 / ITERATIONS,
  };
}

/** The rounds of each pair; in a round both run, one behind the other. */
const rounds: Round[][] = [];
for (let pair = 0; pair < pairs; pair++) {
  // Who comes first changes, so that neither always meets what the other leaves.
  const order = pair % 2 ? NAMES : NAMES.toReversed();
  const solvers = Object.fromEntries(order.map((name) => [name, solverOf(name)])) as Record<
    Name,
    Solver
  >;
  for (const name of order) await solvers[name].step(WARM_UP);
  const own: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const result: Partial<Record<Name, Times>> = {};
    for (const name of round % 2 ? NAMES : NAMES.toReversed()) {
      result[name] = await measure(solvers[name]);
    }
    own.push(result as Round);
  }
  rounds.push(own);
  for (const solver of Object.values(solvers)) solver.close();
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.round(share * (values.length - 1))]!;
const all = rounds.flat();
for (const name of NAMES) {
  const times = all.map((round) => round[name].ms);
  const [median, least] = [0.5, 0].map((share) => quantile(times, share).toFixed(3));
  console.log(`${name.padEnd(6)} ${median} ms per iteration (least ${least})`);
}
/** By how many per cent LMDB takes longer than DummyData beside it. */
const longer =
  (what: keyof Times) =>
  (round: Round): number =>
    (round.lmdb[what] / round.dummy[what] - 1) * 100;
const percent = (value: number): string => `${value.toFixed(1)} %`;
const ratios = all.map(longer("ms"));
const [low, high] = [0.25, 0.75].map((share) => percent(quantile(ratios, share)));
console.log(
  `LMDB takes ${percent(quantile(ratios, 0.5))} longer: the median of ${all.length} rounds (half of them: ${low} to ${high})`,
);
const ofPairs = rounds.map((own) => quantile(own.map(longer("ms")), 0.5));
console.log(
  `by pairs of solvers: ${ofPairs
    .sort((a, b) => a - b)
    .map(percent)
    .join(", ")}`,
);
console.log(`CPU time: ${percent(quantile(all.map(longer("cpuMs")), 0.5))} more`);
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`);
process.exit(0);
