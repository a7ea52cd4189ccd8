// What bounds each layer of a net: arithmetic (sgemm's rate) or memory (the rate of a copy), both measured in this run.
// node bench/roofline.mjs NET [--iterations 10] [--threads 2] [--least 1]
// Prints a table in Markdown: time, GFLOP/s, GB/s, and time against the least that the bound allows. Layers that take
// less than `least` percent of a pass are summed. A fused layer's work is in the layer before it.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createEngines } from "../dist/engines/create.js";
import { loadAddon } from "../dist/engines/native/binding.js";
import { readNetParameter } from "../dist/io/text/read-net.js";
import { Net } from "../dist/net/net.js";
import { summarize } from "../dist/net/tools/summary.js";
import { least, sgemmRate } from "./sgemm.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    iterations: { type: "string", default: "10" },
    threads: { type: "string", default: "2" },
    least: { type: "string", default: "1" },
  },
});
const [name = "caffenet"] = positionals;
const iterations = Number(values.iterations);
const path = existsSync(name) ? name : join(here, "nets", `${name}.prototxt`);
const log = () => {};
const engines = createEngines({ prefer: "native", threads: Number(values.threads), log });
const addon = loadAddon();

/** GB/s that a copy of 128 MB reads and writes. */
function copyRate() {
  const n = 2 ** 25;
  const [x, y] = [new Float32Array(n).fill(1), new Float32Array(n)];
  return (8 * n) / least(() => addon.copy(n, x, y)) / 1e6;
}

const [peak, rate] = [sgemmRate(), copyRate()];
const net = new Net(readNetParameter(path, log), { engines, phase: "TRAIN", log });
const times = { forward: [], backward: [] };
async function pass() {
  await net.forward();
  net.clearParamDiffs();
  await net.backward();
}
for (let i = 0; i < 3; i++) await pass();
let since = 0;
const begin = () => {
  since = performance.now();
};
const end = (direction) => (i) => {
  times[direction][i] ??= [];
  times[direction][i].push(performance.now() - since);
};
net.beforeForward.push(begin);
net.afterForward.push(end("forward"));
net.beforeBackward.push(begin);
net.afterBackward.push(end("backward"));
for (let i = 0; i < iterations; i++) await pass();

const sum = (list) => list.reduce((total, value) => total + value, 0);
const bytesOf = (blobs) => 4 * sum([...new Set(blobs)].map((blob) => blob.count()));
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const rows = [];
summarize(net).forEach(({ name, type, macs }, i) => {
  const [bottoms, tops] = [net.bottomBlobs[i], net.topBlobs[i]];
  const [inBytes, outBytes] = [bytesOf(bottoms), bytesOf(tops)];
  const weightBytes = bytesOf(net.layers[i].blobs);
  const hasInput = net.bottomNeedsBackward[i].some(Boolean);
  rows.push({
    name,
    type,
    direction: "forward",
    ms: median(times.forward[i]),
    flops: 2 * macs,
    bytes: inBytes + outBytes + weightBytes,
  });
  if (!net.layerNeedsBackward[i]) return;
  const products = (weightBytes > 0 ? 1 : 0) + (hasInput ? 1 : 0);
  const bytes = outBytes + inBytes + 2 * weightBytes + (hasInput ? inBytes : 0);
  rows.push({
    name,
    type,
    direction: "backward",
    ms: median(times.backward[i]),
    flops: 2 * macs * products,
    bytes,
  });
});
net.close();

const total = sum(rows.map(({ ms }) => ms));
console.log(
  `${name}: sgemm ${peak.toFixed(0)} GFLOP/s, copy ${rate.toFixed(0)} GB/s, ${values.threads} threads, ${total.toFixed(1)} ms forward and backward\n`,
);
console.log(
  "| layer | direction | ms | GFLOP/s | GB/s | bound by | share of the bound |\n| --- | --- | --- | --- | --- | --- | --- |",
);
let rest = 0;
for (const { name, type, direction, ms, flops, bytes } of rows) {
  if (ms < (total * Number(values.least)) / 100) {
    rest += ms;
    continue;
  }
  const [arithmetic, memory] = [flops / peak / 1e6, bytes / rate / 1e6];
  const bound = Math.max(arithmetic, memory);
  const by = arithmetic > memory ? "arithmetic" : "memory";
  console.log(
    `| ${name} (${type}) | ${direction} | ${ms.toFixed(1)} | ${(flops / ms / 1e6).toFixed(0)} | ${(bytes / ms / 1e6).toFixed(0)} | ${by} | ${((100 * bound) / ms).toFixed(0)} % |`,
  );
}
console.log(`| all others | | ${rest.toFixed(1)} | | | | |`);
process.exit(0);
