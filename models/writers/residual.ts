import { L, type Top } from "../../src/index.ts";
import { classifier, type Model, named, type Writer } from "./model.ts";

/** How blocks of one net are made and named. */
interface Design {
  /** Blocks in each of the four stages. */
  readonly blocks: readonly number[];
  /** Two 3×3 convolutions, or 1×1, 3×3, 1×1. */
  readonly kind: "basic" | "bottleneck";
  /** Stages of more than this many blocks number them (b1, b2, …) instead of lettering (b, c, …). */
  readonly lettersUpTo: number;
  /** Whether the first convolution has a bias, as the authors' weights of ResNet-50 do. */
  readonly firstBias: boolean;
}

function convolution(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  stride: number,
  hasBias = false,
): Top {
  return net.add(
    L.Convolution(bottom, {
      ...named(name),
      num_output,
      kernel_size,
      pad: (kernel_size - 1) / 2,
      stride,
      bias_term: hasBias,
      weight_filler: { type: "msra" },
    }),
  );
}

/** BatchNorm and Scale, which Caffe keeps apart, in place. */
export function normalise(net: Writer, bottom: Top, bn: string, scale: string): Top {
  const norm = net.add(L.BatchNorm(bottom, { name: bn, in_place: true }));
  return net.add(L.Scale(norm, { name: scale, in_place: true, bias_term: true }));
}

/** A convolution of block `id`, branch `branch`, normalised; rectified unless it ends the branch. */
function unit(
  net: Writer,
  bottom: Top,
  [id, branch]: readonly [id: string, branch: string],
  shape: readonly [outputs: number, kernel: number, stride: number],
  isLast: boolean,
): Top {
  const name = `${id}_${branch}`;
  const conv = convolution(net, bottom, `res${name}`, ...shape);
  const top = normalise(net, conv, `bn${name}`, `scale${name}`);
  return isLast ? top : net.add(L.ReLU(top, { name: `res${name}_relu`, in_place: true }));
}

function block(
  net: Writer,
  bottom: Top,
  id: string,
  width: number,
  stride: number,
  { kind }: Design,
  isFirst: boolean,
): Top {
  const outputs = kind === "basic" ? width : 4 * width;
  // The first block of a stage changes shape, so the way past it is a convolution; ResNet-18's first stage has no need.
  const isProjected = isFirst && (kind === "bottleneck" || stride > 1);
  const past = isProjected
    ? unit(net, bottom, [id, "branch1"], [outputs, 1, stride], true)
    : bottom;
  let top: Top;
  if (kind === "basic") {
    top = unit(net, bottom, [id, "branch2a"], [width, 3, stride], false);
    top = unit(net, top, [id, "branch2b"], [width, 3, 1], true);
  } else {
    top = unit(net, bottom, [id, "branch2a"], [width, 1, stride], false);
    top = unit(net, top, [id, "branch2b"], [width, 3, 1], false);
    top = unit(net, top, [id, "branch2c"], [outputs, 1, 1], true);
  }
  const sum = net.add(L.Eltwise(past, top, { ...named(`res${id}`), operation: "SUM" }));
  return net.add(L.ReLU(sum, { name: `res${id}_relu`, in_place: true }));
}

function body(design: Design): (net: Writer, data: Top) => Top {
  return (net, data) => {
    let top = convolution(net, data, "conv1", 64, 7, 2, design.firstBias);
    top = normalise(net, top, "bn_conv1", "scale_conv1");
    top = net.add(L.ReLU(top, { name: "conv1_relu", in_place: true }));
    top = net.add(L.Pooling(top, { ...named("pool1"), pool: "MAX", kernel_size: 3, stride: 2 }));
    design.blocks.forEach((count, s) => {
      for (let b = 0; b < count; b++) {
        const letter = count > design.lettersUpTo && b > 0 ? `b${b}` : String.fromCharCode(97 + b);
        const stride = s > 0 && b === 0 ? 2 : 1;
        top = block(net, top, `${s + 2}${letter}`, 64 * 2 ** s, stride, design, b === 0);
      }
    });
    top = net.add(L.Pooling(top, { ...named("pool5"), pool: "AVE", global_pooling: true }));
    return net.add(
      L.InnerProduct(top, {
        ...named("fc1000"),
        num_output: 1000,
        weight_filler: { type: "xavier" },
      }),
    );
  };
}

export const residualSolver = `test_iter: 2000        # of 25 images: all 50,000
test_interval: 5000
base_lr: 0.1
lr_policy: "multistep"
gamma: 0.1
stepvalue: 150000      # 30 times all images
stepvalue: 300000
display: 20
max_iter: 600000       # 120 times all images
iter_size: 8           # 8 × 32 = the paper's batch of 256
momentum: 0.9
weight_decay: 0.0001
snapshot: 10000`;

const common = { crop: 224, batch: 32, testBatch: 25, solver: residualSolver } as const;

export const resnet18: Model = classifier({
  ...common,
  name: "resnet18",
  netName: "ResNet-18",
  title: "ResNet-18: eight residual blocks of two 3x3 convolutions.",
  body: body({ blocks: [2, 2, 2, 2], kind: "basic", lettersUpTo: 9, firstBias: false }),
});

export const resnet50: Model = classifier({
  ...common,
  name: "resnet50",
  netName: "ResNet-50",
  title: "ResNet-50: sixteen residual bottleneck blocks.",
  body: body({ blocks: [3, 4, 6, 3], kind: "bottleneck", lettersUpTo: 9, firstBias: true }),
});

export const resnet101: Model = classifier({
  ...common,
  name: "resnet101",
  netName: "ResNet-101",
  title: "ResNet-101: thirty-three residual bottleneck blocks.",
  body: body({ blocks: [3, 4, 23, 3], kind: "bottleneck", lettersUpTo: 3, firstBias: false }),
});
