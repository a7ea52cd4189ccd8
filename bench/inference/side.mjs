// One side of bench/inference/compare.ts: node side.mjs ours|onnx FILE WEIGHTS SHAPE THREADS. Each line it reads is a number of
// milliseconds to run forward passes for; it answers with the time of each, and its peak of resident memory, as a line of JSON.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [side, file, weights, shapeText, threads] = process.argv.slice(2);
const shape = shapeText.split(",").map(Number);
const image = Float32Array.from(
  { length: shape.reduce((a, b) => a * b) },
  (_, i) => ((Math.imul(i + 1, 0x9e3779b1) >>> 8) / 2 ** 24 - 0.5) * 2,
);
const pass = side === "ours" ? await ourPass() : await onnxPass();

async function ourPass() {
  // As a program gets it: in few files.
  const { createEngines, Net } = await import("caffe-ts");
  const log = () => {};
  const engines = createEngines({ prefer: "native", threads: Number(threads), log });
  const net = new Net(file, {
    engines,
    phase: "TEST",
    weights,
    forInference: true,
    log,
  });
  const [input] = net.inputs;
  net.blob(input).reshape(shape);
  const given = { [input]: image };
  return () => net.forward(given);
}

async function onnxPass() {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, {
    intraOpNumThreads: Number(threads),
    logSeverityLevel: 3,
  });
  const given = { [session.inputNames[0]]: new Tensor("float32", image, shape) };
  return () => session.run(given);
}

for await (const line of createInterface({ input: process.stdin })) {
  const end = performance.now() + Number(line);
  const times = [];
  while (times.length < 3 || performance.now() < end) {
    const begin = performance.now();
    await pass();
    times.push(performance.now() - begin);
  }
  console.log(JSON.stringify({ times, memoryMiB: peakMiB() }));
}

/** What resourceUsage tells includes the parent's, as it was when this process was forked. */
function peakMiB() {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
}
