// Measures the network between two ranks of mpirun, for scale-model.ts, and prints as JSON: `latency`, milliseconds from one to
// the other, `bandwidth`, bytes a millisecond of a sum on its way up a tree and down again, `hostCost`, milliseconds of the core
// for each byte that a rank sends and gets, and `copyCost`, for each byte that is copied to what travels and back.
// Run as: mpirun -np 2 node link.mjs
import { setTimeout } from "node:timers/promises";
import { joinRanks } from "../../dist/distributed/join.js";

const BUCKET = 1 << 20;
const [SMALL, LARGE] = [200, 12];

const world = await joinRanks(process.env);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

// The least is told there and back again: up the tree and down.
const small = [];
for (let i = 0; i < SMALL; i++) {
  const begun = performance.now();
  await world.wait(world.beginSum(new Float32Array(1)));
  small.push(performance.now() - begun);
}

// What a sum of a bucket takes more than the least, up the tree and down, is the way of its bytes: through sockets, as MPI takes
// them, which is slower than a link of many Gbit/s.
const bucket = new Float32Array(BUCKET);
const large = [];
for (let i = 0; i < LARGE; i++) {
  const begun = performance.now();
  await world.wait(world.beginSum(bucket));
  large.push(performance.now() - begun);
}
const latency = median(small) / 2;
const bandwidth = (2 * bucket.byteLength) / (median(large) - 2 * latency);

// A processor's time is what others on the machine do not change. Nobody waits for the sums, as while a rank computes.
const arrays = Array.from({ length: LARGE }, () => new Float32Array(BUCKET));
// Memory that is touched for the first time would take longer than what it is for: arrays, and what MPI keeps of them.
await world.wait(arrays.flatMap((array) => world.beginSum(array)));
await world.wait(world.beginSum(new Float32Array(1)));
const before = process.cpuUsage();
const jobs = arrays.flatMap((array) => world.beginSum(array));
while (!world.areDone(jobs)) await setTimeout(5);
const { user, system } = process.cpuUsage(before);
// A gradient is copied to what travels, and its sum back.
const copying = median(
  arrays.map((array) => {
    const begun = performance.now();
    array.set(arrays[0]);
    return performance.now() - begun;
  }),
);
// Of two ranks each sends an array once.
const hostCost = (user + system) / 1000 / LARGE / (4 * BUCKET);
const copyCost = (2 * copying) / (4 * BUCKET);
if (world.rank === 0) console.log(JSON.stringify({ latency, bandwidth, hostCost, copyCost }));
world.close();
