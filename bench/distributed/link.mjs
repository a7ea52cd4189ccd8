// Measures the network between two ranks of mpirun, for scale-model.ts, and prints as JSON: `latency`, milliseconds from one to
// the other, and `hostCost`, milliseconds of the computing core for each byte that a rank sends. Run as: mpirun -np 2 node link.mjs
import { joinRanks } from "../../dist/distributed/join.js";

const BUCKET = 1 << 20;
const [SMALL, LARGE] = [200, 24];

const world = await joinRanks(process.env);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

// The least is told there and back again: up the tree and down.
const small = [];
for (let i = 0; i < SMALL; i++) {
  const begun = performance.now();
  await world.wait(world.beginSum(new Float32Array(1)));
  small.push(performance.now() - begun);
}

/** Something to compute, about a tenth of a millisecond of it. */
const numbers = new Float32Array(1 << 14).fill(1);
const compute = () => {
  for (let i = 0; i < numbers.length; i++) numbers[i] = numbers[i] * 0.999 + 0.001;
};
const timeOf = (work) => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};
for (let i = 0; i < 2000; i++) compute();
const undisturbed = median(Array.from({ length: 500 }, () => timeOf(compute)));

// What computing takes longer while arrays are on their way is what these take of the core.
const arrays = Array.from({ length: LARGE }, () => new Float32Array(BUCKET));
await world.wait(world.beginSum(new Float32Array(1)));
const jobs = arrays.flatMap((array) => world.beginSum(array));
const begun = performance.now();
let rounds = 0;
while (!world.areDone(jobs)) {
  compute();
  rounds++;
}
const taken = performance.now() - begun - rounds * undisturbed;
// Of two ranks each sends an array once.
const hostCost = Math.max(0, taken) / (LARGE * BUCKET * 4);
if (world.rank === 0) console.log(JSON.stringify({ latency: median(small) / 2, hostCost }));
world.close();
