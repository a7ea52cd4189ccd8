import { crop, L, type Top } from "../../src/index.ts";
import { biasTwice, input, type Model, named, Writer } from "./model.ts";
import { stages, VGG16 } from "./vgg.ts";

const CLASSES = 21;
const MEAN = [104.00699, 116.66877, 122.67892];

/** VGG-16 with its inner products cast into convolutions, and its scores 32 times enlarged to the image's size. */
function body(net: Writer, data: Top): Top {
  let top = stages(net, data, VGG16, { firstPad: 100 });
  for (const [name, kernel_size] of [
    ["6", 7],
    ["7", 1],
  ] as const) {
    const conv = net.add(
      L.Convolution(top, {
        ...named(`fc${name}`),
        param: [...biasTwice],
        num_output: 4096,
        kernel_size,
        // Without VGG-16's weights they have to begin with something.
        weight_filler: { type: "gaussian", std: 0.005 },
      }),
    );
    const relu = net.add(L.ReLU(conv, { name: `relu${name}`, in_place: true }));
    top = net.add(L.Dropout(relu, { name: `drop${name}`, in_place: true, dropout_ratio: 0.5 }));
  }
  const score = net.add(
    L.Convolution(top, {
      ...named("score_fr"),
      param: [...biasTwice],
      num_output: CLASSES,
      kernel_size: 1,
    }),
  );
  const upscore = net.add(
    L.Deconvolution(score, {
      // A name of its own: the authors' weights keep 21×21 filters, of which 21 are not zero.
      ...named("upscore_bilinear"),
      param: { lr_mult: 0 },
      num_output: CLASSES,
      kernel_size: 64,
      stride: 32,
      bias_term: false,
      weight_filler: { type: "bilinear" },
      group: CLASSES,
    }),
  );
  const { crop_param = {} } = crop(upscore, data).layer.param;
  return net.add(L.Crop(upscore, data, { ...named("score"), crop_param }));
}

function trainVal(): Writer {
  const net = new Writer("FCN-32s");
  const source = (top: "data" | "label", phase: "TRAIN" | "TEST"): Top =>
    net.add(
      L.Data({
        name: top,
        top: [top],
        include: { phase },
        ...(top === "data" && {
          transform_param: { mean_value: MEAN },
        }),
        source: `data/pascal/${phase === "TRAIN" ? "train" : "val"}_${top}_lmdb`,
        batch_size: 1,
        backend: "LMDB",
      }),
    );
  const data = source("data", "TRAIN");
  source("data", "TEST");
  const label = source("label", "TRAIN");
  source("label", "TEST");
  const score = body(net, data);
  net.add(
    L.SoftmaxWithLoss(score, label, {
      ...named("loss"),
      ignore_label: 255,
      normalize: false,
    }),
  );
  net.add(
    L.Accuracy(score, label, {
      ...named("accuracy"),
      include: { phase: "TEST" },
      ignore_label: 255,
    }),
  );
  return net;
}

function deploy(): Writer {
  const net = new Writer("FCN-32s");
  body(net, input(net, [1, 3, 500, 500], { mean: MEAN }));
  return net;
}

export const fcn32s: Model = {
  name: "fcn32s",
  title: "FCN-32s: a class for each pixel of an image of any size (PASCAL VOC, 21 classes).",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 736         # all of seg11valid
test_interval: 4000
base_lr: 1e-10         # the loss is a sum over pixels
lr_policy: "fixed"
display: 20
average_loss: 20
max_iter: 100000
momentum: 0.99         # as the batch is one image
weight_decay: 0.0005
snapshot: 4000
test_initialization: false`,
};
