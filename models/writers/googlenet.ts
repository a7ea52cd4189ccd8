import { L, type Top } from "../../src/index.ts";
import { accuracy, biasTwice, classifier, type Model, named, type Writer } from "./model.ts";

function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  stride = 1,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      param: [...biasTwice],
      num_output,
      kernel_size,
      pad: (kernel_size - 1) / 2,
      ...(stride > 1 && { stride }),
      weight_filler: { type: "xavier" },
      bias_filler: { type: "constant", value: 0.2 },
    }),
  );
  const [stage = "", last = ""] = /^(.*)\/([^/]*)$/.exec(name)?.slice(1) ?? [];
  return net.add(L.ReLU(conv, { name: `${stage}/relu_${last}`, in_place: true }));
}

/** Outputs of an inception module: 1×1; 3×3 after its reduction; 5×5 after its; after pooling. */
type Widths = readonly [
  one: number,
  reduce3: number,
  three: number,
  reduce5: number,
  five: number,
  project: number,
];

function inception(net: Writer, bottom: Top, index: string, widths: Widths): Top {
  const [one, reduce3, three, reduce5, five, project] = widths;
  const name = `inception_${index}`;
  const a = convolution(net, bottom, `${name}/1x1`, one, 1);
  const b = convolution(net, bottom, `${name}/3x3_reduce`, reduce3, 1);
  const c = convolution(net, b, `${name}/3x3`, three, 3);
  const d = convolution(net, bottom, `${name}/5x5_reduce`, reduce5, 1);
  const e = convolution(net, d, `${name}/5x5`, five, 5);
  const pool = net.add(
    L.Pooling(bottom, {
      ...named(`${name}/pool`),
      pool: "MAX",
      kernel_size: 3,
      stride: 1,
      pad: 1,
    }),
  );
  const f = convolution(net, pool, `${name}/pool_proj`, project, 1);
  return net.add(L.Concat(a, c, e, f, named(`${name}/output`)));
}

function maxPool(net: Writer, bottom: Top, name: string): Top {
  return net.add(L.Pooling(bottom, { ...named(name), pool: "MAX", kernel_size: 3, stride: 2 }));
}

function norm(net: Writer, bottom: Top, name: string): Top {
  return net.add(L.LRN(bottom, { ...named(name), local_size: 5, alpha: 0.0001, beta: 0.75 }));
}

function scores(net: Writer, bottom: Top, name: string): Top {
  return net.add(
    L.InnerProduct(bottom, {
      ...named(name),
      param: [...biasTwice],
      num_output: 1000,
      weight_filler: { type: "xavier" },
    }),
  );
}

/** Modules whose tops the auxiliary classifiers of the train net read. */
const taps = new WeakMap<Writer, Map<string, Top>>();

function body(net: Writer, data: Top): Top {
  const tapped = new Map<string, Top>();
  taps.set(net, tapped);
  let top = convolution(net, data, "conv1/7x7_s2", 64, 7, 2);
  top = norm(net, maxPool(net, top, "pool1/3x3_s2"), "pool1/norm1");
  top = convolution(net, top, "conv2/3x3_reduce", 64, 1);
  top = norm(net, convolution(net, top, "conv2/3x3", 192, 3), "conv2/norm2");
  top = maxPool(net, top, "pool2/3x3_s2");
  top = inception(net, top, "3a", [64, 96, 128, 16, 32, 32]);
  top = inception(net, top, "3b", [128, 128, 192, 32, 96, 64]);
  top = maxPool(net, top, "pool3/3x3_s2");
  top = inception(net, top, "4a", [192, 96, 208, 16, 48, 64]);
  tapped.set("loss1", top);
  top = inception(net, top, "4b", [160, 112, 224, 24, 64, 64]);
  top = inception(net, top, "4c", [128, 128, 256, 24, 64, 64]);
  top = inception(net, top, "4d", [112, 144, 288, 32, 64, 64]);
  tapped.set("loss2", top);
  top = inception(net, top, "4e", [256, 160, 320, 32, 128, 128]);
  top = maxPool(net, top, "pool4/3x3_s2");
  top = inception(net, top, "5a", [256, 160, 320, 32, 128, 128]);
  top = inception(net, top, "5b", [384, 192, 384, 48, 128, 128]);
  top = net.add(L.Pooling(top, { ...named("pool5/7x7_s1"), pool: "AVE", global_pooling: true }));
  top = net.add(L.Dropout(top, { name: "pool5/drop_7x7_s1", in_place: true, dropout_ratio: 0.4 }));
  return scores(net, top, "loss3/classifier");
}

/** The auxiliary classifiers: gradients for the lower layers, weighed with 0.3. */
function auxiliary(net: Writer, label: Top): void {
  for (const [name, from] of taps.get(net) ?? []) {
    const pool = net.add(
      L.Pooling(from, { ...named(`${name}/ave_pool`), pool: "AVE", kernel_size: 5, stride: 3 }),
    );
    const conv = convolution(net, pool, `${name}/conv`, 128, 1);
    const fc = net.add(
      L.InnerProduct(conv, {
        ...named(`${name}/fc`),
        param: [...biasTwice],
        num_output: 1024,
        weight_filler: { type: "xavier" },
        bias_filler: { type: "constant", value: 0.2 },
      }),
    );
    const relu = net.add(L.ReLU(fc, { name: `${name}/relu_fc`, in_place: true }));
    const drop = net.add(
      L.Dropout(relu, { name: `${name}/drop_fc`, in_place: true, dropout_ratio: 0.7 }),
    );
    const classes = scores(net, drop, `${name}/classifier`);
    net.add(L.SoftmaxWithLoss(classes, label, { ...named(`${name}/loss`), loss_weight: 0.3 }));
    accuracy(net, classes, label, `${name}/top-1`, 1);
  }
}

export const googlenet: Model = classifier({
  name: "googlenet",
  netName: "GoogLeNet",
  title: "GoogLeNet: nine inception modules (Inception v1).",
  crop: 224,
  batch: 32,
  testBatch: 50,
  deployBatch: 10,
  body,
  aside: auxiliary,
  solver: `test_iter: 1000        # of 50 images: all 50,000
test_interval: 4000
test_initialization: false
base_lr: 0.01
lr_policy: "poly"
power: 0.5
display: 40
average_loss: 40
max_iter: 2400000      # 60 times all images
momentum: 0.9
weight_decay: 0.0002
snapshot: 40000`,
});
