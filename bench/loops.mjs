// The loops of native/src over memory: nanoseconds of each element, and bytes against those that a copy moves.
// npm run bench:loops -- [--threads 1] [--count 1048576] [--rounds 50] [--only TEXT]
// Prints a table in Markdown, the least of the rounds. With --count 8192 all lies in cache: what is left is arithmetic.
import { parseArgs } from "node:util";
import { loadAddon } from "../dist/engines/native/binding.js";

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "1" },
    count: { type: "string", default: String(2 ** 20) },
    rounds: { type: "string", default: "50" },
    only: { type: "string", default: "" },
  },
});
const addon = loadAddon();
addon.setThreads(Number(values.threads));
const n = Math.ceil(Number(values.count) / 8000) * 8000;

function filled(seed, low, high) {
  const memory = new addon.Store(n);
  const noise = new Float32Array(n);
  addon.uniform(n, low, high, seed, 1, noise);
  addon.copy(n, noise, memory);
  return memory;
}
const [x, y, dy, dx] = [filled(1, 0.1, 3), filled(2, 0.1, 1), filled(3, -1, 1), filled(4, -1, 1)];
const [g, h1, h2] = [filled(5, -1, 1), filled(6, 0, 1), filled(7, 0, 1)];
/** Rows of a thousand classes, and of twenty over so many positions. */
const rows = n / 1000;
const places = n / 20;
const labels = new Float32Array(places).fill(3);
const step = { rate: 1e-9, gradientScale: 1, decay: 0, isL1: false, isDecoupled: false };

/** [name, arrays that it reads or writes, how it runs] */
const loops = [
  ["copy", 2, () => addon.copy(n, x, dx)],
  ["y = a·x + b·y", 3, () => addon.axpby(n, 1, x, 0.5, dx)],
  ["Σ |x|", 1, () => addon.asum(n, x)],
  ["Σ x²", 1, () => addon.sumOfSquares(n, x)],
  ["greatest |x|", 1, () => addon.greatest(n, x)],
  ["sum of two", 3, () => addon.sum(n, [1, 1], [x, dy], 0, dx)],
  ["product of two", 3, () => addon.product(n, [x, dy], dx)],
  ["softmax of rows", 2, () => addon.softmax(rows, 1000, 1, x, dx)],
  ["softmax of rows, gradient", 3, () => addon.softmaxBackward(rows, 1000, 1, y, dy, dx)],
  ["softmax of planes", 2, () => addon.softmax(1, 20, places, x, dx)],
  ["softmax of planes, gradient", 3, () => addon.softmaxBackward(1, 20, places, y, dy, dx)],
  [
    "label's loss of rows, gradient",
    2,
    () => addon.labelGradient(rows, 1000, 1, -1, 1, y, labels, dx),
  ],
  [
    "label's loss of planes, gradient",
    2,
    () => addon.labelGradient(1, 20, places, -1, 1, y, labels, dx),
  ],
  ["update SGD", 5, () => addon.update("SGD", n, step, { momentum: 0.9 }, h2, g, h1)],
];
const functions = [
  "abs",
  "bnll",
  "elu",
  "exp",
  "hard_swish",
  "log",
  "power",
  "relu",
  "selu",
  "sigmoid",
  "swish",
  "tanh",
];
for (const name of functions) {
  const index = addon.unaryIndex(name);
  loops.push([name, 2, () => addon.unaryForward(index, 1.5, 1, 1, n, x, dx)]);
  loops.push([
    `${name}, gradient`,
    4,
    () => addon.unaryBackward(index, 1.5, 1, 1, n, x, y, dy, dx),
  ]);
}

/** The least milliseconds of one run. */
function least(run) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < Number(values.rounds); round++) {
    const since = performance.now();
    run();
    best = Math.min(best, performance.now() - since);
  }
  return best;
}

const rateOf = (arrays, ms) => (4 * n * arrays) / ms / 1e6;
const copies = rateOf(2, least(loops[0][2]));
console.log(`${n} elements, ${values.threads} threads; a copy moves ${copies.toFixed(0)} GB/s\n`);
console.log("| loop | ns an element | GB/s | share of a copy's rate |\n| --- | --- | --- | --- |");
for (const [name, arrays, run] of loops) {
  if (!name.includes(values.only)) continue;
  const ms = least(run);
  const rate = rateOf(arrays, ms);
  console.log(
    `| ${name} | ${((1e6 * ms) / n).toFixed(2)} | ${rate.toFixed(0)} | ${((100 * rate) / copies).toFixed(0)} % |`,
  );
}
