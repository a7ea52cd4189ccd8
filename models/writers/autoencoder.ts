import { L, type Top } from "../../src/index.ts";
import { type Model, named, Writer } from "./model.ts";

/** Widths from image to code, and back. */
const ENCODER = [1000, 500, 250, 30];
const DECODER = [250, 500, 1000, 784];

function connected(net: Writer, bottom: Top, name: string, num_output: number): Top {
  return net.add(
    L.InnerProduct(bottom, {
      ...named(name),
      param: [
        { lr_mult: 1, decay_mult: 1 },
        { lr_mult: 1, decay_mult: 0 },
      ],
      num_output,
      weight_filler: { type: "gaussian", std: 1, sparse: 15 },
      bias_filler: { type: "constant", value: 0 },
    }),
  );
}

/** Sigmoids between layers; none behind the code and behind the last, whose loss has its own. */
function body(net: Writer, data: Top): Top {
  let top = data;
  ENCODER.forEach((width, i) => {
    const name = `encode${i + 1}`;
    top = connected(net, top, name, width);
    if (i < 3) top = net.add(L.Sigmoid(top, named(`${name}neuron`)));
  });
  DECODER.forEach((width, i) => {
    const name = `decode${4 - i}`;
    top = connected(net, top, name, width);
    if (i < 3) top = net.add(L.Sigmoid(top, named(`${name}neuron`)));
  });
  return top;
}

function trainVal(): Writer {
  const net = new Writer("MNISTAutoencoder");
  const source = (phase: "TRAIN" | "TEST", part: string, batch_size: number): Top =>
    net.add(
      L.Data({
        name: "data",
        top: ["data"],
        include: { phase },
        transform_param: { scale: 0.0039215684 },
        source: `data/fashion-mnist/${part}_lmdb`,
        batch_size,
        backend: "LMDB",
      }),
    );
  const data = source("TRAIN", "train", 100);
  source("TEST", "test", 100);
  const flat = net.add(L.Flatten(data, named("flatdata")));
  const decoded = body(net, flat);
  net.add(
    L.SigmoidCrossEntropyLoss(decoded, flat, { ...named("cross_entropy_loss"), loss_weight: 1 }),
  );
  const sigmoid = net.add(L.Sigmoid(decoded, named("decode1neuron")));
  net.add(L.EuclideanLoss(sigmoid, flat, { ...named("l2_error"), loss_weight: 0 }));
  return net;
}

function deploy(): Writer {
  const net = new Writer("MNISTAutoencoder");
  const data = net.add(L.Input({ ...named("data"), shape: { dim: [1, 784] } }));
  net.add(L.Sigmoid(body(net, data), named("decode1neuron")));
  return net;
}

export const autoencoder: Model = {
  name: "autoencoder",
  title: "An autoencoder: 784 pixels to 30 numbers and back (784-1000-500-250-30 and its mirror).",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 100         # of 100 images: all 10,000
test_interval: 500
base_lr: 0.01
lr_policy: "step"
gamma: 0.1
stepsize: 10000
display: 100
max_iter: 65000
weight_decay: 0.0005
momentum: 0.9
snapshot: 10000
random_seed: 1701`,
};
