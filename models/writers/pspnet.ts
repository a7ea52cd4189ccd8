import { L, type Top } from "../../src/index.ts";
import { input, type Model, named, Writer } from "./model.ts";

const CLASSES = 150;
const MEAN = [104.008, 116.669, 122.675];
const CROP = 473;
/** Sides of the last features: an eighth of the crop, its corners being points of the grid. */
const SIDE = (CROP - 1) / 8 + 1;
/** Blocks of each stage, the channels within them, and what stands for the strides of the last two. */
const STAGES = [
  { blocks: 3, width: 64, stride: 1, dilation: 1 },
  { blocks: 4, width: 128, stride: 2, dilation: 1 },
  { blocks: 6, width: 256, stride: 1, dilation: 2 },
  { blocks: 3, width: 512, stride: 1, dilation: 4 },
] as const;
/** Regions per side of the pyramid's levels. */
const LEVELS = [1, 2, 3, 6] as const;

interface Window {
  readonly kernel_size: 1 | 3;
  readonly stride?: number;
  readonly dilation?: number;
  /** The head learns ten times faster than what has learned from ImageNet. */
  readonly rate?: number;
}

/** Nets as one writes them: with statistics that training gathers, or with those that it has gathered. */
class Pyramid {
  readonly net: Writer;
  readonly #isUse: boolean;

  constructor(net: Writer, isUse: boolean) {
    this.net = net;
    this.#isUse = isUse;
  }

  /** A convolution and its normalisation. */
  #normalised(bottom: Top, name: string, num_output: number, window: Window): Top {
    const { kernel_size, stride = 1, dilation = 1, rate = 1 } = window;
    const conv = this.net.add(
      L.Convolution(bottom, {
        ...named(name),
        param: { lr_mult: rate, decay_mult: 1 },
        num_output,
        kernel_size,
        stride,
        ...(kernel_size === 3 && { pad: dilation }),
        ...(dilation > 1 && { dilation }),
        bias_term: false,
        weight_filler: { type: "msra" },
      }),
    );
    return this.net.add(
      L.BN(conv, {
        name: `${name}/bn`,
        in_place: true,
        param: [
          { lr_mult: rate, decay_mult: 0 },
          { lr_mult: rate, decay_mult: 0 },
          { lr_mult: 0, decay_mult: 0 },
          { lr_mult: 0, decay_mult: 0 },
        ],
        bn_param: {
          slope_filler: { type: "constant", value: 1 },
          bias_filler: { type: "constant", value: 0 },
          frozen: this.#isUse,
          momentum: 0.95,
        },
      }),
    );
  }

  unit(bottom: Top, name: string, num_output: number, window: Window): Top {
    const top = this.#normalised(bottom, name, num_output, window);
    return this.net.add(L.ReLU(top, { name: `${name}/relu`, in_place: true }));
  }

  #block(
    bottom: Top,
    name: string,
    { width, stride, dilation }: { width: number; stride: number; dilation: number },
    isFirst: boolean,
  ): Top {
    let top = this.unit(bottom, `${name}_1x1_reduce`, width, { kernel_size: 1, stride });
    top = this.unit(top, `${name}_3x3`, width, { kernel_size: 3, dilation });
    top = this.#normalised(top, `${name}_1x1_increase`, 4 * width, { kernel_size: 1 });
    const past = isFirst
      ? this.#normalised(bottom, `${name}_1x1_proj`, 4 * width, { kernel_size: 1, stride })
      : bottom;
    const sum = this.net.add(L.Eltwise(past, top, { ...named(name), operation: "SUM" }));
    return this.net.add(L.ReLU(sum, { name: `${name}/relu`, in_place: true }));
  }

  /** ResNet-50 with three small convolutions in front and dilation in the place of its last two strides; all stages. */
  stages(data: Top): readonly Top[] {
    let top = this.unit(data, "conv1_1_3x3_s2", 64, { kernel_size: 3, stride: 2 });
    top = this.unit(top, "conv1_2_3x3", 64, { kernel_size: 3 });
    top = this.unit(top, "conv1_3_3x3", 128, { kernel_size: 3 });
    top = this.net.add(
      L.Pooling(top, { ...named("pool1_3x3_s2"), pool: "MAX", kernel_size: 3, stride: 2, pad: 1 }),
    );
    return STAGES.map(({ blocks, width, stride, dilation }, s) => {
      for (let b = 1; b <= blocks; b++) {
        const shape = { width, stride: b === 1 ? stride : 1, dilation };
        top = this.#block(top, `conv${s + 2}_${b}`, shape, b === 1);
      }
      return top;
    });
  }

  /** Averages over the whole, its halves, thirds and sixths, beside the features themselves. */
  pyramid(features: Top): Top {
    const levels = LEVELS.map((regions) => {
      const name = `conv5_3_pool${regions}`;
      const kernel_size = SIDE / regions;
      const pool = this.net.add(
        L.Pooling(features, { ...named(name), pool: "AVE", kernel_size, stride: kernel_size }),
      );
      const conv = this.unit(pool, `${name}_conv`, 512, { kernel_size: 1, rate: 10 });
      return this.net.add(
        L.Interp(conv, { ...named(`${name}_interp`), height: SIDE, width: SIDE }),
      );
    });
    return this.net.add(L.Concat(features, ...levels.reverse(), named("conv5_3_concat")));
  }

  /** Scores of the classes at each pixel. */
  scores(
    bottom: Top,
    name: string,
    score: string,
    [num_output, dropout_ratio]: readonly [number, number],
  ): Top {
    let top = this.unit(bottom, name, num_output, { kernel_size: 3, rate: 10 });
    top = this.net.add(L.Dropout(top, { name: `${name}/dropout`, in_place: true, dropout_ratio }));
    top = this.net.add(
      L.Convolution(top, {
        ...named(score),
        param: [
          { lr_mult: 10, decay_mult: 1 },
          { lr_mult: 20, decay_mult: 1 },
        ],
        num_output: CLASSES,
        kernel_size: 1,
        weight_filler: { type: "msra" },
      }),
    );
    return this.net.add(L.Interp(top, { ...named(`${score}_interp`), zoom_factor: 8 }));
  }
}

