// A siamese net: two halves with one set of weights learn a plane in which like things lie near one another.
import { join } from "node:path";
import { io, L, Net, NetSpec, Solver, type Top } from "caffe-ts";
import {
  CLOTHES,
  fashion,
  feed,
  ifProgram,
  imageOf,
  type Run,
  type Samples,
  SIDE,
} from "./notebook.ts";

/** Mean distances in the plane. */
export interface Found {
  readonly alike: number;
  readonly unlike: number;
  readonly places: readonly (readonly [x: number, y: number, label: number])[];
}

export async function siamese({ isShort, folder, say }: Run): Promise<Found> {
  // 1. Pairs: two images as two channels, and 1 where both show the same kind.
  const kinds = [1, 5, 8];
  const samples = fashion("train", isShort ? 3_000 : 12_000, (label) => kinds.includes(label));
  const pairs = pairUp(samples);

  // 2. The net: both halves name their parameters alike, so that they share them.
  const [pair, similar] = L.MemoryData({
    ntop: 2,
    name: "data",
    top: ["pair", "similar"],
    batch_size: 64,
    channels: 2,
    height: SIDE,
    width: SIDE,
  });
  const [left, right] = L.Slice(pair, { axis: 1, ntop: 2 });
  const [feat, featP] = [half(left), half(right)];
  const loss = L.ContrastiveLoss(feat, featP, similar, { margin: 1 });
  const net_param = new NetSpec({ feat, featP, loss }).toProto();
  using solver = new Solver({
    net_param,
    base_lr: 0.01,
    momentum: 0.9,
    lr_policy: "inv",
    gamma: 0.0001,
    power: 0.75,
    max_iter: isShort ? 150 : 1500,
    random_seed: 1701,
  });
  feed(solver.net, pairs);
  for await (const { iteration, loss: value } of solver) {
    if (iteration % (isShort ? 50 : 250) === 0)
      say(`iteration ${iteration}: loss ${value.toFixed(4)}`);
  }

  // 3. Where do images of the test set lie?
  const test = fashion("t10k", 300, (label) => kinds.includes(label));
  const input = L.Input({ shape: { dim: [50, 1, SIDE, SIDE] } });
  const deploy = new NetSpec({ data: input, place: half(input) }).toProto();
  const { net } = solver;
  using plane = new Net(deploy);
  plane.layers.forEach((layer) => {
    // Parameters by name rather than by layer: they are the ones that both halves share.
    layer.blobs.forEach((blob, k) => {
      const name = layer.param.param?.[k]?.name;
      const owner = net.learnableParams.find((param) => param.name === name);
      if (owner) blob.assign(owner.blob);
    });
  });
  const { place } = await plane.forwardAll<"place">({
    data: { shape: [test.count, 1, SIDE, SIDE], data: test.images },
  });
  const places = Array.from(
    test.labels,
    (label, i) => [place.at(i, 0), place.at(i, 1), label] as const,
  );
  const { alike, unlike } = distances(places);
  say(`mean distance of like things ${alike.toFixed(3)}, of unlike things ${unlike.toFixed(3)}`);
  for (const kind of kinds)
    say(
      `${CLOTHES[kind]}: ${centre(places, kind)
        .map((x) => x.toFixed(2))
        .join(", ")}`,
    );
  await io.saveImage(join(folder, "plane.png"), scatter(places, kinds));
  return { alike, unlike, places };
}

function half(data: Top): Top {
  const shared = (name: string) => ({
    param: [{ name: `${name}_w` }, { name: `${name}_b` }],
    weight_filler: { type: "xavier" },
  });
  const conv1 = L.Convolution(data, { num_output: 20, kernel_size: 5, ...shared("conv1") });
  const pool1 = L.Pooling(conv1, { pool: "MAX", kernel_size: 2, stride: 2 });
  const conv2 = L.Convolution(pool1, { num_output: 50, kernel_size: 5, ...shared("conv2") });
  const pool2 = L.Pooling(conv2, { pool: "MAX", kernel_size: 2, stride: 2 });
  const ip1 = L.InnerProduct(pool2, { num_output: 100, ...shared("ip1") });
  const ip2 = L.InnerProduct(L.ReLU(ip1, { in_place: true }), { num_output: 10, ...shared("ip2") });
  return L.InnerProduct(ip2, { num_output: 2, ...shared("feat") });
}

/** Each image with the next of its own kind and with the next of another, by turns. */
function pairUp({ count, images, labels }: Samples): Pick<Samples, "images" | "labels"> {
  const size = SIDE * SIDE;
  const data = new Float32Array(2 * count * size);
  const same = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const wanted = i % 2 === 0;
    let other = (i + 1) % count;
    while ((labels[other] === labels[i]) !== wanted) other = (other + 1) % count;
    data.set(imageOf({ count, images, labels }, i), 2 * i * size);
    data.set(imageOf({ count, images, labels }, other), (2 * i + 1) * size);
    same[i] = wanted ? 1 : 0;
  }
  return { images: data, labels: same };
}

type Place = readonly [x: number, y: number, label: number];

function distances(places: readonly Place[]): { alike: number; unlike: number } {
  const sums = { alike: 0, unlike: 0 };
  const counts = { alike: 0, unlike: 0 };
  places.forEach(([x, y, label], i) => {
    for (const [x2, y2, label2] of places.slice(i + 1)) {
      const which = label === label2 ? "alike" : "unlike";
      sums[which] += Math.hypot(x - x2, y - y2);
      counts[which]++;
    }
  });
  return { alike: sums.alike / counts.alike, unlike: sums.unlike / counts.unlike };
}

function centre(places: readonly Place[], kind: number): [number, number] {
  const own = places.filter(([, , label]) => label === kind);
  const mean = (axis: 0 | 1): number =>
    own.reduce((sum, place) => sum + place[axis], 0) / own.length;
  return [mean(0), mean(1)];
}

/** The plane as a picture, a colour for each kind. */
function scatter(places: readonly Place[], kinds: readonly number[]): io.FloatImage {
  const size = 200;
  const data = new Float32Array(size * size * 3).fill(1);
  const range = (axis: 0 | 1): readonly [number, number] => {
    const values = places.map((place) => place[axis]);
    return [Math.min(...values), Math.max(...values)];
  };
  const [[left, right], [top, bottom]] = [range(0), range(1)];
  for (const [x, y, label] of places) {
    const [column, row] = [(x - left) / (right - left), (y - top) / (bottom - top)].map((share) =>
      Math.round(share * (size - 3)),
    );
    for (let dy = 0; dy < 3; dy++) {
      for (let dx = 0; dx < 3; dx++) {
        const at = (((row ?? 0) + dy) * size + (column ?? 0) + dx) * 3;
        for (let c = 0; c < 3; c++) data[at + c] = kinds.indexOf(label) === c ? 0.8 : 0.1;
      }
    }
  }
  return { shape: [size, size, 3], data };
}

await ifProgram(import.meta, siamese);
