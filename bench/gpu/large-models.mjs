// CaffeNet and ResNet-50 in tfjs's words: what a step runs, of variables of its own.
import * as tf from "@tensorflow/tfjs-core";

/** A convolution by windows of k × k, planes last but one. */
function convolution(
  inputs,
  outputs,
  k,
  { stride = 1, pad = 0, groups = 1, hasBias = false } = {},
) {
  const deviation = Math.sqrt(2 / (k * k * (inputs / groups)));
  const filters = Array.from({ length: groups }, () =>
    tf.variable(tf.randomNormal([k, k, inputs / groups, outputs / groups], 0, deviation)),
  );
  const bias = hasBias ? tf.variable(tf.zeros([outputs])) : undefined;
  const padding = [
    [0, 0],
    [pad, pad],
    [pad, pad],
    [0, 0],
  ];
  return (x) => {
    const parts = groups === 1 ? [x] : tf.split(x, groups, 3);
    const made = parts.map((part, i) => tf.conv2d(part, filters[i], stride, padding));
    const y = groups === 1 ? made[0] : tf.concat(made, 3);
    return bias ? tf.add(y, bias) : y;
  };
}

function dense(inputs, outputs) {
  const weights = tf.variable(tf.randomNormal([inputs, outputs], 0, 0.005));
  const bias = tf.variable(tf.zeros([outputs]));
  return (x) => tf.add(tf.matMul(x, weights), bias);
}

/** Normalised over the batch, then a line for each channel. */
function normalisation(channels) {
  const scale = tf.variable(tf.ones([channels]));
  const shift = tf.variable(tf.zeros([channels]));
  return (x) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, shift, scale, 1e-5);
  };
}

/** CaffeNet, as bench/nets has it. */
export function caffenet() {
  const local = (x) => tf.localResponseNormalization(x, 2, 1, 0.0001 / 5, 0.75);
  const pooled = (x) => tf.maxPool(x, 3, 2, "valid");
  const of = (inputs, outputs, k, options) =>
    convolution(inputs, outputs, k, { ...options, hasBias: true });
  const conv1 = of(3, 96, 11, { stride: 4 });
  const conv2 = of(96, 256, 5, { pad: 2, groups: 2 });
  const conv3 = of(256, 384, 3, { pad: 1 });
  const conv4 = of(384, 384, 3, { pad: 1, groups: 2 });
  const conv5 = of(384, 256, 3, { pad: 1, groups: 2 });
  const [fc6, fc7, fc8] = [dense(9216, 4096), dense(4096, 4096), dense(4096, 1000)];
  const dropped = (x) => tf.dropout(x, 0.5);
  return (x) => {
    const first = local(pooled(tf.relu(conv1(x))));
    const second = local(pooled(tf.relu(conv2(first))));
    const last = pooled(tf.relu(conv5(tf.relu(conv4(tf.relu(conv3(second)))))));
    const flat = tf.reshape(last, [x.shape[0], 9216]);
    return fc8(dropped(tf.relu(fc7(dropped(tf.relu(fc6(flat)))))));
  };
}

/** ResNet-50, as bench/nets has it: the first convolution of a block has its stride. */
export function resnet50() {
  const unit = (inputs, outputs, k, options) => {
    const [convolve, normalise] = [
      convolution(inputs, outputs, k, options),
      normalisation(outputs),
    ];
    return (x) => normalise(convolve(x));
  };
  const block = (inputs, inner, stride) => {
    const a = unit(inputs, inner, 1, { stride });
    const b = unit(inner, inner, 3, { pad: 1 });
    const c = unit(inner, 4 * inner, 1);
    const beside =
      inputs === 4 * inner && stride === 1 ? undefined : unit(inputs, 4 * inner, 1, { stride });
    return (x) => tf.relu(tf.add(c(tf.relu(b(tf.relu(a(x))))), beside ? beside(x) : x));
  };
  const first = unit(3, 64, 7, { stride: 2, pad: 3 });
  const blocks = [];
  let channels = 64;
  for (const [i, count] of [3, 4, 6, 3].entries()) {
    const inner = 64 * 2 ** i;
    for (let j = 0; j < count; j++) {
      blocks.push(block(channels, inner, i > 0 && j === 0 ? 2 : 1));
      channels = 4 * inner;
    }
  }
  const last = dense(2048, 1000);
  return (x) => {
    const start = tf.maxPool(tf.relu(first(x)), 3, 2, "same");
    return last(
      tf.mean(
        blocks.reduce((y, each) => each(y), start),
        [1, 2],
      ),
    );
  };
}
