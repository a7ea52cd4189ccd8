// Uses of ONNX's operators: tests run them, and the table of docs/onnx.md is made of them.
import {
  AsFloat,
  type FileContent,
  ints,
  type NodeText,
  noisy,
  onnxFile,
  positive,
  scalar,
} from "./onnx-file.ts";

const PLANES = [2, 4, 6, 5];

/** A use of an operator: its parameters, its constants by name, the input's shape, the version of the operators. */
interface Use {
  readonly attributes?: NodeText[3];
  readonly constants?: FileContent["constants"];
  readonly shape?: readonly number[];
  /** Inputs besides x, and where x stands among them; constants too. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Shapes of other inputs of the graph. */
  readonly others?: Readonly<Record<string, readonly number[]>>;
  readonly opset?: number;
}

const w = (...dims: readonly number[]): Use["constants"] => ({ w: noisy(dims) });
const withB = (dims: readonly number[], count: number): Use["constants"] => ({
  w: noisy(dims),
  b: noisy([count], 3),
});

/** Uses of operators that have a layer, by their types. */
export const operatorUses: Readonly<Record<string, readonly Use[]>> = {
  Abs: [{}],
  Add: [
    { constants: { w: scalar(0.3) } },
    { constants: w(4, 1, 1) },
    { constants: w(1, 4, 1, 1), inputs: ["w", "x"] },
    { constants: w(5) },
    { constants: w(4, 1, 5) },
    { inputs: ["x", "y"], others: { y: PLANES } },
    { inputs: ["x", "y"], others: { y: [2, 4, 1, 1] } },
    { inputs: ["y", "x"], others: { y: [6, 1] } },
    { inputs: ["x", "y"], others: { y: [1, 1, 1, 1] } },
  ],
  ArgMax: [{ attributes: { axis: 1 } }, { attributes: { axis: -1, keepdims: 0 } }],
  AveragePool: [
    { attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
    { attributes: { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 0, 1] } },
    { attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
    { attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] }, shape: [2, 3, 9] },
  ],
  BatchNormalization: [
    {
      inputs: ["x", "s", "b", "m", "v"],
      attributes: { epsilon: 0.01 },
      constants: { s: noisy([4], 1), b: noisy([4], 2), m: noisy([4], 3), v: positive([4]) },
    },
  ],
  Cast: [{ attributes: { to: 1 } }],
  Clip: [
    { inputs: ["x", "a", "b"], constants: { a: scalar(-0.25), b: scalar(0.5) } },
    { inputs: ["x", "a", "b"], constants: { a: scalar(0), b: scalar(6) } },
    { inputs: ["x", "a"], constants: { a: scalar(0) } },
    { inputs: ["x", "", "b"], constants: { b: scalar(0.1) } },
    { attributes: { min: new AsFloat(0), max: new AsFloat(6) }, opset: 7 },
  ],
  Concat: [
    { inputs: ["x", "y"], others: { y: [2, 3, 6, 5] }, attributes: { axis: 1 } },
    { inputs: ["x", "y"], others: { y: [2, 4, 6, 1] }, attributes: { axis: -1 } },
  ],
  Conv: [
    { constants: withB([6, 4, 3, 3], 6), attributes: { pads: [1, 1, 1, 1] } },
    { constants: w(6, 4, 3, 1), attributes: { strides: [2, 1], pads: [1, 0, 1, 0] } },
    { constants: w(8, 1, 3, 3), attributes: { group: 4, dilations: [2, 2] } },
    { constants: w(6, 4, 3, 3), attributes: { strides: [2, 2], pads: [0, 0, 1, 1] } },
    { constants: w(6, 4, 3, 3), attributes: { strides: [2, 2], auto_pad: "SAME_UPPER" } },
    { constants: w(6, 4, 2, 2), attributes: { auto_pad: "SAME_LOWER" } },
    { constants: w(6, 4, 2, 2), attributes: { auto_pad: "VALID" } },
    { constants: withB([6, 4, 3], 6), attributes: { pads: [2, 0] }, shape: [2, 4, 7] },
    {
      constants: w(3, 2, 2, 3, 3),
      attributes: { pads: [1, 1, 1, 1, 1, 1] },
      shape: [1, 2, 4, 5, 5],
    },
  ],
  ConvTranspose: [
    { constants: withB([4, 3, 3, 3], 3), attributes: { strides: [2, 2], pads: [1, 1, 1, 1] } },
    {
      constants: w(4, 3, 3, 3),
      attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    },
    { constants: w(4, 2, 2, 2), attributes: { strides: [2, 2], group: 2 } },
    { constants: w(4, 2, 3, 3), attributes: { strides: [2, 2], output_shape: [12, 10] } },
    { constants: w(4, 2, 4, 4), attributes: { strides: [2, 2], auto_pad: "SAME_UPPER" } },
  ],
  DepthToSpace: [
    { attributes: { blocksize: 2 } },
    { attributes: { blocksize: 2, mode: "CRD" }, shape: [2, 8, 3, 5] },
  ],
  Div: [
    { constants: { w: scalar(0.3) } },
    { constants: { w: positive([4, 1, 1]) } },
    { inputs: ["w", "x"], constants: { w: scalar(2) } },
    { inputs: ["w", "x"], constants: { w: positive([4, 1, 1]) } },
    { inputs: ["x", "y"], others: { y: PLANES } },
    { inputs: ["x", "y"], others: { y: [2, 4, 1, 1] } },
  ],
  Dropout: [{}, { attributes: { ratio: 0.25 }, opset: 10 }],
  Elu: [{ attributes: { alpha: 0.5 } }],
  Exp: [{}],
  Expand: [
    { constants: { w: ints(2, 4, 6, 5) }, shape: [2, 1, 6, 1] },
    { constants: { w: ints(3, 1, 5) }, shape: [2, 1] },
  ],
  Flatten: [{}, { attributes: { axis: 2 } }],
  Gather: [
    { constants: { w: { dims: [], ints: [1] } }, attributes: { axis: 1 } },
    { constants: { w: ints(0) }, attributes: { axis: 2 } },
    { constants: { w: ints(-1) }, attributes: { axis: 3 } },
    { constants: { w: ints(1, 2) }, attributes: { axis: 1 } },
    { constants: { w: ints(2, 1, 0, 0) }, attributes: { axis: 1 } },
    { constants: { w: { dims: [2, 2], ints: [0, 1, 4, 3] } }, attributes: { axis: 3 } },
  ],
  Gemm: [
    {
      shape: [3, 5],
      constants: withB([4, 5], 4),
      inputs: ["x", "w", "b"],
      attributes: { transB: 1 },
    },
    { shape: [3, 5], constants: w(5, 4), attributes: { alpha: 0.5 } },
    {
      shape: [3, 5],
      constants: withB([5, 4], 4),
      inputs: ["x", "w", "b"],
      attributes: { beta: 0.5, alpha: new AsFloat(2) },
    },
  ],
  GlobalAveragePool: [{}, { shape: [2, 3, 7] }],
  GlobalMaxPool: [{}],
  Greater: [{ constants: { w: scalar(0.25) } }, { inputs: ["w", "x"], constants: w(1) }],
  HardSigmoid: [{}, { attributes: { alpha: 0.7, beta: 0.4 } }],
  HardSwish: [{}],
  Identity: [{}],
  LRN: [{ attributes: { size: 3, alpha: 0.2, beta: 0.6, bias: 1.5 } }],
  LSTM: [
    ...[1, 2].map((n) => ({
      shape: [4, 2, 3],
      inputs: ["x", "w", "r", "b"],
      constants: { w: noisy([n, 20, 3], 1), r: noisy([n, 20, 5], 2), b: noisy([n, 40], 3) },
      attributes: { hidden_size: 5, direction: n === 2 ? "bidirectional" : "forward" },
    })),
    {
      shape: [4, 2, 3],
      constants: { w: noisy([1, 20, 3], 1), r: noisy([1, 20, 5], 2) },
      attributes: { hidden_size: 5, direction: "reverse" },
    },
  ],
  LeakyRelu: [{ attributes: { alpha: 0.2 } }],
  Less: [{ constants: { w: scalar(0.25) } }, { inputs: ["w", "x"], constants: w(1) }],
  LogSoftmax: [{ attributes: { axis: 1 } }],
  MatMul: [
    { shape: [3, 5], constants: w(5, 4) },
    { shape: [2, 3, 5], constants: w(5, 4) },
  ],
  Max: [{ inputs: ["x", "y"], others: { y: PLANES } }, { constants: { w: scalar(0) } }],
  MaxPool: [
    { attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
    { attributes: { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" } },
    { attributes: { kernel_shape: [3, 2], pads: [0, 0, 1, 1] } },
    { attributes: { kernel_shape: [2], strides: [2] }, shape: [2, 3, 9] },
  ],
  Mean: [{ inputs: ["x", "y"], others: { y: PLANES } }],
  Min: [{ inputs: ["x", "y"], others: { y: PLANES } }, { constants: { w: scalar(0.2) } }],
  Mul: [
    { constants: { w: scalar(0.3) } },
    { constants: w(4, 1, 1) },
    { inputs: ["x", "y"], others: { y: PLANES } },
    { inputs: ["y", "x"], others: { y: [2, 4, 1, 1] } },
    { inputs: ["x", "y"], others: { y: [2, 1, 6, 5] } },
  ],
  Neg: [{}],
  PRelu: [{ constants: w(4, 1, 1) }, { constants: w(1) }],
  Pad: [
    { constants: { w: ints(0, 0, 1, 0, 0, 1, 2, 1) } },
    { constants: { w: ints(0, 0, 1, 1, 0, 0, 1, 1), v: scalar(0.5) }, inputs: ["x", "w", "v"] },
    { attributes: { pads: [0, 0, 1, 0, 0, 0, 2, 1], value: 0.25 }, opset: 10 },
  ],
  Pow: [{ constants: { w: scalar(2) } }],
  Reciprocal: [{}],
  ReduceL1: [{ attributes: { axes: [2, 3] } }],
  ReduceL2: [{ attributes: { axes: [1] } }],
  ReduceMax: [
    { attributes: { axes: [2, 3] } },
    { attributes: { axes: [1] } },
    { attributes: { axes: [-1], keepdims: 0 } },
    { shape: [3, 5] },
  ],
  ReduceMean: [
    { attributes: { axes: [2, 3] } },
    { attributes: { axes: [-1, -2], keepdims: 0 } },
    { attributes: { axes: [1] } },
  ],
  ReduceMin: [{ attributes: { axes: [1] } }, { attributes: { axes: [2, 3], keepdims: 0 } }],
  ReduceSum: [
    { constants: { w: ints(1) } },
    { constants: { w: ints(2, 3) }, attributes: { keepdims: 0 } },
  ],
  ReduceSumSquare: [{ attributes: { axes: [3] } }],
  Relu: [{}],
  Reshape: [
    { constants: { w: ints(2, -1) } },
    { constants: { w: ints(0, 2, 2, 30) } },
    { constants: { w: ints(-1, 5) } },
  ],
  Resize: [
    {
      inputs: ["x", "", "w"],
      constants: { w: { dims: [4], floats: [1, 1, 2, 3] } },
      attributes: { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    },
    { inputs: ["x", "", "w"], constants: { w: { dims: [4], floats: [1, 1, 2, 2] } } },
    ...["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel"].map((mode) => ({
      inputs: ["x", "", "", "w"],
      constants: { w: ints(2, 4, 13, 7) },
      attributes: { mode: "linear", coordinate_transformation_mode: mode },
    })),
    {
      inputs: ["x", "", "", "w"],
      constants: { w: ints(2, 4, 3, 10) },
      attributes: { mode: "linear" },
    },
  ],
  Selu: [{}, { attributes: { alpha: 1.5, gamma: 1.25 } }],
  Sigmoid: [{}],
  Slice: [
    { inputs: ["x", "s", "e", "a"], constants: { s: ints(1), e: ints(3), a: ints(1) } },
    { inputs: ["x", "s", "e", "a"], constants: { s: ints(0), e: ints(-1), a: ints(2) } },
    { inputs: ["x", "s", "e", "a"], constants: { s: ints(-2), e: ints(2 ** 40), a: ints(-1) } },
    { attributes: { starts: [1], ends: [2], axes: [3] }, opset: 9 },
    { inputs: ["x", "s", "e"], constants: { s: ints(0, 1, 2), e: ints(1, 3, 5) } },
    ...[[0, 6, 2, 2] as const, [1, 5, 3, 2] as const, [1, 2 ** 40, 2, 3] as const].map(
      ([start, end, step, axis]) => ({
        inputs: ["x", "s", "e", "a", "t"],
        constants: { s: ints(start), e: ints(end), a: ints(axis), t: ints(step) },
      }),
    ),
    {
      inputs: ["x", "s", "e", "a", "t"],
      constants: { s: ints(1, 0), e: ints(4, 5), a: ints(1, 3), t: ints(2, 2) },
    },
  ],
  Softmax: [
    { attributes: { axis: 1 } },
    { attributes: { axis: -1 } },
    { attributes: { axis: 1 }, opset: 11 },
    { opset: 11, shape: [3, 5] },
  ],
  Softplus: [{}],
  SpaceToDepth: [{ attributes: { blocksize: 2 }, shape: [2, 3, 6, 4] }],
  Split: [
    { outputs: ["y", "z"], attributes: { axis: 1 } },
    { outputs: ["y", "z"], attributes: { axis: 2 }, constants: { w: ints(4, 2) } },
    { outputs: ["y", "z"], attributes: { axis: 3, split: [2, 3] }, opset: 11 },
  ],
  Sqrt: [{}],
  Squeeze: [{ shape: [2, 4, 1, 1], constants: { w: ints(2, 3) } }, { shape: [2, 4, 1, 1] }],
  Sub: [
    { constants: { w: scalar(0.3) } },
    { constants: w(4, 1, 1) },
    { inputs: ["w", "x"], constants: { w: scalar(1) } },
    { inputs: ["w", "x"], constants: w(4, 1, 1) },
    { inputs: ["x", "y"], others: { y: PLANES } },
  ],
  Sum: [{ inputs: ["x", "y"], others: { y: PLANES } }],
  Tanh: [{}],
  Tile: [{ constants: { w: ints(1, 2, 1, 3) } }, { constants: { w: ints(2, 1, 1, 1) } }],
  Transpose: [
    { attributes: { perm: [0, 2, 3, 1] } },
    { attributes: { perm: [0, 2, 3, 1] }, shape: [2, 4, 1, 1] },
    {},
  ],
  Upsample: [
    { constants: { w: { dims: [4], floats: [1, 1, 2, 2] } }, opset: 9 },
    {
      constants: { w: { dims: [4], floats: [1, 1, 2, 2] } },
      opset: 9,
      attributes: { mode: "linear" },
    },
  ],
  Unsqueeze: [{ shape: [2, 4], constants: { w: ints(2, 3) } }],
};

/** Operators of which no input may be below 0. */
const POSITIVE = new Set(["Log", "Sqrt", "Pow"]);

/** A file with one node, or with what it needs before and behind. */
export function fileOfUse(type: string, use: Use): Uint8Array {
  const { attributes, constants = {}, shape = PLANES, others = {}, opset = 17 } = use;
  const outputs = use.outputs ?? ["y0"];
  const input = POSITIVE.has(type) ? "squared" : "x";
  const inputs = (use.inputs ?? ["x", ...Object.keys(constants)]).map((name) =>
    name === "x" ? input : name,
  );
  const square: NodeText = ["Mul", ["x", "x"], ["squared"]];
  const isPlace = ["ArgMax", "Greater", "Less"].includes(type);
  return onnxFile({
    inputs: { x: shape, ...others },
    outputs,
    nodes: [
      ...(POSITIVE.has(type) ? [square] : []),
      [type, inputs, isPlace ? ["places"] : outputs, attributes ?? {}],
      ...(isPlace ? ([["Cast", ["places"], outputs, { to: 1 }]] as const) : []),
    ],
    constants,
    opset,
  });
}
