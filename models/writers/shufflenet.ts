import { L, type Top } from "../../src/index.ts";
import { images, type Window } from "./mobilenet.ts";
import { averagedScores, classifier, type Model, named, type Writer } from "./model.ts";
import { normalise } from "./residual.ts";

const GROUPS = 3;
/** Units of stages 2 to 4, and their output channels for three groups (table 1 of the paper). */
const STAGES: readonly (readonly [units: number, outputs: number])[] = [
  [4, 240],
  [8, 480],
  [4, 960],
];

/** A convolution, normalised, and rectified if `isRectified`. */
function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  window: Window,
  isRectified: boolean,
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      ...window,
      ...(window.kernel_size === 3 && { pad: 1 }),
      bias_term: false,
      weight_filler: { type: "msra" },
    }),
  );
  const top = normalise(net, conv, `${name}_bn`, `${name}_scale`);
  return isRectified ? net.add(L.ReLU(top, { name: `${name}_relu`, in_place: true })) : top;
}

/**
 * Grouped 1×1, shuffle, depthwise 3×3, grouped 1×1; added to what it began from, or, in the first unit of a stage,
 * put beside what is left of it by averages over 3×3.
 */
function unit(
  net: Writer,
  bottom: Top,
  index: number,
  [inputs, outputs]: readonly [number, number],
): Top {
  const isFirst = inputs !== outputs;
  const width = outputs / 4;
  const name = `resx${index}`;
  // The paper does not group the very first: it has few inputs.
  const group = index === 1 ? {} : { group: GROUPS };
  let top = convolution(
    net,
    bottom,
    `${name}_conv1`,
    { num_output: width, kernel_size: 1, ...group },
    true,
  );
  if (index > 1)
    top = net.add(L.ShuffleChannel(top, { ...named(`shuffle${index}`), group: GROUPS }));
  top = convolution(
    net,
    top,
    `${name}_conv2`,
    { num_output: width, kernel_size: 3, group: width, ...(isFirst && { stride: 2 }) },
    false,
  );
  const last = { num_output: isFirst ? outputs - inputs : outputs, kernel_size: 1, group: GROUPS };
  top = convolution(net, top, `${name}_conv3`, last, isFirst);
  if (isFirst) {
    const past = net.add(
      L.Pooling(bottom, { ...named(`${name}_match_conv`), pool: "AVE", kernel_size: 3, stride: 2 }),
    );
    return net.add(L.Concat(past, top, named(`${name}_concat`)));
  }
  const sum = net.add(L.Eltwise(bottom, top, { ...named(`${name}_elewise`), operation: "SUM" }));
  return net.add(L.ReLU(sum, { name: `${name}_elewise_relu`, in_place: true }));
}

function body(net: Writer, data: Top): Top {
  let channels = 24;
  let top = convolution(
    net,
    data,
    "conv1",
    { num_output: channels, kernel_size: 3, stride: 2 },
    true,
  );
  top = net.add(L.Pooling(top, { ...named("pool1"), pool: "MAX", kernel_size: 3, stride: 2 }));
  let index = 0;
  for (const [units, outputs] of STAGES) {
    for (let u = 0; u < units; u++) {
      index++;
      top = unit(net, top, index, [channels, outputs]);
      channels = outputs;
    }
  }
  return averagedScores(net, top, "pool_ave", "fc1000");
}

export const shufflenet: Model = classifier({
  name: "shufflenet",
  netName: "ShuffleNet",
  title: "ShuffleNet v1 (1x, three groups): grouped 1x1 convolutions with shuffled channels.",
  ...images,
  body,
  solver: `test_iter: 1000        # of 50 images: all 50,000
test_interval: 5000
base_lr: 0.1
lr_policy: "poly"
power: 1               # linearly to 0
display: 20
average_loss: 20
max_iter: 300000       # as in the paper
iter_size: 16          # 16 × 64 = a batch of 1024
momentum: 0.9
weight_decay: 0.00004
snapshot: 10000`,
});
