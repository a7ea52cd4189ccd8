// What reading costs in training: LeNet from an LMDB of Fashion-MNIST beside LeNet from DummyData, taking turns.
// npm run bench:data-lenet [ROUNDS] [THREADS]
import { readFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createEngines } from "../../dist/engines/create.js";
import { parsePrototxt } from "../../dist/io/prototxt.js";
import { Solver } from "../../dist/solvers/solver.js";
import { makeFashionDatabase } from "./make.mjs";

const rounds = Number(process.argv[2] ?? 30);
const threads = process.argv[3] && { threads: Number(process.argv[3]) };
const ITERATIONS = 20;
const work = process.env.BENCH_DATA ?? join(tmpdir(), "caffe-bench-data");
const log = () => {};
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
const engines = createEngines({ log, ...threads });
const solvers = Object.fromEntries(
  Object.entries(data).map(([name, layer]) => {
    // Without learning: from one label for all a net learns numbers so small that they take longer.
    const net = parsePrototxt("NetParameter", `${layer}\n${rest}`, name);
    const param = parsePrototxt(
      "SolverParameter",
      'base_lr: 0 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000 snapshot_after_train: false',
      "solver",
    );
    return [name, new Solver({ ...param, net_param: net }, { engines, log })];
  }),
);
const times = { lmdb: [], dummy: [] };
/** Of all threads, the one that reads included. */
const cpu = { lmdb: 0, dummy: 0 };
for (const solver of Object.values(solvers)) await solver.step(ITERATIONS);
for (let round = 0; round < rounds; round++) {
  // Who begins changes, so that neither always meets what the other leaves.
  const names = round % 2 ? ["dummy", "lmdb"] : ["lmdb", "dummy"];
  for (const name of names) {
    const [begin, worked] = [performance.now(), process.cpuUsage()];
    await solvers[name].step(ITERATIONS);
    times[name].push((performance.now() - begin) / ITERATIONS);
    const { user, system } = process.cpuUsage(worked);
    cpu[name] += (user + system) / 1000 / ITERATIONS / rounds;
  }
}
const sorted = (values) => [...values].sort((a, b) => a - b);
const quantile = (values, share) => sorted(values)[Math.floor(share * (values.length - 1))];
for (const [name, values] of Object.entries(times)) {
  console.log(
    `${name.padEnd(6)} ${quantile(values, 0.5).toFixed(3)} ms per iteration (quarter ${quantile(values, 0.25).toFixed(3)}, least ${quantile(values, 0).toFixed(3)})`,
  );
}
for (const [what, share] of [
  ["median", 0.5],
  ["quarter", 0.25],
  ["least", 0],
]) {
  const ratio = quantile(times.lmdb, share) / quantile(times.dummy, share);
  console.log(`${what}: LMDB takes ${((ratio - 1) * 100).toFixed(1)} % longer`);
}
console.log(
  `CPU time: ${cpu.lmdb.toFixed(3)} ms against ${cpu.dummy.toFixed(3)}, ${((cpu.lmdb / cpu.dummy - 1) * 100).toFixed(1)} % more`,
);
console.log(`load average: ${loadavg()[0].toFixed(1)}`);
process.exit(0);
