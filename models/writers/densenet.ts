import { L, type Top } from "../../src/index.ts";
import { classifier, type Model, named, type Writer } from "./model.ts";

const GROWTH = 32;

/** BatchNorm, Scale and ReLU of their own, since what they read is read by others too. */
function activate(net: Writer, bottom: Top, name: string, relu: string): Top {
  const norm = net.add(L.BatchNorm(bottom, named(`${name}/bn`)));
  const scale = net.add(L.Scale(norm, { name: `${name}/scale`, in_place: true, bias_term: true }));
  return net.add(L.ReLU(scale, { name: relu, in_place: true }));
}

function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  stride = 1,
): Top {
  return net.add(
    L.Convolution(bottom, {
      ...named(name),
      num_output,
      kernel_size,
      pad: (kernel_size - 1) / 2,
      stride,
      bias_term: false,
      weight_filler: { type: "msra" },
    }),
  );
}

/** 1×1 to four times the growth, 3×3 to the growth, and the result laid behind what came in. */
function layer(net: Writer, bottom: Top, block: number, index: number): Top {
  const name = `${block}_${index}`;
  let top = activate(net, bottom, `conv${name}/x1`, `relu${name}/x1`);
  top = convolution(net, top, `conv${name}/x1`, 4 * GROWTH, 1);
  top = activate(net, top, `conv${name}/x2`, `relu${name}/x2`);
  top = convolution(net, top, `conv${name}/x2`, GROWTH, 3);
  return net.add(L.Concat(bottom, top, named(`concat_${name}`)));
}

function body(net: Writer, data: Top): Top {
  let top = convolution(net, data, "conv1", 64, 7, 2);
  top = activate(net, top, "conv1", "relu1");
  const pool1 = { pool: "MAX", kernel_size: 3, stride: 2, pad: 1, round_mode: "FLOOR" } as const;
  top = net.add(L.Pooling(top, { ...named("pool1"), ...pool1 }));
  let channels = 64;
  [6, 12, 24, 16].forEach((count, b) => {
    const block = b + 2;
    for (let i = 1; i <= count; i++) top = layer(net, top, block, i);
    channels += count * GROWTH;
    top = activate(net, top, `conv${block}_blk`, `relu${block}_blk`);
    if (b === 3) return;
    // A transition halves channels and size.
    channels /= 2;
    top = convolution(net, top, `conv${block}_blk`, channels, 1);
    top = net.add(
      L.Pooling(top, { ...named(`pool${block}`), pool: "AVE", kernel_size: 2, stride: 2 }),
    );
  });
  top = net.add(L.Pooling(top, { ...named("pool5"), pool: "AVE", global_pooling: true }));
  return net.add(
    L.Convolution(top, {
      ...named("fc6"),
      num_output: 1000,
      kernel_size: 1,
      weight_filler: { type: "msra" },
    }),
  );
}

export const densenet121: Model = classifier({
  name: "densenet121",
  netName: "DenseNet-121",
  title: "DenseNet-121 (k = 32): each layer reads all layers of its block before it.",
  crop: 224,
  batch: 32,
  testBatch: 25,
  mean: [103.94, 116.78, 123.68],
  scale: 0.017,
  body,
  solver: `test_iter: 2000        # of 25 images: all 50,000
test_interval: 5000
base_lr: 0.1
lr_policy: "multistep"
gamma: 0.1
stepvalue: 150000      # 30 times all images
stepvalue: 300000      # 60 times
display: 20
max_iter: 450000       # 90 times all images
iter_size: 8           # 8 × 32 = the paper's batch of 256
momentum: 0.9
weight_decay: 0.0001
snapshot: 10000`,
});
