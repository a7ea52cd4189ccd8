import { L, type Top } from "../../src/index.ts";
import { averagedScores, classifier, type Model, named, type Writer } from "./model.ts";
import { normalise } from "./residual.ts";

/** Pairs of a depthwise and a pointwise convolution, by stages. */
export const PAIRS = (
  [
    [64, [1]],
    [128, [2, 1]],
    [256, [2, 1]],
    [512, [2, 1, 1, 1, 1, 1]],
    [1024, [2, 1]],
  ] as const
).flatMap(([outputs, strides]) => strides.map((stride) => ({ outputs, stride })));

/** How small nets see ILSVRC's images. */
export const images = {
  crop: 224,
  batch: 64,
  testBatch: 50,
  mean: [103.94, 116.78, 123.68],
  scale: 0.017,
} as const;

/** What a convolution of a small net is given. */
export interface Window {
  readonly num_output: number;
  readonly kernel_size: number;
  readonly stride?: number;
  readonly group?: number;
}

/** A convolution and its normalisation. */
export function normalised(net: Writer, bottom: Top, name: string, window: Window): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      ...window,
      ...(window.kernel_size === 3 && { pad: 1 }),
      bias_term: false,
      weight_filler: { type: "msra" },
      // Decay of the few weights of a depthwise convolution does harm (section 3.2 of the paper).
      param: { lr_mult: 1, decay_mult: window.group ? 0 : 1 },
    }),
  );
  return normalise(net, conv, `${name}/bn`, `${name}/scale`);
}

/** A convolution, normalised and rectified. */
export function convolution(net: Writer, bottom: Top, name: string, window: Window): Top {
  const top = normalised(net, bottom, name, window);
  return net.add(L.ReLU(top, { name: `relu${name.slice("conv".length)}`, in_place: true }));
}

/** A depthwise 3×3 and a pointwise 1×1 convolution, each normalised and rectified. */
export function separable(
  net: Writer,
  bottom: Top,
  [depthwise, pointwise]: readonly [string, string],
  [inputs, outputs, stride]: readonly [number, number, number],
): Top {
  const window = { num_output: inputs, kernel_size: 3, stride, group: inputs };
  const top = convolution(net, bottom, depthwise, window);
  return convolution(net, top, pointwise, { num_output: outputs, kernel_size: 1 });
}

function body(net: Writer, data: Top): Top {
  let channels = 32;
  let top = convolution(net, data, "conv1", { num_output: channels, kernel_size: 3, stride: 2 });
  /** Names follow the published weights: a stage's number, and the pair's in it from stage 2 on. */
  const names = [
    "2_1",
    "2_2",
    "3_1",
    "3_2",
    "4_1",
    "4_2",
    "5_1",
    "5_2",
    "5_3",
    "5_4",
    "5_5",
    "5_6",
    "6",
  ];
  PAIRS.forEach(({ outputs, stride }, i) => {
    const name = `conv${names[i]}`;
    top = separable(net, top, [`${name}/dw`, `${name}/sep`], [channels, outputs, stride]);
    channels = outputs;
  });
  return averagedScores(net, top, "pool6", "fc7");
}

export const mobilenet: Model = classifier({
  name: "mobilenet",
  netName: "MobileNet",
  title: "MobileNet v1 (1.0, 224): depthwise and pointwise convolutions in turns.",
  ...images,
  body,
  solver: `test_iter: 1000        # of 50 images: all 50,000
test_interval: 5000
base_lr: 0.1
lr_policy: "poly"
power: 1
display: 20
average_loss: 20
max_iter: 500000       # 100 times all images
iter_size: 4           # 4 × 64 = a batch of 256
momentum: 0.9
weight_decay: 0.0001
snapshot: 10000`,
});
