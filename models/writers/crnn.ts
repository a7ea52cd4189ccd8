import { L, type Top } from "../../src/index.ts";
import { input, type Model, named, Writer } from "./model.ts";
import { normalise } from "./residual.ts";

/** Ten digits, 26 letters, and class 0 for the blank. */
const CLASSES = 37;
const HIDDEN = 256;

const filler = { type: "msra" } as const;
const small = { type: "uniform", min: -0.08, max: 0.08 } as const;

function convolution(net: Writer, bottom: Top, id: number, num_output: number): Top {
  const kernel = id === 7 ? { kernel_size: 2 } : { kernel_size: 3, pad: 1 };
  const conv = L.Convolution(bottom, {
    ...named(`conv${id}`),
    num_output,
    ...kernel,
    weight_filler: filler,
  });
  let top: Top = net.add(conv);
  if (id === 5 || id === 6) top = normalise(net, top, `bn${id}`, `scale${id}`);
  return net.add(L.ReLU(top, { name: `relu${id}`, in_place: true }));
}

/** Halves height and width, or with `keepsWidth` only the height, where windows of 2 overlap along the width. */
function pooling(net: Writer, bottom: Top, id: number, keepsWidth: boolean): Top {
  const window = keepsWidth
    ? { kernel_size: 2, stride_h: 2, stride_w: 1, pad_h: 0, pad_w: 1 }
    : { kernel_size: 2, stride: 2 };
  const { kernel_size, ...rest } = window;
  const shape = keepsWidth
    ? { kernel_h: kernel_size, kernel_w: kernel_size, ...rest }
    : { kernel_size, ...rest };
  return net.add(L.Pooling(bottom, { ...named(`pool${id}`), pool: "MAX", ...shape }));
}

/** LSTMs in both directions, one behind the other in the features. */
function bothWays(net: Writer, steps: Top, id: number): Top {
  const lstm = (bottom: Top, name: string): Top =>
    net.add(L.Lstm(bottom, { ...named(name), num_output: HIDDEN, weight_filler: small }));
  const forth = lstm(steps, `lstm${id}`);
  const turned = net.add(L.Reverse(steps, { ...named(`turn${id}`), axis: [0] }));
  const back = net.add(
    L.Reverse(lstm(turned, `lstm${id}_back`), { ...named(`turn${id}_back`), axis: [0] }),
  );
  return net.add(L.Concat(forth, back, { ...named(`blstm${id}`), axis: 2 }));
}

/** N×1×32×W pictures to scores of each column: T×N×CLASSES. */
function body(net: Writer, data: Top): Top {
  let top = pooling(net, convolution(net, data, 1, 64), 1, false);
  top = pooling(net, convolution(net, top, 2, 128), 2, false);
  top = convolution(net, convolution(net, top, 3, 256), 4, 256);
  top = pooling(net, top, 3, true);
  top = convolution(net, convolution(net, top, 5, 512), 6, 512);
  top = pooling(net, top, 4, true);
  top = convolution(net, top, 7, 512);
  const columns = net.add(L.Transpose(top, { ...named("columns"), dim: [3, 0, 1, 2] }));
  const steps = net.add(L.Squeeze(columns, { ...named("steps"), axis: [3] }));
  const read = bothWays(net, bothWays(net, steps, 1), 2);
  return net.add(
    L.InnerProduct(read, {
      ...named("scores"),
      num_output: CLASSES,
      axis: 2,
      weight_filler: { type: "xavier" },
    }),
  );
}

function trainVal(): Writer {
  const net = new Writer("CRNN");
  const source = (phase: "TRAIN" | "TEST", part: string): readonly [Top, Top] => {
    const tops = L.HDF5Data({
      name: "data",
      top: ["data", "label"],
      ntop: 2,
      include: { phase },
      source: `data/words/${part}_hdf5.txt`,
      batch_size: 64,
    }) as readonly [Top, Top];
    net.add(tops[0]);
    return tops;
  };
  const [data, label] = source("TRAIN", "train");
  source("TEST", "test");
  const scores = body(net, data);
  net.add(
    L.WarpCTCLoss(scores, label, {
      ...named("loss"),
      loss_param: { normalization: "BATCH_SIZE" },
    }),
  );
  net.add(L.CTCGreedyDecoder(scores, label, { ...named("accuracy"), include: { phase: "TEST" } }));
  return net;
}

function deploy(): Writer {
  const net = new Writer("CRNN");
  net.add(L.CTCGreedyDecoder(body(net, input(net, [1, 1, 32, 100])), named("word")));
  return net;
}

export const crnn: Model = {
  name: "crnn",
  title: "CRNN: reads a word off a picture, by convolutions, LSTMs in both directions and CTC.",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 100         # of 64 pictures
test_interval: 2000
type: "AdaDelta"
base_lr: 1
momentum: 0.9
delta: 1e-6
weight_decay: 0
lr_policy: "fixed"
clip_gradients: 100
display: 100
max_iter: 300000
snapshot: 10000
random_seed: 1701`,
};
