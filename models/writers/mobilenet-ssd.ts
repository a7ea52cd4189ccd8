import type { Top } from "../../src/index.ts";
import { convolution, PAIRS, separable } from "./mobilenet.ts";
import type { Model, Writer } from "./model.ts";
import { detector, type Source } from "./ssd-heads.ts";

/** MobileNet without its classifier, and four more pairs of smaller and smaller maps. */
function body(net: Writer, data: Top): readonly Source[] {
  let top = convolution(net, data, "conv0", { num_output: 32, kernel_size: 3, stride: 2 });
  let channels = 32;
  const pairs = PAIRS.map(({ outputs, stride }, i) => {
    const name = `conv${i + 1}`;
    top = separable(net, top, [`${name}/dw`, name], [channels, outputs, stride]);
    channels = outputs;
    return top;
  });
  const sources: Source[] = [
    { name: "conv11", top: pairs[10] as Top, sizes: [60], ratios: [2], kernel: 1 },
    { name: "conv13", top, sizes: [105, 150], ratios: [2, 3], kernel: 1 },
  ];
  const sizes = [
    [150, 195],
    [195, 240],
    [240, 285],
    [285, 300],
  ] as const;
  [256, 128, 128, 64].forEach((width, i) => {
    const name = `conv${14 + i}`;
    top = convolution(net, top, `${name}_1`, { num_output: width, kernel_size: 1 });
    top = convolution(net, top, `${name}_2`, { num_output: 2 * width, kernel_size: 3, stride: 2 });
    sources.push({
      name: `${name}_2`,
      top,
      sizes: sizes[i] ?? [0],
      ratios: [2, 3],
      kernel: 1,
    });
  });
  return sources;
}

export const mobilenetSsd: Model = detector({
  name: "mobilenet_ssd",
  netName: "MobileNet-SSD",
  title: "MobileNet-SSD 300: 1917 boxes from six maps of MobileNet v1 (PASCAL VOC).",
  side: 300,
  batch: 24,
  testBatch: 8,
  mean: [127.5, 127.5, 127.5],
  scale: 0.007843,
  body,
  solver: `type: "RMSProp"
test_iter: 619         # of 8 images: all 4952 of VOC2007 test
test_interval: 10000
eval_type: "detection"
ap_version: "11point"
base_lr: 0.0005
lr_policy: "multistep"
gamma: 0.5
stepvalue: 20000
stepvalue: 40000
display: 10
average_loss: 10
max_iter: 120000
weight_decay: 0.00005
snapshot: 1000
test_initialization: false`,
});
