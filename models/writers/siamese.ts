import { L, type Top } from "../../src/index.ts";
import { input, type Model, named, Writer } from "./model.ts";

/** Bytes to values from 0 to 1. */
const SCALE = 0.00390625;

/** Weights and bias by name, so that both halves have the same. */
function shared(name: string): {
  readonly param: readonly { readonly name: string; readonly lr_mult: number }[];
} {
  return {
    param: [
      { name: `${name}_w`, lr_mult: 1 },
      { name: `${name}_b`, lr_mult: 2 },
    ],
  };
}

/** LeNet without its classes: 28×28 to a place in the plane. */
function half(net: Writer, data: Top, suffix: "" | "_p"): Top {
  const convolution = (from: Top, name: string, num_output: number): Top =>
    net.add(
      L.Convolution(from, {
        ...named(`${name}${suffix}`),
        ...shared(name),
        num_output,
        kernel_size: 5,
        weight_filler: { type: "xavier" },
      }),
    );
  const pool = (from: Top, name: string): Top =>
    net.add(
      L.Pooling(from, { ...named(`${name}${suffix}`), pool: "MAX", kernel_size: 2, stride: 2 }),
    );
  const connected = (from: Top, name: string, num_output: number): Top =>
    net.add(
      L.InnerProduct(from, {
        ...named(`${name}${suffix}`),
        ...shared(name),
        num_output,
        weight_filler: { type: "xavier" },
      }),
    );
  const first = pool(convolution(data, "conv1", 20), "pool1");
  const second = pool(convolution(first, "conv2", 50), "pool2");
  const ip1 = connected(second, "ip1", 500);
  const relu = net.add(L.ReLU(ip1, { name: `relu1${suffix}`, in_place: true }));
  return connected(connected(relu, "ip2", 10), "feat", 2);
}

function trainVal(): Writer {
  const net = new Writer("mnist_siamese");
  const pairs = (
    phase: "TRAIN" | "TEST",
    part: string,
    batch_size: number,
  ): readonly [Top, Top] => {
    const tops = L.Data({
      name: "pair_data",
      top: ["pair_data", "sim"],
      ntop: 2,
      include: { phase },
      transform_param: { scale: SCALE },
      source: `data/mnist_siamese/${part}`,
      batch_size,
      backend: "LMDB",
    });
    net.add(tops[0]);
    return tops;
  };
  const [pair, similar] = pairs("TRAIN", "train_lmdb", 64);
  pairs("TEST", "test_lmdb", 100);
  const halves = L.Slice(pair, {
    name: "slice_pair",
    top: ["data", "data_p"],
    ntop: 2,
    axis: 1,
    slice_point: 1,
  });
  net.add(halves[0]);
  const one = half(net, halves[0], "");
  const other = half(net, halves[1], "_p");
  net.add(L.ContrastiveLoss(one, other, similar, { ...named("loss"), margin: 1 }));
  return net;
}

function deploy(): Writer {
  const net = new Writer("mnist_siamese");
  half(net, input(net, [64, 1, 28, 28], { scale: SCALE }), "");
  return net;
}

export const siamese: Model = {
  name: "siamese",
  title: "Two LeNets with one set of weights lay equal digits near one another in the plane.",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 100         # of 100 pairs
test_interval: 500
base_lr: 0.01
momentum: 0.9
weight_decay: 0
lr_policy: "inv"
gamma: 0.0001
power: 0.75
display: 100
max_iter: 50000
snapshot: 5000
random_seed: 1701`,
};
