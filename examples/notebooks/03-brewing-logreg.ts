// Brewing logistic regression: the smallest net there is, and a deeper one that beats it where no line divides.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartSvg, L, type NetParameter, NetSpec, Solver, type Top } from "caffe-ts";
import { accuracyOf, feed, ifProgram, type Run, type Samples } from "./notebook.ts";

/** Accuracies on points that were not trained on. */
export interface Found {
  readonly linear: number;
  readonly deep: number;
}

const FEATURES = 4;

export async function brewingLogreg({ isShort, folder, say }: Run): Promise<Found> {
  // 1. Points of four numbers: the class is whether the product of the first two is above the sum of the others.
  const train = points(isShort ? 2_000 : 10_000, 1);
  const test = points(2_000, 2);

  // 2. Logistic regression is one InnerProduct and its loss.
  const linear = (data: Top): Top =>
    L.InnerProduct(data, { num_output: 2, weight_filler: { type: "xavier" } });

  // 3. With a hidden layer and a nonlinearity between, the boundary may be any.
  const deep = (data: Top): Top => {
    const hidden = L.InnerProduct(data, { num_output: 40, weight_filler: { type: "xavier" } });
    return linear(L.ReLU(hidden, { in_place: true }));
  };

  // 4. The same solver for both.
  const iterations = isShort ? 400 : 4_000;
  const learn = async (body: (data: Top) => Top): Promise<readonly [number, readonly number[]]> => {
    using solver = new Solver({
      net_param: netOf(body),
      base_lr: 0.05,
      momentum: 0.9,
      weight_decay: 0.0005,
      lr_policy: "step",
      gamma: 0.1,
      stepsize: Math.floor(iterations * 0.75),
      max_iter: iterations,
      random_seed: 1,
    });
    feed(solver.net, train);
    const losses: number[] = [];
    for await (const { loss } of solver) losses.push(loss);
    return [await accuracyOf(solver.net, test), losses];
  };
  const [linearAccuracy, linearLosses] = await learn(linear);
  const [deepAccuracy, deepLosses] = await learn(deep);
  say(`logistic regression: ${linearAccuracy.toFixed(3)}`);
  say(`with a hidden layer: ${deepAccuracy.toFixed(3)}`);
  const series = (label: string, losses: readonly number[]) => ({
    label,
    points: losses.flatMap((loss, i) => (i % 10 === 0 ? [[i, loss] as const] : [])),
  });
  const svg = chartSvg({
    title: "Two nets, one solver",
    xLabel: "iterations",
    yLabel: "loss",
    series: [series("linear", linearLosses), series("hidden layer", deepLosses)],
  });
  writeFileSync(join(folder, "logreg.svg"), svg);
  return { linear: linearAccuracy, deep: deepAccuracy };
}

function netOf(body: (data: Top) => Top): NetParameter {
  const [data, label] = L.MemoryData({
    ntop: 2,
    name: "data",
    top: ["data", "label"],
    batch_size: 50,
    channels: FEATURES,
    height: 1,
    width: 1,
  });
  const score = body(data);
  return new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }).toProto();
}

function points(count: number, seed: number): Samples {
  // A generator of its own, so that the points are the same on every run.
  let state = seed * 7919 + 1;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647) * 2 - 1;
  };
  const images = Float32Array.from({ length: count * FEATURES }, next);
  const labels = Uint8Array.from({ length: count }, (_, i) => {
    const [a = 0, b = 0, c = 0, d = 0] = images.subarray(i * FEATURES);
    return 2 * a * b > c + d ? 1 : 0;
  });
  return { count, images, labels };
}

await ifProgram(import.meta, brewingLogreg);
