// What the notebooks share: their data, and how they are run.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { io, L, type MemoryDataLayer, type Net, type Top } from "caffe-ts";

/** How a notebook is run. */
export interface Run {
  /** Fewer images and iterations: seconds instead of minutes, and poorer results. */
  readonly isShort: boolean;
  /** Where pictures go. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Runs a notebook if its file is the program: `npx tsx examples/notebooks/NAME.ts [--short]`. */
export async function ifProgram(
  meta: ImportMeta,
  notebook: (run: Run) => Promise<unknown>,
): Promise<void> {
  if (meta.url !== pathToFileURL(process.argv[1] ?? "").href) return;
  const folder = join(import.meta.dirname, "pictures");
  mkdirSync(folder, { recursive: true });
  await notebook({ isShort: process.argv.includes("--short"), folder, say: console.log });
}

/** Fashion-MNIST as Debian installs it: apt-get install dataset-fashion-mnist. */
export const FASHION = "/usr/share/datasets/fashion-mnist";

export const CLOTHES = [
  "T-shirt",
  "trousers",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "boot",
] as const;

/** Images N×1×28×28, 0 to 1, and their labels. */
export interface Samples {
  readonly count: number;
  readonly images: Float32Array;
  readonly labels: Uint8Array;
}

export const SIDE = 28;
export const PIXELS: number = SIDE * SIDE;

/** The first images of Fashion-MNIST, of all classes or of some. */
export function fashion(
  part: "train" | "t10k",
  count: number,
  isWanted: (label: number) => boolean = () => true,
): Samples {
  const all = io.readIdx(join(FASHION, `${part}-images-idx3-ubyte.gz`)).data;
  const classes = io.readIdx(join(FASHION, `${part}-labels-idx1-ubyte.gz`)).data;
  const chosen = [...classes.keys()].filter((i) => isWanted(classes[i] ?? 0)).slice(0, count);
  const images = new Float32Array(chosen.length * PIXELS);
  chosen.forEach((from, to) => {
    for (let i = 0; i < PIXELS; i++) images[to * PIXELS + i] = (all[from * PIXELS + i] ?? 0) / 255;
  });
  return { count: chosen.length, images, labels: Uint8Array.from(chosen, (i) => classes[i] ?? 0) };
}

/** One of the images. */
export function imageOf({ images }: Samples, index: number): Float32Array {
  return images.subarray(index * PIXELS, (index + 1) * PIXELS);
}

/** Batches of images and labels from memory: what `feed` fills. */
export function memory(batch_size: number, height = SIDE, width = SIDE): readonly [Top, Top] {
  return L.MemoryData({
    ntop: 2,
    name: "data",
    top: ["data", "label"],
    batch_size,
    channels: 1,
    height,
    width,
  });
}

/** Lets a net's MemoryData layer read these samples, round and round. */
export function feed(net: Net, { images, labels }: Pick<Samples, "images" | "labels">): void {
  const layer = net.layer("data") as MemoryDataLayer;
  const count = labels.length - (labels.length % layer.batchSize);
  layer.reset(images, labels, count);
}

/** LeNet without its loss: scores of `classes` classes. */
export function lenet(data: Top, classes: number, last = "score"): Top {
  const filler = { weight_filler: { type: "xavier" } };
  const conv1 = L.Convolution(data, { name: "conv1", num_output: 20, kernel_size: 5, ...filler });
  const pool1 = L.Pooling(conv1, { name: "pool1", pool: "MAX", kernel_size: 2, stride: 2 });
  const conv2 = L.Convolution(pool1, { name: "conv2", num_output: 50, kernel_size: 5, ...filler });
  const pool2 = L.Pooling(conv2, { name: "pool2", pool: "MAX", kernel_size: 2, stride: 2 });
  const ip1 = L.InnerProduct(pool2, { name: "ip1", num_output: 500, ...filler });
  const relu1 = L.ReLU(ip1, { name: "relu1", in_place: true });
  return L.InnerProduct(relu1, { name: last, num_output: classes, ...filler });
}

/** How many of the samples a net with blobs `score` and `label` gets right. */
export async function accuracyOf(net: Net, samples: Samples): Promise<number> {
  feed(net, samples);
  const batch = net.blob("label").shape[0] ?? 1;
  let right = 0;
  let seen = 0;
  for (let b = 0; b + batch <= samples.count; b += batch) {
    await net.forward();
    const score = net.blob("score");
    const classes = score.count(1);
    for (let i = 0; i < batch; i++, seen++) {
      const row = score.values().subarray(i * classes, (i + 1) * classes);
      if (row.indexOf(Math.max(...row)) === samples.labels[b + i]) right++;
    }
  }
  return right / seen;
}

/** Small images side by side, `columns` in a row: N×H×W planes, each stretched from its least to its greatest value. */
export function tile(
  planes: readonly ArrayLike<number>[],
  height: number,
  width: number,
  columns: number,
): io.FloatImage {
  const rows = Math.ceil(planes.length / columns);
  const [h, w] = [rows * (height + 1) - 1, columns * (width + 1) - 1];
  const data = new Float32Array(h * w).fill(1);
  planes.forEach((plane, k) => {
    const values = Array.from(plane);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const [top, left] = [Math.floor(k / columns) * (height + 1), (k % columns) * (width + 1)];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = values[y * width + x] ?? 0;
        data[(top + y) * w + left + x] = most > least ? (value - least) / (most - least) : 0;
      }
    }
  });
  return { shape: [h, w, 1], data };
}
