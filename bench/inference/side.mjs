// One side of bench/inference/compare.ts: node side.mjs ours|onnx FILE WEIGHTS SHAPE THREADS.
import { answerTurns, imageOf } from "./turns.mjs";

const [side, file, weights, shapeText, threads] = process.argv.slice(2);
const shape = shapeText.split(",").map(Number);
const image = imageOf(shape.reduce((a, b) => a * b));
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

await answerTurns(pass);
