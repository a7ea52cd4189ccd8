import { L, type Top } from "../../src/index.ts";
import { classifier, type Model, named, type Writer } from "./model.ts";
import { normalise } from "./residual.ts";

/** Rows of the paper's table 2: expansion, outputs, blocks, stride of the first block. */
const STAGES: readonly (readonly [t: number, c: number, n: number, s: number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

interface Window {
  readonly num_output: number;
  readonly kernel_size: number;
  readonly stride?: number;
  readonly group?: number;
}

/** A convolution and its normalisation, without a rectifier: a bottleneck's end is linear. */
function linear(net: Writer, bottom: Top, name: string, window: Window): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      ...window,
      ...(window.kernel_size === 3 && { pad: 1 }),
      bias_term: false,
      weight_filler: { type: "msra" },
      param: { lr_mult: 1, decay_mult: window.group ? 0 : 1 },
    }),
  );
  return normalise(net, conv, `${name}/bn`, `${name}/scale`);
}

function rectified(net: Writer, bottom: Top, name: string, window: Window): Top {
  return net.add(
    L.ReLU6(linear(net, bottom, name, window), { name: `relu_${name}`, in_place: true }),
  );
}

/** An inverted residual: wide 1×1, depthwise 3×3, narrow 1×1, and the way past them where shapes stay. */
function block(
  net: Writer,
  bottom: Top,
  id: string,
  [inputs, expansion, outputs, stride]: readonly [number, number, number, number],
): Top {
  const width = inputs * expansion;
  let top = bottom;
  if (expansion > 1) {
    top = rectified(net, top, `conv${id}/expand`, { num_output: width, kernel_size: 1 });
  }
  top = rectified(net, top, `conv${id}/dwise`, {
    num_output: width,
    kernel_size: 3,
    stride,
    group: width,
  });
  top = linear(net, top, `conv${id}/linear`, { num_output: outputs, kernel_size: 1 });
  if (stride !== 1 || inputs !== outputs) return top;
  return net.add(L.Eltwise(bottom, top, { ...named(`block_${id}`), operation: "SUM" }));
}

function body(net: Writer, data: Top): Top {
  let channels = 32;
  let top = rectified(net, data, "conv1", { num_output: channels, kernel_size: 3, stride: 2 });
  STAGES.forEach(([expansion, outputs, count, stride], s) => {
    for (let b = 0; b < count; b++) {
      const id = `${s + 2}_${b + 1}`;
      top = block(net, top, id, [channels, expansion, outputs, b === 0 ? stride : 1]);
      channels = outputs;
    }
  });
  top = rectified(net, top, "conv9", { num_output: 1280, kernel_size: 1 });
  top = net.add(L.Pooling(top, { ...named("pool9"), pool: "AVE", global_pooling: true }));
  return net.add(
    L.Convolution(top, {
      ...named("fc10"),
      num_output: 1000,
      kernel_size: 1,
      weight_filler: { type: "msra" },
    }),
  );
}

export const mobilenetV2: Model = classifier({
  name: "mobilenet_v2",
  netName: "MobileNet-v2",
  title: "MobileNet v2 (1.0, 224): inverted residuals with linear bottlenecks.",
  crop: 224,
  batch: 64,
  testBatch: 50,
  mean: [103.94, 116.78, 123.68],
  scale: 0.017,
  body,
  solver: `test_iter: 1000        # of 50 images: all 50,000
test_interval: 5000
base_lr: 0.045
lr_policy: "step"
gamma: 0.98            # after each pass over all images, as in the paper
stepsize: 5000
display: 20
average_loss: 20
max_iter: 1000000
iter_size: 4           # 4 × 64 = a batch of 256
momentum: 0.9
weight_decay: 0.00004
snapshot: 10000`,
});
