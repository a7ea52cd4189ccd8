// What a user of the package does, in one go: node program.mjs FOLDER-OF-LENET [NETS]. Uses the installed package alone.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  Classifier,
  io,
  L,
  Layer,
  layerOf,
  layerTypes,
  Net,
  NetSpec,
  registerLayer,
  Solver,
  version,
} from "caffe-ts";

const [, , folder, nets = "1000"] = process.argv;
const floats = (file) => {
  const bytes = readFileSync(join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const check = (what, isRight) => {
  if (!isRight) throw new Error(`${what}: it is not so`);
  console.log(`ok ${what}`);
};

console.log(`caffe-ts ${version}, ${layerTypes().length} layer types, Node ${process.version}`);

// Classify an image with weights that others trained.
if (folder && existsSync(folder)) {
  const [digits, known] = [floats("mnist.in.bin"), floats("mnist.prob.out.bin")];
  const classifier = new Classifier(join(folder, "deploy.prototxt"), {
    weights: join(folder, "weights.caffemodel"),
  });
  console.log(`engine ${classifier.net.layer("conv1").engineName}`);
  await io.saveImage("digit.png", { shape: [28, 28, 1], data: digits.slice(0, 784) });
  const [best] = await classifier.classify(await io.loadImage("digit.png", false), {
    oversample: false,
  });
  const row = known.slice(0, 10);
  check("a digit is classified as elsewhere", best.index === row.indexOf(Math.max(...row)));
  classifier.close();
} else console.log("skipped: no weights of others here");

// Train a few steps with a layer of one's own; save, reload, compare.
class Halve extends Layer {
  static type = "Halve";
  reshape([x], [y]) {
    y.reshapeLike(x);
  }
  forward([x], [y]) {
    y.assign(x.values().map((value) => value / 2));
  }
  backward([y], _propagate, [x]) {
    x.diff.set(y.diffValues().map((value) => value / 2));
  }
}
registerLayer(Halve);
const [data, target] = L.DummyData({
  ntop: 2,
  shape: [{ dim: [4, 3] }, { dim: [4, 2] }],
  data_filler: { type: "constant", value: 1 },
});
const ip = L.InnerProduct(data, { name: "ip", num_output: 2, weight_filler: { type: "xavier" } });
const half = layerOf("Halve", [ip], { name: "half" });
const net_param = new NetSpec({
  data,
  target,
  half,
  loss: L.EuclideanLoss(half, target),
}).toProto();
{
  const solver = new Solver({
    net_param,
    base_lr: 0.3,
    lr_policy: "fixed",
    max_iter: 20,
    random_seed: 1,
  });
  const losses = [];
  for await (const { loss } of solver) losses.push(loss);
  check("it learns", losses.at(-1) < losses[0] / 10);
  solver.net.save("trained.caffemodel");
  const again = new Net(net_param, { weights: "trained.caffemodel" });
  const [before, after] = [solver.net, again].map((net) => net.params.get("ip")[0].toArray());
  check("what is saved is read again", JSON.stringify(before) === JSON.stringify(after));
  again.close();
  solver.close();
}

// Nets that are made, used and disposed of leave nothing behind.
const text = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 16 dim: 1 dim: 28 dim: 28 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 20 kernel_size: 5 } }
  layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 100 } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;
const memory = [];
for (let i = 1; i <= Number(nets); i++) {
  const net = Net.parse(text, { phase: "TRAIN" });
  net.blob("data").assign(1);
  await net.forward();
  await net.backward();
  net[Symbol.dispose]();
  if (i % (Number(nets) / 10) !== 0) continue;
  // What V8 has set aside for objects but not used does not count: newer ones set aside more as time goes on.
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  memory.push(Math.round((rss - heapTotal + heapUsed) / 2 ** 20));
}
console.log(`resident after each tenth of ${nets} nets: ${memory.join(" ")} MiB`);
// In the first half the heaps of V8 and of the C library still find their size.
check("memory stays flat", memory.at(-1) - memory[4] < 20);

// Where an error came from can be read in what is installed.
try {
  new Net("missing.prototxt");
} catch ({ stack }) {
  const files = [...stack.matchAll(/file:\/\/(.+?):\d+:\d+/g)].map(([, path]) => path);
  check(
    "a stack trace names files that are there",
    files.length > 2 && files.every((file) => existsSync(file)),
  );
}
rmSync("digit.png", { force: true });
rmSync("trained.caffemodel", { force: true });
