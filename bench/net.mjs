// Times forward+backward and a training step of one net: node bench/net.mjs NET.prototxt [iterations] [threads]
// Prints one line of JSON with times in milliseconds.
import { createEngines, readNetParameter, Solver, silent } from "../dist/index.js";

const [file, iterations = "20", threads = "2"] = process.argv.slice(2);
const WARMUP = 5;
const engines = createEngines({ prefer: "native", threads: Number(threads), log: silent });
const solver = new Solver(
  {
    net_param: readNetParameter(file, silent),
    base_lr: 1e-5,
    lr_policy: "fixed",
    momentum: 0.9,
    weight_decay: 5e-4,
    max_iter: 1,
    random_seed: 1,
  },
  { engines },
);

async function timed(work) {
  const times = [];
  for (let i = 0; i < WARMUP + Number(iterations); i++) {
    const start = performance.now();
    await work();
    if (i >= WARMUP) times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { median: times[times.length >> 1], min: times[0] };
}

// The peer makes its data once; here it is made in every pass, so the first layer runs once and is then left out.
await solver.net.forward(0, 0);
const last = solver.net.layers.length - 1;
const forwardBackward = async () => {
  solver.net.clearParamDiffs();
  await solver.net.forward(1, last);
  solver.net.backward();
};
const step = async () => {
  await forwardBackward();
  solver.applyUpdate();
};
console.log(
  JSON.stringify({ forwardBackward: await timed(forwardBackward), step: await timed(step) }),
);
solver.close();
