// What JavaScript costs a training step beside the native work: node bench/overhead.mjs [NET …] [--iterations 200]
// [--threads 1]. Every call of the addon is timed; what a step takes outside of them is JavaScript, and each call adds
// what one costs that does nothing. Both clocks stop at the calls' ends, so that timing itself is counted against
// JavaScript.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createEngines } from "../dist/engines/create.js";
import { loadAddon } from "../dist/engines/native/binding.js";
import { trainingSolver } from "./training-solver.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    iterations: { type: "string", default: "200" },
    threads: { type: "string", default: "1" },
  },
});
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const addon = loadAddon();
const native = { calls: 0, ms: 0 };

/** The function, with its calls counted and timed. */
function timed(call) {
  return function (...args) {
    const since = performance.now();
    const result = call.apply(this, args);
    native.ms += performance.now() - since;
    native.calls++;
    return result;
  };
}

/** Milliseconds of a call that copies nothing. */
function emptyCall() {
  const [x, y] = [new Float32Array(1), new Float32Array(1)];
  const [runs, calls] = [20, 10_000];
  const times = Array.from({ length: runs }, () => {
    const since = performance.now();
    for (let i = 0; i < calls; i++) addon.copy(0, x, y);
    return (performance.now() - since) / calls;
  });
  return Math.min(...times);
}

const empty = emptyCall();
for (const [name, member] of Object.entries(addon)) {
  if (typeof member !== "function" || ["Layout", "Store", "Primitive"].includes(name)) continue;
  addon[name] = timed(member);
}
for (const name of [
  "reorder",
  "convolutionForward",
  "convolutionBackwardData",
  "convolutionBackwardWeights",
]) {
  const make = addon[name];
  addon[name] = (...args) => {
    const primitive = make(...args);
    return Object.defineProperty(primitive, "run", { value: timed(primitive.run) });
  };
}

const log = () => {};
const engines = createEngines({ prefer: "native", threads: Number(values.threads), log });
for (const name of positionals.length > 0 ? positionals : ["lenet"]) {
  const path = existsSync(name) ? name : join(here, "nets", `${name}.prototxt`);
  const solver = trainingSolver(path, engines, log);
  const until = performance.now() + 1000;
  do await solver.step(1);
  while (performance.now() < until);
  const steps = [];
  for (let i = 0; i < Number(values.iterations); i++) {
    Object.assign(native, { calls: 0, ms: 0 });
    const since = performance.now();
    await solver.step(1);
    const ms = performance.now() - since;
    steps.push({ ms, outside: ms - native.ms, calls: native.calls });
  }
  solver.close();
  const step = median(steps.map(({ ms }) => ms));
  const outside = median(steps.map((one) => one.outside));
  const calls = median(steps.map((one) => one.calls));
  const cost = outside + calls * empty;
  console.log(
    `${name}: a step of ${step.toFixed(2)} ms makes ${calls} calls of ${(empty * 1e6).toFixed(0)} ns; JavaScript ${(outside * 1e3).toFixed(0)} µs; with the calls ${((100 * cost) / step).toFixed(2)} % of the step`,
  );
}
process.exit(0);