function trainVal(): Writer {
  const net = new Writer("PSPNet-50");
  const source = (phase: "TRAIN" | "TEST"): readonly [Top, Top, Top] =>
    L.ImageSegData({
      name: "data",
      top: ["data", "label", "data_dim"],
      ntop: 3,
      include: { phase },
      transform_param: {
        mirror: phase === "TRAIN",
        crop_size: CROP,
        mean_value: MEAN,
      },
      image_data_param: {
        root_folder: "data/ade20k/",
        source: `data/ade20k/${phase === "TRAIN" ? "training" : "validation"}.txt`,
        batch_size: phase === "TRAIN" ? 4 : 1,
        shuffle: phase === "TRAIN",
        forks: { label_type: "PIXEL" },
      },
    });
  const [data, label, size] = source("TRAIN");
  net.add(data);
  net.add(source("TEST")[0]);
  net.add(L.Silence(size, { name: "unused_size", ntop: 0 }));
  const pyramid = new Pyramid(net, false);
  const stages = pyramid.stages(data);
  // The fourth stage is judged too, which helps the first layers of a deep net to learn.
  const aside = pyramid.scores(stages[2] as Top, "conv4_6_aux", "conv4_7_aux", [256, 0.1]);
  net.add(
    L.SoftmaxWithLoss(aside, label, {
      ...named("loss_aux"),
      loss_weight: 0.4,
      ignore_label: 255,
    }),
  );
  const score = pyramid.scores(pyramid.pyramid(stages[3] as Top), "conv5_4", "conv6", [512, 0.1]);
  net.add(L.SoftmaxWithLoss(score, label, { ...named("loss"), ignore_label: 255 }));
  net.add(
    L.SegAccuracy(score, label, {
      ...named("accuracy"),
      include: { phase: "TEST" },
      ignore_label: 255,
      reset: false,
    }),
  );
  return net;
}

function deploy(): Writer {
  const net = new Writer("PSPNet-50");
  const pyramid = new Pyramid(net, true);
  const stages = pyramid.stages(input(net, [1, 3, CROP, CROP], { mean: MEAN }));
  pyramid.scores(pyramid.pyramid(stages[3] as Top), "conv5_4", "conv6", [512, 0.1]);
  return net;
}

export const pspnet50: Model = {
  name: "pspnet50",
  title: "PSPNet-50: a pyramid of averages on dilated ResNet-50 (ADE20K, 150 classes).",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver: `test_iter: 2000        # all of ADE20K's validation images
test_interval: 10000
base_lr: 0.01
lr_policy: "poly"
power: 0.9
display: 20
average_loss: 20
max_iter: 150000
iter_size: 4           # 4 × 4 = the paper's batch of 16
momentum: 0.9
weight_decay: 0.0001
snapshot: 5000
test_initialization: false`,
};
