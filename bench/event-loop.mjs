// How long a program's other work waits while a net computes, here and in a thread of its own: node bench/event-loop.mjs [--rows 32] [--threads N]
// The machine makes it wait too (other programs, a hypervisor, a kernel that samples which memory is used): the same is told of a loop
// beside which nothing computes, and of one beside a plain thread that adds up as much memory as the net holds. On Linux it is told
// how much of a wait was for a core, which no program can help.
import { openSync, readSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createEngines, Net, NetWorker } from "../dist/index.js";

const { values } = parseArgs({
  options: {
    net: { type: "string", default: "models/caffenet/deploy.prototxt" },
    rows: { type: "string", default: "32" },
    threads: { type: "string", default: "1" },
    passes: { type: "string", default: "10" },
  },
});
const [rows, threads, passes] = [values.rows, values.threads, values.passes].map(Number);
const kind = { phase: "TEST", forwardOnly: true };

/** Milliseconds for which this thread has waited for a core so far, as Linux counts them; elsewhere NaN. */
function waitedForCore() {
  try {
    schedule.file ??= openSync(`/proc/self/task/${process.pid}/schedstat`);
    const length = readSync(schedule.file, schedule.text, 0, schedule.text.length, 0);
    return Number(schedule.text.toString("latin1", 0, length).split(" ")[1]) / 1e6;
  } catch {
    return Number.NaN;
  }
}
const schedule = { file: undefined, text: Buffer.alloc(128) };

/** A thread that adds up an array of so many bytes for so many milliseconds each time it is asked, and does nothing else. */
function adder(bytes, ms) {
  const program = `const { parentPort, workerData: [bytes, ms] } = require("node:worker_threads");
    const values = new Float32Array(bytes / 4).fill(1);
    parentPort.on("message", () => {
      let sum = 0;
      for (let at = 0, from = performance.now(); performance.now() - from < ms; at = (at + 65536) % (values.length - 65536))
        for (let i = 0; i < 65536; i++) sum += values[at + i];
      parentPort.postMessage(sum);
    });`;
  const thread = new Worker(program, { eval: true, workerData: [bytes, ms] });
  const run = () =>
    new Promise((done) => {
      thread.once("message", done);
      thread.postMessage("again");
    });
  return { run, close: () => thread.terminate() };
}

/** What the times between two turns of the event loop were while something ran over and over, in milliseconds. */
async function measured(run) {
  for (let i = 0; i < 2; i++) await run();
  const turns = [];
  let [last, waited, isDone, pass] = [performance.now(), waitedForCore(), false, 0];
  const turn = () => {
    const [now, soFar] = [performance.now(), waitedForCore()];
    turns.push({ long: now - last, own: now - last - (soFar - waited) });
    [last, waited] = [now, soFar];
    if (!isDone) setTimeout(turn, 1);
  };
  turn();
  let call = 0;
  for (let i = 0; i < passes; i++) {
    const from = performance.now();
    const answer = run();
    call = Math.max(call, performance.now() - from);
    await answer;
    pass = Math.max(pass, performance.now() - from);
  }
  isDone = true;
  turn();
  const sorted = (key) => turns.map((one) => one[key]).sort((a, b) => a - b);
  const [long, own] = [sorted("long"), sorted("own")];
  const at = (share) => long[Math.floor(share * (long.length - 1))].toFixed(1);
  const without = Number.isNaN(own[0])
    ? ""
    : `, ${own.at(-1).toFixed(1)} without what it waited for a core`;
  const late = long.filter((ms) => ms > 5).length;
  const text = `passes of ${pass.toFixed(0)} ms, the call ${call.toFixed(1)}; between two turns of the event loop ${at(0.5)} ms (median), ${at(0.99)} (99 of 100), ${at(0.999)} (999 of 1000), ${at(1)} at most${without}; above 5 ms ${late} of ${long.length}`;
  return { text, pass };
}

// The thread first: what a net here leaves to the garbage collector would be waited for beside it.
const worker = await NetWorker.open(values.net, { ...kind, threads });
const [name] = worker.inputs;
const [, ...shape] = worker.shapes[name];
const data = new Float32Array(rows * shape.reduce((product, length) => product * length, 1)).fill(
  1,
);
const inputs = { [name]: { shape: [rows, ...shape], data } };
const tell = (what, { text }) => console.log(`${what}: ${text}`);
tell("Nothing", await measured(() => new Promise((done) => setTimeout(done, 250))));
const worked = await measured(() => worker.forward(inputs));
tell("NetWorker", worked);
const thread = adder(process.memoryUsage.rss() & ~3, worked.pass);
tell("A thread that only adds numbers", await measured(thread.run));
await thread.close();
tell("NetWorker", await measured(() => worker.forward(inputs)));
await worker.close();
const net = new Net(values.net, { ...kind, engines: createEngines({ threads }) });
tell("Net", await measured(() => net.forward(inputs)));
net.close();
