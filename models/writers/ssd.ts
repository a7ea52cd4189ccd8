import { L, type Top } from "../../src/index.ts";
import { biasTwice, type Model, named, type Writer } from "./model.ts";
import { detector, type Source } from "./ssd-heads.ts";
import { stages, VGG16 } from "./vgg.ts";

interface Window {
  readonly kernel_size: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly dilation?: number;
}

function rectified(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  window: Window,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      param: [...biasTwice],
      num_output,
      ...window,
      weight_filler: { type: "xavier" },
    }),
  );
  return net.add(L.ReLU(conv, { name: `${name}_relu`, in_place: true }));
}

/** VGG-16 whose inner products became convolutions, fewer and spread, and four more pairs of smaller and smaller maps. */
function body(net: Writer, data: Top): readonly Source[] {
  let conv4: Top | undefined;
  const pool5 = stages(net, data, VGG16, {
    filler: "xavier",
    relu: (conv) => `${conv}_relu`,
    // It keeps its size: fc6 is spread instead.
    lastPool: { kernel_size: 3, stride: 1, pad: 1 },
    see: (stage, top) => {
      if (stage === 3) conv4 = top;
    },
  });
  const fc6 = rectified(net, pool5, "fc6", 1024, { kernel_size: 3, pad: 6, dilation: 6 });
  const fc7 = rectified(net, fc6, "fc7", 1024, { kernel_size: 1 });
  const norm = net.add(
    L.Normalize(conv4 as Top, {
      ...named("conv4_3_norm"),
      across_spatial: false,
      scale_filler: { type: "constant", value: 20 },
      channel_shared: false,
    }),
  );
  const pair = (bottom: Top, index: number, width: number, window: Window): Top => {
    const narrow = rectified(net, bottom, `conv${index}_1`, width, { kernel_size: 1 });
    return rectified(net, narrow, `conv${index}_2`, 2 * width, window);
  };
  const halved = { kernel_size: 3, stride: 2, pad: 1 };
  const conv6 = pair(fc7, 6, 256, halved);
  const conv7 = pair(conv6, 7, 128, halved);
  const conv8 = pair(conv7, 8, 128, { kernel_size: 3 });
  const conv9 = pair(conv8, 9, 128, { kernel_size: 3 });
  const few = { ratios: [2], kernel: 3 } as const;
  const many = { ratios: [2, 3], kernel: 3 } as const;
  return [
    { name: "conv4_3_norm", top: norm, sizes: [30, 60], step: 8, ...few },
    { name: "fc7", top: fc7, sizes: [60, 111], step: 16, ...many },
    { name: "conv6_2", top: conv6, sizes: [111, 162], step: 32, ...many },
    { name: "conv7_2", top: conv7, sizes: [162, 213], step: 64, ...many },
    { name: "conv8_2", top: conv8, sizes: [213, 264], step: 100, ...few },
    { name: "conv9_2", top: conv9, sizes: [264, 315], step: 300, ...few },
  ];
}

export const ssd300: Model = detector({
  name: "ssd300_vgg16",
  netName: "VGG_VOC0712_SSD_300x300",
  title: "SSD-300 on VGG-16: 8732 boxes from six maps (PASCAL VOC).",
  side: 300,
  batch: 32,
  testBatch: 8,
  mean: [104, 117, 123],
  body,
  solver: `test_iter: 619         # of 8 images: all 4952 of VOC2007 test
test_interval: 10000
eval_type: "detection"
ap_version: "11point"
base_lr: 0.001
lr_policy: "multistep"
gamma: 0.1
stepvalue: 80000
stepvalue: 100000
stepvalue: 120000
display: 10
average_loss: 10
max_iter: 120000
momentum: 0.9
weight_decay: 0.0005
snapshot: 10000
test_initialization: false`,
});
