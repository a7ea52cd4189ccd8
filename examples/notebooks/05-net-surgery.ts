// Net surgery: a net's weights are arrays, to be read and written; and a classifier becomes a net that takes images
// of any size.
import { join } from "node:path";
import { fullyConvolutional, io, L, Net, NetSpec, Solver } from "caffe-ts";
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
  /** How much the image's edges weigh, before and after the filter was set to find them. */
  readonly blurred: number;
  readonly edges: number;
  /** The class at each place of the larger image. */
  readonly map: readonly (readonly string[])[];
}

export async function netSurgery({ isShort, folder, say }: Run): Promise<Found> {
  const test = fashion("t10k", 40);

  // 1. Designer filters: one convolution, whose filters we write ourselves.
  const data = L.Input({ shape: { dim: [1, 1, SIDE, SIDE] } });
  const conv = L.Convolution(data, { num_output: 2, kernel_size: 3, pad: 1 });
  using filters = new Net(new NetSpec({ data, conv }).toProto());
  const [weights, bias] = filters.params.get("conv") ?? [];
  // The first filter is a mean, the second finds edges from left to right.
  weights?.assign([
    [
      [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ].map((row) => row.map((value) => value / 9)),
    ],
    [
      [
        [1, 0, -1],
        [2, 0, -2],
        [1, 0, -1],
      ],
    ],
  ]);
  bias?.assign(0);
  const { conv: filtered } = await filters.forward<"conv">({ data: imageOf(test, 0) });
  const plane = (k: number): Float32Array =>
    Float32Array.from(filtered.values()).subarray(k * SIDE * SIDE, (k + 1) * SIDE * SIDE);
  await io.saveImage(
    join(folder, "designed.png"),
    tile([imageOf(test, 0), plane(0), plane(1)], SIDE, SIDE, 3),
  );
  const mean = (values: Float32Array): number =>
    values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
  say(
    `mean of the blurred image ${mean(plane(0)).toFixed(3)}, of its edges ${mean(plane(1)).toFixed(3)}`,
  );

  // 2. Train a classifier of 28×28 images.
  const [images, label] = memory(64);
  const score = lenet(images, CLOTHES.length);
  const net_param = new NetSpec({ score, loss: L.SoftmaxWithLoss(score, label) }).toProto();
  using solver = new Solver({
    net_param,
    base_lr: 0.01,
    lr_policy: "fixed",
    momentum: 0.9,
    random_seed: 2,
  });
  feed(solver.net, fashion("train", isShort ? 6_400 : 19_200));
  await solver.step(isShort ? 100 : 600);

  // 3. The same net to use: its inner products become convolutions, whose weights are the same numbers in another shape.
  const input = L.Input({ shape: { dim: [1, 1, SIDE, SIDE] } });
  const classes = lenet(input, CLOTHES.length);
  using net = new Net(
    new NetSpec({ data: input, score: classes, prob: L.Softmax(classes) }).toProto(),
  );
  net.copyFrom({
    layers: [...solver.net.params].map(([name, blobs]) => ({
      name,
      blobs: blobs.map((blob) => blob.toValue()),
    })),
  });
  using full = new Net(fullyConvolutional(net));
  for (const [name, blobs] of net.params) {
    const cast = full.params.get(name) ?? full.params.get(`${name}-conv`);
    say(`${name}: ${blobs[0]?.shape.join("×")} becomes ${cast?.[0]?.shape.join("×")}`);
  }

  // 4. Four images as one of 56×56: the net gives a map of classes, every fourth pixel one.
  const large = new Float32Array(4 * SIDE * SIDE);
  [0, 1, 2, 3].forEach((k) => {
    for (let y = 0; y < SIDE; y++) {
      const row = imageOf(test, k).subarray(y * SIDE, (y + 1) * SIDE);
      large.set(row, ((k >> 1) * SIDE + y) * 2 * SIDE + (k & 1) * SIDE);
    }
  });
  const { prob } = await full.forward<"prob">({
    data: { shape: [1, 1, 2 * SIDE, 2 * SIDE], data: large },
  });
  const [, , rows = 0, columns = 0] = prob.shape;
  const map = Array.from({ length: rows }, (_, y) =>
    Array.from({ length: columns }, (__, x) => {
      const shares = CLOTHES.map((___, k) => prob.at(0, k, y, x));
      return CLOTHES[shares.indexOf(Math.max(...shares))] ?? "";
    }),
  );
  say(
    `a map of ${rows}×${columns}; its corners: ${[map[0]?.[0], map[0]?.at(-1), map.at(-1)?.[0], map.at(-1)?.at(-1)].join(", ")}`,
  );
  say(`what lies there: ${[0, 1, 2, 3].map((k) => CLOTHES[test.labels[k] ?? 0]).join(", ")}`);
  return { blurred: mean(plane(0)), edges: mean(plane(1)), map };
}

await ifProgram(import.meta, netSurgery);
