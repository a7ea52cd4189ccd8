// In the page: one training iteration of ours and one of tfjs, in turns, on the same adapter.
import "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { createEngines, openGpu, Solver } from "../../dist/browser/index.js";
import { caffenet, resnet50 } from "./large-models.mjs";

const RATE = 0.01;
const MOMENTUM = 0.9;

/** The same nets in tfjs's words. */
const models = {
  lenet: () => {
    const glorot = { kernelInitializer: "glorotUniform" };
    return sequential({
      layers: [
        layers.conv2d({ inputShape: [28, 28, 1], filters: 20, kernelSize: 5, ...glorot }),
        layers.maxPooling2d({ poolSize: 2, strides: 2 }),
        layers.conv2d({ filters: 50, kernelSize: 5, ...glorot }),
        layers.maxPooling2d({ poolSize: 2, strides: 2 }),
        layers.flatten(),
        layers.dense({ units: 500, activation: "relu", ...glorot }),
        layers.dense({ units: 10, ...glorot }),
      ],
    });
  },
  cifar10_quick: () => {
    const same = { kernelSize: 5, padding: "same", kernelInitializer: "glorotUniform" };
    const pool = { poolSize: 3, strides: 2, padding: "same" };
    return sequential({
      layers: [
        layers.conv2d({ inputShape: [32, 32, 3], filters: 32, ...same }),
        layers.maxPooling2d(pool),
        layers.reLU(),
        layers.conv2d({ filters: 32, activation: "relu", ...same }),
        layers.averagePooling2d(pool),
        layers.conv2d({ filters: 64, activation: "relu", ...same }),
        layers.averagePooling2d(pool),
        layers.flatten(),
        layers.dense({ units: 64 }),
        layers.dense({ units: 10 }),
      ],
    });
  },
};

async function ours(net, gpu) {
  const solver = Solver.parse(
    `base_lr: ${RATE} momentum: ${MOMENTUM} lr_policy: "fixed" random_seed: 1 max_iter: 1000 net_param { ${net} }`,
    { engines: createEngines({ gpu }) },
  );
  return async () => {
    await solver.step(1);
    await gpu.finish();
  };
}

/** What each net takes and gives, and makes of the first. */
const nets = {
  lenet: () => ofLayers(models.lenet(), 10),
  cifar10_quick: () => ofLayers(models.cifar10_quick(), 10),
  caffenet: () => ({ shape: [227, 227, 3], classes: 1000, scores: caffenet() }),
  resnet50: () => ({ shape: [224, 224, 3], classes: 1000, scores: resnet50() }),
};

function ofLayers(model, classes) {
  const shape = model.inputs[0].shape.slice(1);
  return { shape, classes, scores: (x) => model.apply(x, { training: true }) };
}

async function theirs(name, batch) {
  await tf.setBackend("webgpu");
  await tf.ready();
  const { shape, classes, scores } = nets[name]();
  const optimizer = tf.train.momentum(RATE, MOMENTUM);
  const x = tf.randomNormal([batch, ...shape]);
  const t = tf.oneHot(tf.fill([batch], 3, "int32"), classes);
  return async () => {
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(t, scores(x)), true);
    await loss.data();
    loss.dispose();
  };
}

async function bench(name, net, batch, rounds, warmups) {
  const gpu = await openGpu();
  const [a, b] = [await ours(net, gpu), await theirs(name, batch)];
  const times = { ours: [], tfjs: [] };
  const timed = async (who, step) => {
    const since = performance.now();
    await step();
    const ms = performance.now() - since;
    console.info(`${name}, ${who}: ${ms.toFixed(0)} ms`);
    times[who].push(ms);
  };
  // Shaders are compiled in the first.
  for (let i = 0; i < warmups + rounds; i++) {
    if (i === warmups) times.ours.length = times.tfjs.length = 0;
    await timed("ours", a);
    await timed("tfjs", b);
  }
  gpu.close();
  return times;
}

Object.assign(globalThis, { bench });
