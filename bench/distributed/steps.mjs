// Trains a net of bench/nets with a batch of so many images, alone or as one of the ranks that mpirun starts, and prints the
// median milliseconds of a step, and in ranks `hidden`: the share of their gradients' way during which rank 0 computes.
// Run as: [mpirun -np N] node steps.mjs NET BATCH STEPS THREADS [apart | alone]; ranks that are apart share no memory, of those
// that are alone each trains a net of its own, which is what ranks without anything to tell one another would take.
import { readFileSync } from "node:fs";
import { hasEnded, processSpace } from "../../dist/cli/neighbours.js";
import { joinRanks } from "../../dist/distributed/join.js";
import { Ranks } from "../../dist/distributed/ranks.js";
import { createEngines } from "../../dist/engines/create.js";
import { Solver } from "../../dist/solvers/solver.js";

const [, , path, batch, steps, threads, manner] = process.argv;
const sight = manner === "apart" ? undefined : { space: processSpace(), hasEnded };
const world = manner === "alone" ? undefined : await joinRanks(process.env, sight);
const workers = world && new Ranks(world);
// The batch is each data blob's first axis; numbers drawn anew in each step would be most of a small net's time.
const net = readFileSync(path, "utf8")
  .replace(/shape\s*\{\s*dim:\s*\d+/g, `shape { dim: ${batch}`)
  .replace(/data_filler\s*\{\s*type:\s*"gaussian"/g, 'data_filler { type: "constant" value: 0.5');
const solver = Solver.parse(
  `net_param { ${net} } base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4`,
  {
    engines: createEngines({ prefer: "native", threads: Number(threads) }),
    sharesMemory: true,
    ...(workers && { workers }),
  },
);
// What is fastest is found in the first steps, and how gradients travel.
await solver.step(8);
const gradients = workers?.gradients ?? { onWayMs: 0, waitedMs: 0 };
const { onWayMs, waitedMs } = gradients;
const times = [];
for (let i = 0; i < Number(steps); i++) {
  const begun = performance.now();
  await solver.step(1);
  times.push(performance.now() - begun);
}
times.sort((a, b) => a - b);
const rank = world?.rank ?? Number(process.env["OMPI_COMM_WORLD_RANK"] ?? 0);
if (rank === 0) {
  const hidden = 1 - (gradients.waitedMs - waitedMs) / (gradients.onWayMs - onWayMs);
  console.log(JSON.stringify({ ms: times[times.length >> 1], ...(workers && { hidden }) }));
}
solver.close();
world?.close();
