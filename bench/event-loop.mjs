// How long a program's other work waits while a net computes, here and in a thread of its own: node bench/event-loop.mjs [--rows 32] [--threads N]
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { createEngines, Net, NetWorker } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    net: { type: "string", default: "models/caffenet/deploy.prototxt" },
    rows: { type: "string", default: "32" },
    threads: { type: "string", default: "1" },
    passes: { type: "string", default: "5" },
  },
});
const [rows, threads, passes] = [values.rows, values.threads, values.passes].map(Number);
const kind = { phase: "TEST", forwardOnly: true };

/** The longest time between two turns of the event loop, and that of the longest pass, in milliseconds. */
async function measured(forward) {
  for (let i = 0; i < 2; i++) await forward();
  let [longest, last, isDone, pass] = [0, performance.now(), false, 0];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isDone) setTimeout(turn, 1);
  };
  turn();
  for (let i = 0; i < passes; i++) {
    const from = performance.now();
    await forward();
    pass = Math.max(pass, performance.now() - from);
  }
  isDone = true;
  turn();
  return `passes of ${pass.toFixed(0)} ms, ${longest.toFixed(1)} ms at most between two turns of the event loop`;
}

// The thread first: what a net here leaves to the garbage collector would be waited for beside it.
const worker = await NetWorker.open(values.net, { ...kind, threads });
const [name] = worker.inputs;
const [, ...shape] = worker.shapes[name];
const data = new Float32Array(rows * shape.reduce((product, length) => product * length, 1));
const inputs = { [name]: { shape: [rows, ...shape], data } };
console.log(`NetWorker: ${await measured(() => worker.forward(inputs))}`);
await worker.close();
const net = new Net(values.net, { ...kind, engines: createEngines({ threads }) });
console.log(`Net: ${await measured(() => net.forward(inputs))}`);
net.close();
