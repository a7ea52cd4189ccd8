import { L, type Top } from "../../src/index.ts";
import { classifier, type Model, named, type Writer } from "./model.ts";

function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  relu: string,
  num_output: number,
  kernel_size: number,
  stride = 1,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      num_output,
      kernel_size,
      stride,
      ...(kernel_size === 3 && stride === 1 && { pad: 1 }),
      weight_filler: { type: "xavier" },
    }),
  );
  return net.add(L.ReLU(conv, { name: relu, in_place: true }));
}

/** Squeeze to a few channels, then widen with 1×1 and 3×3 convolutions side by side. */
function fire(net: Writer, bottom: Top, index: number, squeeze: number): Top {
  const unit = (from: Top, part: string, outputs: number, kernel: number): Top =>
    convolution(net, from, `fire${index}/${part}`, `fire${index}/relu_${part}`, outputs, kernel);
  const small = unit(bottom, "squeeze1x1", squeeze, 1);
  const one = unit(small, "expand1x1", 4 * squeeze, 1);
  const three = unit(small, "expand3x3", 4 * squeeze, 3);
  return net.add(L.Concat(one, three, named(`fire${index}/concat`)));
}

function body(net: Writer, data: Top): Top {
  const pool = (from: Top, index: number): Top =>
    net.add(L.Pooling(from, { ...named(`pool${index}`), pool: "MAX", kernel_size: 3, stride: 2 }));
  let top = pool(convolution(net, data, "conv1", "relu_conv1", 64, 3, 2), 1);
  top = pool(fire(net, fire(net, top, 2, 16), 3, 16), 3);
  top = pool(fire(net, fire(net, top, 4, 32), 5, 32), 5);
  top = fire(net, fire(net, top, 6, 48), 7, 48);
  top = fire(net, fire(net, top, 8, 64), 9, 64);
  top = net.add(L.Dropout(top, { name: "drop9", in_place: true, dropout_ratio: 0.5 }));
  const conv10 = net.add(
    L.Convolution(top, {
      ...named("conv10"),
      num_output: 1000,
      kernel_size: 1,
      weight_filler: { type: "gaussian", mean: 0, std: 0.01 },
    }),
  );
  const relu10 = net.add(L.ReLU(conv10, { name: "relu_conv10", in_place: true }));
  return net.add(L.Pooling(relu10, { ...named("pool10"), pool: "AVE", global_pooling: true }));
}

export const squeezenet: Model = classifier({
  name: "squeezenet",
  netName: "SqueezeNet v1.1",
  title: "SqueezeNet 1.1: AlexNet's accuracy with a fiftieth of its parameters.",
  crop: 227,
  batch: 32,
  testBatch: 25,
  body,
  solver: `test_iter: 2000        # of 25 images: all 50,000
test_interval: 1000
base_lr: 0.04
lr_policy: "poly"
power: 1
display: 40
average_loss: 40
max_iter: 170000       # 68 times all images
iter_size: 16          # 16 × 32 = the authors' batch of 512
momentum: 0.9
weight_decay: 0.0002
snapshot: 1000`,
});
