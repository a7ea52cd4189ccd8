// Times one net with our engine: node bench/ours.mjs NET ITERATIONS THREADS ENGINE CLOCK [PRECISION]. Prints one line of JSON.
// CLOCK is wall, or cpu: time of the processor, which other programs on the machine disturb less (one thread only).
import { createEngines } from "../dist/engines/create.js";
import { readNetParameter } from "../dist/io/text/read-net.js";
import { Net } from "../dist/net/net.js";
import { fillInputs } from "./inputs.mjs";
import { sgemmRate } from "./sgemm.mjs";
import { trainingSolver } from "./training-solver.mjs";

const [path, iterations, threads, engine, clock, precision = "f32"] = process.argv.slice(2);
/** Losses that a net may learn by. */
const LOSSES = ["SoftmaxWithLoss", "MultiBoxLoss"];
const count = Number(iterations);
const log = () => {};
const engines = createEngines({ prefer: engine, threads: Number(threads), log });
const now =
  clock === "cpu"
    ? () => (process.cpuUsage().user + process.cpuUsage().system) / 1e3
    : () => performance.now();

async function times(pass) {
  // Small nets want more than a few passes before V8 has compiled what they run.
  const since = performance.now();
  for (let i = 0; i < 3 || performance.now() - since < 300; i++) await pass();
  const out = [];
  for (let i = 0; i < count; i++) {
    const begin = now();
    await pass();
    out.push(now() - begin);
  }
  return out;
}

/** Multiplications and additions of one forward pass, in convolutions and inner products. */
function flopsOf(net) {
  let sum = 0;
  net.layers.forEach((layer, i) => {
    const { type } = layer.param;
    const top = net.topBlobs[i]?.[0];
    const [weights] = layer.blobs;
    if (type === "Convolution") sum += (2 * weights.count() * top.count()) / top.shape[1];
    if (type === "InnerProduct") sum += 2 * weights.count() * top.shape[0];
  });
  return sum;
}

const begin = performance.now();
const param = readNetParameter(path, log);
const learns = param.layer.some(({ type }) => LOSSES.includes(type));
const solver = learns ? trainingSolver(path, engines, log, precision) : undefined;
const testNet = new Net(param, { engines, phase: "TEST", log, precision, forwardOnly: true });
// What a person waits for before the first pass: the nets alone, and with the program's own start.
const build = performance.now() - begin;
const start = performance.now();
const peak = engine === "native" ? sgemmRate(now) : Number.NaN;
const flops = flopsOf(testNet);
const result = { build, start, flops, peak };
if (solver) {
  fillInputs(solver.net);
  result.step = await times(() => solver.step(1));
  result.memoryMiB = process.resourceUsage().maxRSS / 1024;
  // In training, large gradients are multiplied out in the update; here backward is to do all of its work.
  for (const { blob } of solver.net.learnableParams) blob.diffMem.isReadOnce = false;
  result.forwardBackward = await times(async () => {
    solver.net.clearParamDiffs();
    await solver.net.forward();
    await solver.net.backward();
  });
  // With statistics of what was seen: those of a new net make numbers of deep nets infinite.
  testNet.shareWith(solver.net, log);
}
fillInputs(testNet);
result.forward = await times(() => testNet.forward());
result.memoryMiB ??= process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify(result));
process.exit(0);
