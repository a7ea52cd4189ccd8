import { expect, test } from "vitest";
import type { Engine } from "../../src/engines/engine.ts";
import { ReferenceEngine } from "../../src/engines/reference/index.ts";
import * as layers from "../../src/layers/index.ts";
import { layerNet, write } from "../support/nets.ts";

/** A use of each layer that has something to compute: its text, and the shapes of its bottoms. */
const uses: Readonly<Record<string, readonly [string, readonly (readonly number[])[]]>> = {
  AbsVal: ['bottom: "a" top: "y"', [[4]]],
  ArgMax: ['bottom: "a" top: "y"', [[2, 3]]],
  Axpy: [
    'bottom: "a" bottom: "b" bottom: "c" top: "y"',
    [
      [2, 3],
      [2, 3, 2],
      [2, 3, 2],
    ],
  ],
  BNLL: ['bottom: "a" top: "a"', [[4]]],
  BatchReindex: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  Clip: ['bottom: "a" top: "a" clip_param { min: 0 max: 1 }', [[4]]],
  ContrastiveLoss: ['bottom: "a" bottom: "b" bottom: "c" top: "y"', [[2, 3], [2, 3], [2]]],
  Crop: ['bottom: "a" bottom: "b" top: "y" crop_param { axis: 0 }', [[3], [2]]],
  ConvolutionDepthwise: [
    'bottom: "a" top: "y" convolution_param { kernel_size: 2 }',
    [[1, 2, 3, 3]],
  ],
  DepthwiseConvolution: [
    'bottom: "a" top: "y" convolution_param { num_output: 2 group: 2 kernel_size: 2 }',
    [[1, 2, 3, 3]],
  ],
  Deconvolution: [
    'bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 2 }',
    [[1, 1, 3, 3]],
  ],
  ELU: ['bottom: "a" top: "a"', [[4]]],
  Embed: ['bottom: "a" top: "y" embed_param { num_output: 2 input_dim: 2 }', [[3]]],
  Exp: ['bottom: "a" top: "y"', [[4]]],
  Filter: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  HingeLoss: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  Im2col: ['bottom: "a" top: "y" convolution_param { kernel_size: 2 }', [[1, 1, 3, 3]]],
  InfogainLoss: ['bottom: "a" bottom: "b" bottom: "c" top: "y"', [[2, 3], [2], [3, 3]]],
  Interp: ['bottom: "a" top: "y" interp_param { zoom_factor: 2 }', [[1, 1, 2, 3]]],
  ReLU6: ['bottom: "a" top: "a"', [[4]]],
  Reorg: ['bottom: "a" top: "y" reorg_param { stride: 2 }', [[1, 4, 2, 2]]],
  ShuffleChannel: ['bottom: "a" top: "y" shuffle_channel_param { group: 2 }', [[1, 4]]],
  Upsample: ['bottom: "a" top: "y" upsample_param { scale: 2 }', [[1, 1, 2, 2]]],
  LSTMUnit: [
    'bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"',
    [
      [1, 2, 3],
      [1, 2, 12],
      [1, 2],
    ],
  ],
  Log: ['bottom: "a" top: "a"', [[4]]],
  MVN: ['bottom: "a" top: "y"', [[2, 3, 2, 2]]],
  MultinomialLogisticLoss: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  PReLU: ['bottom: "a" top: "a"', [[2, 3]]],
  Parameter: ['top: "y" parameter_param { shape { dim: 2 } }', []],
  Power: ['bottom: "a" top: "a" power_param { power: 2 }', [[4]]],
  Reduction: ['bottom: "a" top: "y"', [[2, 3]]],
  SPP: ['bottom: "a" top: "y" spp_param { pyramid_height: 2 }', [[1, 1, 4, 4]]],
  SigmoidCrossEntropyLoss: [
    'bottom: "a" bottom: "b" top: "y"',
    [
      [2, 3],
      [2, 3],
    ],
  ],
  Slice: ['bottom: "a" top: "y" top: "z"', [[2, 4]]],
  Swish: ['bottom: "a" top: "a"', [[4]]],
  Threshold: ['bottom: "a" top: "y"', [[4]]],
  Tile: ['bottom: "a" top: "y" tile_param { tiles: 2 }', [[2, 3]]],
  Accuracy: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  BatchNorm: ['bottom: "a" top: "y"', [[2, 3, 2]]],
  Bias: ['bottom: "a" top: "y"', [[2, 3]]],
  Concat: [
    'bottom: "a" bottom: "b" top: "y"',
    [
      [2, 3],
      [2, 1],
    ],
  ],
  Convolution: [
    'bottom: "a" top: "y" convolution_param { num_output: 1 kernel_size: 2 }',
    [[1, 1, 3, 3]],
  ],
  Dropout: ['bottom: "a" top: "y"', [[4]]],
  DummyData: ['top: "y" dummy_data_param { shape { dim: 2 } }', []],
  Eltwise: ['bottom: "a" bottom: "b" top: "y"', [[2], [2]]],
  EuclideanLoss: ['bottom: "a" bottom: "b" top: "y"', [[2], [2]]],
  Flatten: ['bottom: "a" top: "y"', [[2, 3, 2]]],
  InnerProduct: ['bottom: "a" top: "y" inner_product_param { num_output: 2 }', [[2, 3]]],
  Input: ['top: "y" input_param { shape { dim: 2 } }', []],
  LRN: ['bottom: "a" top: "y"', [[1, 6, 2, 2]]],
  Pooling: ['bottom: "a" top: "y" pooling_param { kernel_size: 2 }', [[1, 1, 4, 4]]],
  ReLU: ['bottom: "a" top: "y"', [[4]]],
  Reshape: ['bottom: "a" top: "y" reshape_param { shape { dim: -1 } }', [[2, 3]]],
  Scale: ['bottom: "a" top: "y" scale_param { bias_term: true }', [[2, 3]]],
  Sigmoid: ['bottom: "a" top: "y"', [[4]]],
  Silence: ['bottom: "a"', [[4]]],
  Softmax: ['bottom: "a" top: "y"', [[2, 3]]],
  SoftmaxWithLoss: ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]]],
  Split: ['bottom: "a" top: "y" top: "z"', [[4]]],
  Normalize: ['bottom: "a" top: "y"', [[2, 3, 2]]],
  Permute: ['bottom: "a" top: "y" permute_param { order: 1 }', [[2, 3]]],
  PriorBox: [
    'bottom: "a" bottom: "b" top: "y" prior_box_param { min_size: 2 }',
    [
      [1, 1, 2, 2],
      [1, 3, 4, 4],
    ],
  ],
  PriorBoxClustered: [
    'bottom: "a" bottom: "b" top: "y" prior_box_param { width: 2 height: 2 }',
    [
      [1, 1, 2, 2],
      [1, 3, 4, 4],
    ],
  ],
  DetectionOutput: [
    'bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param { num_classes: 2 }',
    [
      [1, 4],
      [1, 2],
      [1, 2, 4],
    ],
  ],
  TanH: ['bottom: "a" top: "y"', [[4]]],
};

