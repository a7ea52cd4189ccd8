// What several nodes do together becomes one layer, and computes what ONNX Runtime computes.
import { describe, expect, test } from "vitest";
import { importModel } from "../../../../src/onnx/import/from-onnx.ts";
import { distancesOf } from "../../../support/imported-onnx.ts";
import {
  type FileContent,
  ints,
  type NodeText,
  noisy,
  onnxFile,
  scalar,
} from "../../../support/onnx-file.ts";

const CONSTANTS: FileContent["constants"] = {
  three: scalar(3),
  zero: scalar(0),
  six: scalar(6),
  sixth: scalar(1 / 6),
  w: noisy([6, 4, 3, 3]),
  m: noisy([5, 7]),
  b6: noisy([6, 1, 1], 2),
  b7: noisy([7], 3),
  margin: ints(0, 0, 0, 1, 0, 0, 1, 2),
  groups: ints(2, 2, 2, 6, 5),
  whole: ints(2, 4, 6, 5),
  s0: ints(0),
  s1: ints(1),
  end: ints(4),
  axis: ints(1),
};

/** x·Clip(x + 3, 0, 6) and what is before it. */
const RAMP: readonly NodeText[] = [
  ["Add", ["x", "three"], ["a"]],
  ["Clip", ["a", "zero", "six"], ["c"]],
];

const cases: readonly (readonly [
  what: string,
  nodes: readonly NodeText[],
  types: readonly string[],
])[] = [
  [
    "x · σ(x)",
    [
      ["Sigmoid", ["x"], ["s"]],
      ["Mul", ["x", "s"], ["y"]],
    ],
    ["Swish"],
  ],
  [
    "σ(x) · x",
    [
      ["Sigmoid", ["x"], ["s"]],
      ["Mul", ["s", "x"], ["y"]],
    ],
    ["Swish"],
  ],
  [
    "x · HardSigmoid(x)",
    [
      ["HardSigmoid", ["x"], ["s"], { alpha: 0.1666666716337204, beta: 0.5 }],
      ["Mul", ["x", "s"], ["y"]],
    ],
    ["HardSwish"],
  ],
  [
    "x · HardSigmoid(x) of another slope",
    [
      ["HardSigmoid", ["x"], ["s"]],
      ["Mul", ["x", "s"], ["y"]],
    ],
    ["Power", "Clip", "Eltwise"],
  ],
  [
    "a ramp, divided behind",
    [...RAMP, ["Mul", ["x", "c"], ["d"]], ["Div", ["d", "six"], ["y"]]],
    ["HardSwish"],
  ],
  [
    "a ramp, divided before",
    [...RAMP, ["Div", ["c", "six"], ["d"]], ["Mul", ["x", "d"], ["y"]]],
    ["HardSwish"],
  ],
  [
    "a ramp times a sixth",
    [...RAMP, ["Mul", ["c", "sixth"], ["d"]], ["Mul", ["d", "x"], ["y"]]],
    ["HardSwish"],
  ],
  [
    "channels shuffled",
    [
      ["Reshape", ["x", "groups"], ["r"]],
      ["Transpose", ["r"], ["t"], { perm: [0, 2, 1, 3, 4] }],
      ["Reshape", ["t", "whole"], ["y"]],
    ],
    ["ShuffleChannel"],
  ],
  [
    "slices side by side",
    [
      ["Slice", ["x", "s1", "end", "axis"], ["p"]],
      ["Slice", ["x", "s0", "s1", "axis"], ["q"]],
      ["Concat", ["p", "q"], ["y"], { axis: 1 }],
    ],
    ["Slice", "Concat"],
  ],
  [
    "a bias behind a convolution",
    [
      ["Conv", ["x", "w"], ["c"]],
      ["Add", ["c", "b6"], ["y"]],
    ],
    ["Convolution"],
  ],
  [
    "a bias behind a product",
    [
      ["MatMul", ["x", "m"], ["c"]],
      ["Add", ["b7", "c"], ["y"]],
    ],
    ["InnerProduct"],
  ],
  [
    "a margin before a convolution",
    [
      ["Pad", ["x", "margin"], ["p"]],
      ["Conv", ["p", "w"], ["y"], { strides: [2, 2] }],
    ],
    ["Convolution"],
  ],
  [
    "a margin before an average",
    [
      ["Pad", ["x", "margin"], ["p"]],
      ["AveragePool", ["p"], ["y"], { kernel_shape: [3, 3] }],
    ],
    ["Pooling"],
  ],
  [
    "a margin before maxima stays",
    [
      ["Pad", ["x", "margin"], ["p"]],
      ["MaxPool", ["p"], ["y"], { kernel_shape: [3, 3] }],
    ],
    ["Pad", "Pooling"],
  ],
  [
    "what leads nowhere",
    [
      ["Erf", ["x"], ["z"]],
      ["Relu", ["x"], ["y"]],
    ],
    ["ReLU"],
  ],
];

describe("simplified", () => {
  test.each(cases)("%s", async (_what, nodes, types) => {
    const used = new Set(nodes.flatMap(([, inputs]) => inputs));
    const constants = Object.fromEntries(
      Object.entries(CONSTANTS).filter(([name]) => used.has(name)),
    );
    const bytes = onnxFile({ inputs: { x: [2, 4, 6, 5] }, outputs: ["y"], nodes, constants });
    const imported = importModel(bytes, "test.onnx");
    expect(imported.deploy.layer?.slice(1).map(({ type }) => type)).toEqual(types);
    const [distance] = await distancesOf(bytes, imported);
    expect(distance?.relative).toBeLessThan(1e-5);
  });
});
