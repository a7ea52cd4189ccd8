import { L, type Top } from "../../src/index.ts";
import { type Model, named, Writer } from "./model.ts";

/** Words of the vocabulary, one of them for the end of a sentence (0) and one for unknown words. */
const WORDS = 8801;
const HIDDEN = 1000;

const uniform = { type: "uniform", min: -0.08, max: 0.08 } as const;

function lstm(net: Writer, name: string, ...bottoms: Top[]): Top {
  return net.add(
    L.LSTM(...bottoms, {
      ...named(name),
      num_output: HIDDEN,
      weight_filler: uniform,
      bias_filler: { type: "constant", value: 0 },
    }),
  );
}

/** T×N words to T×N×WORDS scores of the next: the first LSTM hears words alone, the second the image too. */
function body(net: Writer, words: Top, cont: Top, image: Top): Top {
  const embedded = net.add(
    L.Embed(words, {
      ...named("embedding"),
      bias_term: false,
      input_dim: WORDS,
      num_output: HIDDEN,
      weight_filler: uniform,
    }),
  );
  const first = lstm(net, "lstm1", embedded, cont);
  const second = lstm(net, "lstm2", first, cont, image);
  return net.add(
    L.InnerProduct(second, {
      ...named("predict"),
      num_output: WORDS,
      axis: 2,
      weight_filler: uniform,
      bias_filler: { type: "constant", value: 0 },
    }),
  );
}

function trainVal(): Writer {
  const net = new Writer("LRCN");
  const source = (phase: "TRAIN" | "TEST", part: string): readonly Top[] => {
    const tops = L.HDF5Data({
      name: "data",
      top: ["cont_sentence", "input_sentence", "target_sentence", "image_features"],
      ntop: 4,
      include: { phase },
      source: `data/coco/${part}_hdf5.txt`,
      batch_size: 20,
    });
    if (tops[0]) net.add(tops[0]);
    return tops;
  };
  const [cont, words, target, image] = source("TRAIN", "train") as readonly [Top, Top, Top, Top];
  source("TEST", "val");
  const predict = body(net, words, cont, image);
  net.add(
    L.SoftmaxWithLoss(predict, target, {
      ...named("cross_entropy_loss"),
      // A sum over the 20 steps of each sentence; -1 stands behind its end.
      loss_weight: 20,
      ignore_label: -1,
      softmax_param: { axis: 2 },
    }),
  );
  net.add(
    L.Accuracy(predict, target, {
      ...named("accuracy"),
      include: { phase: "TEST" },
      axis: 2,
      ignore_label: -1,
    }),
  );
  return net;
}

function deploy(): Writer {
  const net = new Writer("LRCN");
  const input = (name: string, dim: readonly number[]): Top =>
    net.add(L.Input({ ...named(name), shape: { dim } }));
  const cont = input("cont_sentence", [1, 1]);
  const words = input("input_sentence", [1, 1]);
  const image = input("image_features", [1, 1000]);
  const predict = body(net, words, cont, image);
  net.add(L.Softmax(predict, { ...named("probs"), axis: 2 }));
  return net;
}

export const captioning: Model = {
  name: "captioning",
  title: "LRCN: two LSTMs write a sentence about an image, word by word.",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 25
test_interval: 1000
base_lr: 0.01
lr_policy: "step"
gamma: 0.5
stepsize: 20000
display: 10
average_loss: 100
max_iter: 110000
momentum: 0.9
weight_decay: 0
clip_gradients: 10
snapshot: 5000`,
};
