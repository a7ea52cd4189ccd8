// TensorFlow.js (tfjs-node) as a side of bench/inference/compare.ts: node tfjs-side.mjs PLACE NET SHAPE THREADS, of what tfjs.ts has written.
// It answers as side.mjs does.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { answerTurns, imageOf } from "./turns.mjs";

const [place, file, shapeText, threads] = process.argv.slice(2);
process.env.TF_NUM_INTRAOP_THREADS = threads;
process.env.TF_NUM_INTEROP_THREADS = "1";
process.env.TF_CPP_MIN_LOG_LEVEL = "3";
const tf = createRequire(place)("@tensorflow/tfjs-node");
const { input, output, steps } = JSON.parse(readFileSync(file, "utf8"));
const weights = readFileSync(`${file}.bin`);

let at = weights.byteOffset;
const arraysOf = ({ arrays = [] }) =>
  arrays.map((shape) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = new Float32Array(weights.buffer.slice(at, at + 4 * count));
    at += 4 * count;
    return tf.tensor(values, shape);
  });
const made = steps.map((step) => ({ ...step, own: arraysOf(step) }));

/** What the windows see at the sides: nothing, what TensorFlow adds itself, or zeros that are put there. */
function padded(x, { kernel, stride, before = 0, after = 0 }) {
  const height = x.shape[1];
  if (before === 0 && after === 0) return [x, "valid"];
  const all = Math.max(0, (Math.ceil(height / stride) - 1) * stride + kernel - height);
  if (Math.floor(all / 2) === before && all - before === after) return [x, "same"];
  const sides = [before, after];
  return [tf.pad(x, [[0, 0], sides, sides, [0, 0]]), "valid"];
}

const OPS = {
  same: ([x]) => x,
  relu: ([x]) => tf.relu(x),
  lrn: ([x], { radius, alpha, beta }) => tf.localResponseNormalization(x, radius, 1, alpha, beta),
  concat: (all) => tf.concat(all, 3),
  eltwise: ([a, ...others]) => others.reduce((sum, one) => tf.add(sum, one), a),
  softmax: ([x]) => tf.softmax(x.reshape([x.shape[0], -1])),
  maxPool([x], step) {
    const [from, pad] = padded(x, step);
    return tf.maxPool(from, step.kernel, step.stride, pad);
  },
  avgPool([x], step) {
    const [from, pad] = padded(x, step);
    return tf.avgPool(from, step.kernel, step.stride, pad);
  },
  matMul([x], { own: [a, bias], isRectified }) {
    const activation = isRectified ? "relu" : "linear";
    return tf.fused.matMul({ a: x.reshape([x.shape[0], -1]), b: a, bias, activation });
  },
  conv2d([x], step) {
    const { own, stride: strides, groups, isRectified } = step;
    const activation = isRectified ? "relu" : "linear";
    const [from, pad] = padded(x, step);
    const of = (part, filter, bias) =>
      tf.fused.conv2d({ x: part, filter, strides, pad, bias, activation });
    if (groups === 1) return of(from, ...own);
    const [filters, biases] = [tf.split(own[0], groups, 3), tf.split(own[1], groups)];
    return tf.concat(
      tf.split(from, groups, 3).map((part, g) => of(part, filters[g], biases[g])),
      3,
    );
  },
  depthwiseConv2d([x], step) {
    const [filter, bias] = step.own;
    const [from, pad] = padded(x, step);
    const activation = step.isRectified ? "relu" : "linear";
    return tf.fused.depthwiseConv2d({
      x: from,
      filter,
      strides: step.stride,
      pad,
      bias,
      activation,
    });
  },
};

const [n, channels, height, width] = shapeText.split(",").map(Number);
const image = imageOf(n * channels * height * width);

/** The outputs' numbers. */
function pass() {
  return tf.tidy(() => {
    const blobs = { [input]: tf.tensor(image, [n, height, width, channels]) };
    for (const step of made) {
      blobs[step.to] = OPS[step.op](
        step.from.map((name) => blobs[name]),
        step,
      );
    }
    return blobs[output].dataSync();
  });
}

await answerTurns(pass);
