import { L, type Top } from "../../src/index.ts";
import { biasTwice, classifier, type Model, named, type Writer } from "./model.ts";

/** How many convolutions the stages of VGG-16 have. */
export const VGG16: readonly number[] = [2, 2, 3, 3, 3];

/** What nets that are built on VGG have their own way. */
interface StageOptions {
  /** The pad of the first convolution; FCN's is wider. */
  readonly firstPad?: number;
  /** So many of the first stages keep what they learnt before. */
  readonly frozen?: number;
  readonly filler?: string;
  /** The name of the rectifier behind a convolution such as conv3_1. */
  readonly relu?: (conv: string) => string;
  /** The last pool's window; none: the last stage has no pool. */
  readonly lastPool?:
    | { readonly kernel_size: number; readonly stride: number; readonly pad?: number }
    | "none";
  /** Is told what each stage's convolutions leave for its pool. */
  readonly see?: (stage: number, top: Top) => void;
}

/** 3×3 convolutions in five stages, each with a pool behind it. */
export function stages(
  net: Writer,
  data: Top,
  convolutions: readonly number[],
  options: StageOptions = {},
): Top {
  const { firstPad = 1, frozen = 0, filler = "msra", see } = options;
  const { relu = (conv) => conv.replace("conv", "relu") } = options;
  const halved = { kernel_size: 2, stride: 2 };
  const { lastPool = halved } = options;
  let top = data;
  convolutions.forEach((count, s) => {
    for (let c = 1; c <= count; c++) {
      const name = `conv${s + 1}_${c}`;
      const conv = net.add(
        L.Convolution(top, {
          ...named(name),
          param: s < frozen ? [{ lr_mult: 0 }, { lr_mult: 0 }] : [...biasTwice],
          num_output: Math.min(512, 64 * 2 ** s),
          kernel_size: 3,
          pad: s === 0 && c === 1 ? firstPad : 1,
          weight_filler: { type: filler },
        }),
      );
      top = net.add(L.ReLU(conv, { name: relu(name), in_place: true }));
    }
    see?.(s, top);
    const window = s < convolutions.length - 1 ? halved : lastPool;
    if (window === "none") return;
    top = net.add(L.Pooling(top, { ...named(`pool${s + 1}`), pool: "MAX", ...window }));
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
  body: body(VGG16),
});

export const vgg19: Model = classifier({
  ...common,
  name: "vgg19",
  netName: "VGG-19",
  title: "VGG-19: sixteen 3x3 convolutions and three inner products (configuration E).",
  body: body([2, 2, 4, 4, 4]),
});
