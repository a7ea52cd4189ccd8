// Classification: what an image shows, and what a net sees in it on the way.
//
// Caffe's notebook takes CaffeNet and a photograph of a cat. Any net of `caffe models list` that has weights does:
//
//     caffe models get squeezenet
//     npx tsx examples/notebooks/00-classification.ts photo.jpg models/squeezenet
//
// Without a photograph it trains LeNet on clothes for a minute, and looks at those.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Choice, Classifier, io, L, type Net, NetSpec, Solver, Timer } from "caffe-ts";
import {
  CLOTHES,
  fashion,
  feed,
  ifProgram,
  imageOf,
  lenet,
  memory,
  type Run,
  SIDE,
  tile,
} from "./notebook.ts";

/** What the notebook found. */
export interface Found {
  readonly best: readonly Choice[];
  readonly truth: string;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

export async function classification({ isShort, folder, say }: Run): Promise<Found> {
  // 1. A net and its weights. The deploy form has an Input in place of data, and probabilities in place of a loss.
  const weights = join(folder, "clothes.caffemodel");
  await train(weights, isShort ? 60 : 1500);
  const data = L.Input({ shape: { dim: [1, 1, SIDE, SIDE] } });
  const score = lenet(data, CLOTHES.length);
  const deploy = new NetSpec({ data, score, prob: L.Softmax(score) }).toProto();
  using classifier = new Classifier(deploy, { weights });

  // 2. Classify. An image is H×W×channels, 0 to 1; the classifier prepares it as the net was trained.
  const test = fashion("t10k", 10);
  const image: io.FloatImage = { shape: [SIDE, SIDE, 1], data: imageOf(test, 0) };
  const best = await classifier.classify(image, { labels: CLOTHES, oversample: false });
  const truth = CLOTHES[test.labels[0] ?? 0] ?? "";
  for (const { score: share, label } of best) say(`${share.toFixed(4)} - "${label}"`);
  say(`It is: ${truth}.`);

  // 3. How long does a batch take?
  const { net } = classifier;
  const timer = new Timer();
  timer.start();
  await net.forward({ data: { shape: [64, 1, SIDE, SIDE], data: fashion("t10k", 64).images } });
  timer.stop();
  say(`64 images in ${timer.ms.toFixed(1)} ms, on engine ${net.layers[1]?.engineName}.`);

  // 4. Look inside: the shape of each blob, and of each layer's parameters. A classifier's net gives up what it needs no more,
  // so what is looked at is kept.
  net.keep("conv1");
  await net.forward({ data: { shape: [1, 1, SIDE, SIDE], data: imageOf(test, 0) } });
  for (const [name, blob] of net.blobs) say(`${name.padEnd(12)} ${blob.shape.join("×")}`);
  for (const [name, [w, b]] of net.params)
    say(`${name.padEnd(12)} ${w?.shape.join("×")}, ${b?.shape.join("×")}`);

  // 5. Pictures: the first layer's filters, and what they make of the image.
  await io.saveImage(join(folder, "filters.png"), tile(planes(net, "conv1", "weights"), 5, 5, 5));
  await io.saveImage(join(folder, "conv1.png"), tile(planes(net, "conv1", "output"), 24, 24, 5));
  say(
    `Pictures: ${readdirSync(folder)
      .filter((file) => file.endsWith(".png"))
      .join(", ")}.`,
  );
  return { best, truth, shapes: new Map([...net.blobs].map(([name, { shape }]) => [name, shape])) };
}

/** Trains LeNet on clothes. */
async function train(weights: string, iterations: number): Promise<void> {
  const [data, label] = memory(64);
  const score = lenet(data, CLOTHES.length);
  const net_param = new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }).toProto();
  using solver = new Solver({
    net_param,
    base_lr: 0.01,
    lr_policy: "fixed",
    momentum: 0.9,
    random_seed: 1,
  });
  feed(solver.net, fashion("train", 12_800));
  await solver.step(iterations);
  solver.net.save(weights);
}

/** The planes of a layer's first blob, or of its top. */
function planes(net: Net, layer: string, what: "weights" | "output"): Float32Array[] {
  const blob = what === "weights" ? net.params.get(layer)?.[0] : net.blob(layer);
  const size = blob?.count(-2 + blob.shape.length) ?? 1;
  const values = Float32Array.from(blob?.values() ?? []);
  return Array.from({ length: values.length / size }, (_, i) =>
    values.subarray(i * size, (i + 1) * size),
  );
}

/** A photograph and a folder of `caffe models get`, on the command line. */
async function photograph(file: string, model: string): Promise<void> {
  const weights = readdirSync(model).find((name) => name.endsWith(".caffemodel")) ?? "";
  using classifier = new Classifier(join(model, "deploy.prototxt"), {
    weights: join(model, weights),
    rawScale: 255,
    channelSwap: [2, 1, 0],
    mean: [104, 117, 123],
  });
  for (const { score, index } of await classifier.classify(await io.loadImage(file))) {
    console.log(`${score.toFixed(4)} - class ${index}`);
  }
}

const [, , file, model] = process.argv;
await ifProgram(import.meta, (run) =>
  file !== undefined && model !== undefined ? photograph(file, model) : classification(run),
);
