import { L, type Top } from "../../src/index.ts";
import { biasTwice, classifier, type Model, named, type Writer } from "./model.ts";

/** 3×3 convolutions in five stages; FCN shares them, with a wider pad at the first. */
export function stages(net: Writer, data: Top, convolutions: readonly number[], firstPad = 1): Top {
  let top = data;
  convolutions.forEach((count, s) => {
    for (let c = 1; c <= count; c++) {
      const name = `${s + 1}_${c}`;
      const conv = net.add(
        L.Convolution(top, {
          ...named(`conv${name}`),
          param: [...biasTwice],
          num_output: Math.min(512, 64 * 2 ** s),
          kernel_size: 3,
          pad: s === 0 && c === 1 ? firstPad : 1,
          weight_filler: { type: "msra" },
        }),
      );
      top = net.add(L.ReLU(conv, { name: `relu${name}`, in_place: true }));
    }
    top = net.add(
      L.Pooling(top, { ...named(`pool${s + 1}`), pool: "MAX", kernel_size: 2, stride: 2 }),
    );
  });
  return top;
}

/** The two inner products of 4096; Faster R-CNN has them of each region. */
export function hidden(net: Writer, bottom: Top): Top {
  let top = bottom;
  for (const index of [6, 7]) {
    const fc = net.add(
      L.InnerProduct(top, {
        ...named(`fc${index}`),
        param: [...biasTwice],
        num_output: 4096,
        weight_filler: { type: "gaussian", std: 0.005 },
        bias_filler: { type: "constant", value: 0.1 },
      }),
    );
    const relu = net.add(L.ReLU(fc, { name: `relu${index}`, in_place: true }));
    top = net.add(L.Dropout(relu, { name: `drop${index}`, in_place: true, dropout_ratio: 0.5 }));
  }
  return top;
}

function body(convolutions: readonly number[]): (net: Writer, data: Top) => Top {
  return (net, data) => {
    const top = hidden(net, stages(net, data, convolutions));
    return net.add(
      L.InnerProduct(top, {
        ...named("fc8"),
        param: [...biasTwice],
        num_output: 1000,
        weight_filler: { type: "gaussian", std: 0.01 },
      }),
    );
  };
}

const solver = `test_iter: 2000        # of 25 images: all 50,000
test_interval: 5000
base_lr: 0.01
lr_policy: "step"
gamma: 0.1
stepsize: 100000
display: 20
max_iter: 370000       # 74 times all images, as in the paper
iter_size: 8           # 8 × 32 = the paper's batch of 256
momentum: 0.9
weight_decay: 0.0005
snapshot: 10000`;

const common = { crop: 224, batch: 32, testBatch: 25, mean: [103.939, 116.779, 123.68], solver };

export const vgg16: Model = classifier({
  ...common,
  name: "vgg16",
  netName: "VGG-16",
  title: "VGG-16: thirteen 3x3 convolutions and three inner products (configuration D).",
  body: body([2, 2, 3, 3, 3]),
});

export const vgg19: Model = classifier({
  ...common,
  name: "vgg19",
  netName: "VGG-19",
  title: "VGG-19: sixteen 3x3 convolutions and three inner products (configuration E).",
  body: body([2, 2, 4, 4, 4]),
});
