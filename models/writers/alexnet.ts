import { L, type Top } from "../../src/index.ts";
import { biasTwice, classifier, type Model, named, type Writer } from "./model.ts";

/** What the two nets differ in: whether normalisation comes before pooling. */
type Order = "norm-pool" | "pool-norm";

function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  window: { readonly pad?: number; readonly stride?: number; readonly group?: number },
  bias: number,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      param: [...biasTwice],
      num_output,
      kernel_size,
      ...window,
      weight_filler: { type: "gaussian", std: 0.01 },
      bias_filler: { type: "constant", value: bias },
    }),
  );
  return net.add(L.ReLU(conv, { name: name.replace("conv", "relu"), in_place: true }));
}

function shrink(net: Writer, bottom: Top, index: number, order: Order): Top {
  const norm = (from: Top): Top =>
    net.add(L.LRN(from, { ...named(`norm${index}`), local_size: 5, alpha: 0.0001, beta: 0.75 }));
  const pool = (from: Top): Top =>
    net.add(L.Pooling(from, { ...named(`pool${index}`), pool: "MAX", kernel_size: 3, stride: 2 }));
  return order === "norm-pool" ? pool(norm(bottom)) : norm(pool(bottom));
}

function connected(net: Writer, bottom: Top, index: 6 | 7): Top {
  const fc = net.add(
    L.InnerProduct(bottom, {
      ...named(`fc${index}`),
      param: [...biasTwice],
      num_output: 4096,
      weight_filler: { type: "gaussian", std: 0.005 },
      bias_filler: { type: "constant", value: 1 },
    }),
  );
  const relu = net.add(L.ReLU(fc, { name: `relu${index}`, in_place: true }));
  return net.add(L.Dropout(relu, { name: `drop${index}`, in_place: true, dropout_ratio: 0.5 }));
}

function body(order: Order): (net: Writer, data: Top) => Top {
  const bias = order === "norm-pool" ? 0.1 : 1;
  return (net, data) => {
    const conv1 = convolution(net, data, "conv1", 96, 11, { stride: 4 }, 0);
    const first = shrink(net, conv1, 1, order);
    const conv2 = convolution(net, first, "conv2", 256, 5, { pad: 2, group: 2 }, bias);
    const second = shrink(net, conv2, 2, order);
    const conv3 = convolution(net, second, "conv3", 384, 3, { pad: 1 }, 0);
    const conv4 = convolution(net, conv3, "conv4", 384, 3, { pad: 1, group: 2 }, bias);
    const conv5 = convolution(net, conv4, "conv5", 256, 3, { pad: 1, group: 2 }, bias);
    const pool5 = net.add(
      L.Pooling(conv5, { ...named("pool5"), pool: "MAX", kernel_size: 3, stride: 2 }),
    );
    const fc7 = connected(net, connected(net, pool5, 6), 7);
    return net.add(
      L.InnerProduct(fc7, {
        ...named("fc8"),
        param: [...biasTwice],
        num_output: 1000,
        weight_filler: { type: "gaussian", std: 0.01 },
      }),
    );
  };
}

const solver = `test_iter: 1000        # of 50 images: all 50,000
test_interval: 1000
base_lr: 0.01
lr_policy: "step"
gamma: 0.1
stepsize: 100000
display: 20
max_iter: 450000       # 90 times all images
momentum: 0.9
weight_decay: 0.0005
snapshot: 10000`;

const common = { crop: 227, batch: 256, testBatch: 50, deployBatch: 10, solver } as const;

export const alexnet: Model = classifier({
  ...common,
  name: "alexnet",
  netName: "AlexNet",
  title: "AlexNet: five convolutions and three inner products; normalisation before pooling.",
  body: body("norm-pool"),
});

export const caffenet: Model = classifier({
  ...common,
  name: "caffenet",
  netName: "CaffeNet",
  title: "CaffeNet: AlexNet with pooling before normalisation, which takes less memory.",
  body: body("pool-norm"),
});
