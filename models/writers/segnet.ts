import { L, type Top } from "../../src/index.ts";
import { biasTwice, input, type Model, named, Writer } from "./model.ts";

const CLASSES = 11;
/** Convolutions and channels of VGG-16's stages. */
const STAGES: readonly (readonly [convolutions: number, channels: number])[] = [
  [2, 64],
  [2, 128],
  [3, 256],
  [3, 512],
  [3, 512],
];
/** Sides of what pool4 and pool5 read of 360×480 pixels: odd ones, which doubling does not give back. */
const ODD_SIZES: Readonly<Record<number, { upsample_h: number; upsample_w: number }>> = {
  5: { upsample_h: 23, upsample_w: 30 },
  4: { upsample_h: 45, upsample_w: 60 },
};
/** How rare each class is in CamVid's training images: median frequency by its own. */
const CLASS_WEIGHTS = [
  0.2595, 0.1826, 4.564, 0.1417, 0.9051, 0.3826, 9.6446, 1.8418, 0.6823, 6.2478, 7.3614,
];

function convolution(net: Writer, bottom: Top, name: string, num_output: number): Top {
  return net.add(
    L.Convolution(bottom, {
      ...named(`conv${name}`),
      param: [...biasTwice],
      num_output,
      kernel_size: 3,
      pad: 1,
      weight_filler: { type: "msra" },
    }),
  );
}

/** A convolution, normalised by the batch's own statistics and rectified. */
function unit(net: Writer, bottom: Top, name: string, num_output: number, isUse: boolean): Top {
  const bn = net.add(
    L.BN(convolution(net, bottom, name, num_output), {
      name: `conv${name}_bn`,
      in_place: true,
      param: [
        { lr_mult: 1, decay_mult: 1 },
        { lr_mult: 1, decay_mult: 0 },
      ],
      bn_param: isUse
        ? { bn_mode: "INFERENCE" }
        : {
            scale_filler: { type: "constant", value: 1 },
            shift_filler: { type: "constant", value: 0.001 },
          },
    }),
  );
  return net.add(L.ReLU(bn, { name: `relu${name}`, in_place: true }));
}

/** The encoder keeps where each maximum was; the decoder puts values back there. */
function body(net: Writer, data: Top, isUse: boolean): Top {
  let top = data;
  const masks = STAGES.map(([count, channels], s) => {
    for (let c = 1; c <= count; c++) top = unit(net, top, `${s + 1}_${c}`, channels, isUse);
    const [pooled, mask] = L.Pooling(top, {
      name: `pool${s + 1}`,
      top: [`pool${s + 1}`, `pool${s + 1}_mask`],
      ntop: 2,
      pool: "MAX",
      kernel_size: 2,
      stride: 2,
    });
    top = net.add(pooled);
    return mask;
  });
  for (let s = STAGES.length; s >= 1; s--) {
    const [count, channels] = STAGES[s - 1] ?? [0, 0];
    const mask = masks[s - 1] as Top;
    top = net.add(L.Upsample(top, mask, { ...named(`upsample${s}`), scale: 2, ...ODD_SIZES[s] }));
    const below = STAGES[s - 2]?.[1] ?? CLASSES;
    for (let c = count; c >= 1; c--) {
      const isLast = c === 1;
      if (isLast && s === 1) return convolution(net, top, "1_1_D", CLASSES);
      top = unit(net, top, `${s}_${c}_D`, isLast ? below : channels, isUse);
    }
  }
  return top;
}

function trainVal(): Writer {
  const net = new Writer("SegNet");
  const source = (phase: "TRAIN" | "TEST"): readonly [Top, Top] =>
    L.DenseImageData({
      name: "data",
      top: ["data", "label"],
      ntop: 2,
      include: { phase },
      source: `data/camvid/${phase === "TRAIN" ? "train" : "test"}.txt`,
      batch_size: phase === "TRAIN" ? 4 : 1,
      shuffle: phase === "TRAIN",
    });
  const [data, label] = source("TRAIN");
  net.add(data);
  net.add(source("TEST")[0]);
  const score = body(net, data, false);
  net.add(
    L.SoftmaxWithLoss(score, label, {
      ...named("loss"),
      loss_param: {
        ignore_label: CLASSES,
        forks: { weight_by_label_freqs: true, class_weighting: CLASS_WEIGHTS },
      },
    }),
  );
  net.add(
    L.SegAccuracy(score, label, {
      ...named("accuracy"),
      include: { phase: "TEST" },
      ignore_label: CLASSES,
      reset: false,
    }),
  );
  return net;
}

function deploy(): Writer {
  const net = new Writer("SegNet");
  const score = body(net, input(net, [1, 3, 360, 480]), true);
  net.add(L.Softmax(score, named("prob")));
  return net;
}

export const segnet: Model = {
  name: "segnet",
  title: "SegNet: VGG-16's convolutions and their mirror image, which puts maxima back in place.",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 233         # all of CamVid's test images
test_interval: 1000
base_lr: 0.001
lr_policy: "fixed"
display: 20
average_loss: 20
max_iter: 40000
momentum: 0.9
weight_decay: 0.0005
snapshot: 1000
test_initialization: false`,
};