/** Read or write files, or wait for a program's data, and are run by tests of their own. */
const readers = [
  "Data",
  "HDF5Data",
  "HDF5Output",
  "ImageData",
  "MemoryData",
  "Python",
  "WindowData",
];

/** Are made of layers that have their own uses here. */
const composed = ["LSTM", "RNN"];

test("every layer type has a use here", () => {
  const types = Object.values(layers).map(({ type }) => type);
  expect([...Object.keys(uses), ...readers, ...composed].sort()).toEqual([...types].sort());
});

test.each(Object.entries(uses))(
  "%s asks its engine for what it needs and nothing else",
  async (type, [text, shapes]) => {
    const Class = Object.values(layers).find((candidate) => candidate.type === type);
    const allowed: readonly string[] = [
      "name",
      "noise",
      "device",
      "forLayer",
      ...(Class?.needs ?? []),
    ];
    const engine = new Proxy<Engine>(new ReferenceEngine(), {
      get(target, key) {
        if (!allowed.includes(String(key))) throw new Error(`${type} asks for ${String(key)}`);
        return Reflect.get(target, key, target);
      },
    });
    const net = layerNet(`type: "${type}" ${text}`, shapes, { engines: [engine] });
    shapes.forEach((_, i) => {
      const blob = net.blob(String.fromCharCode(97 + i));
      write(blob, new Array<number>(blob.count()).fill(1));
    });
    await net.forward();
    await net.backward();
  },
);
