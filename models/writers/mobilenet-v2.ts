import { L, type Top } from "../../src/index.ts";
import { images, normalised, type Window } from "./mobilenet.ts";
import { averagedScores, classifier, type Model, named, type Writer } from "./model.ts";

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

function rectified(net: Writer, bottom: Top, name: string, window: Window): Top {
  return net.add(
    L.ReLU6(normalised(net, bottom, name, window), { name: `relu_${name}`, in_place: true }),
  );
}

/** An inverted residual, whose end is linear: wide 1×1, depthwise 3×3, narrow 1×1, and the way past them where shapes stay. */
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
  top = normalised(net, top, `conv${id}/linear`, { num_output: outputs, kernel_size: 1 });
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
  return averagedScores(net, top, "pool9", "fc10");
}

export const mobilenetV2: Model = classifier({
  name: "mobilenet_v2",
  netName: "MobileNet-v2",
  title: "MobileNet v2 (1.0, 224): inverted residuals with linear bottlenecks.",
  ...images,
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
