// Times one net with our engine: node bench/ours.mjs NET ITERATIONS THREADS ENGINE. Prints one line of JSON.
import { createEngines } from "../dist/engines/create.js";
import { parsePrototxt } from "../dist/io/prototxt.js";
import { readNetParameter } from "../dist/io/read-net.js";
import { Net } from "../dist/net/net.js";
import { Solver } from "../dist/solvers/solver.js";

const [path, iterations, threads, engine] = process.argv.slice(2);
const count = Number(iterations);
const log = () => {};
const engines = createEngines({ prefer: engine, threads: Number(threads), log });

async function times(pass) {
  for (let i = 0; i < 3; i++) await pass();
  const out = [];
  for (let i = 0; i < count; i++) {
    const begin = performance.now();
    await pass();
    out.push(performance.now() - begin);
  }
  return out;
}

const testNet = new Net(readNetParameter(path, log), { engines, phase: "TEST", log });
const forward = await times(() => testNet.forward());
testNet.close();

const param = parsePrototxt(
  "SolverParameter",
  `net: ${JSON.stringify(path)} base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4
   max_iter: 1000000 snapshot_after_train: false`,
  "bench",
);
const solver = new Solver(param, { engines, log });
const forwardBackward = await times(async () => {
  solver.net.clearParamDiffs();
  await solver.net.forward();
  await solver.net.backward();
});
const step = await times(() => solver.step(1));
console.log(JSON.stringify({ forward, forwardBackward, step }));
process.exit(0);
