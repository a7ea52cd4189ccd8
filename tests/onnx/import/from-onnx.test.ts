import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Net } from "../../../src/net/net.ts";
import { encodeOnnx } from "../../../src/onnx/format/message.ts";
import { fromOnnx, importModel } from "../../../src/onnx/import/from-onnx.ts";
import { caffe } from "../../support/cli.ts";
import { distancesOf, lossesOf } from "../../support/imported-onnx.ts";
import {
  type FileContent,
  ints,
  modelOf,
  noisy,
  onnxFile,
  scalar,
} from "../../support/onnx-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A small classifier: convolution, rectifier, pooling, scores, probabilities. */
const CLASSIFIER: FileContent = {
  inputs: { data: ["batch", 3, 12, 12] },
  outputs: ["prob"],
  nodes: [
    ["Conv", ["data", "w1", "b1"], ["c"], { pads: [1, 1, 1, 1] }],
    ["Relu", ["c"], ["r"]],
    ["MaxPool", ["r"], ["p"], { kernel_shape: [3, 3], strides: [2, 2] }],
    ["Shape", ["p"], ["shape"]],
    ["Gather", ["shape", "zero"], ["n"], { axis: 0 }],
    ["Unsqueeze", ["n", "axes"], ["n1"]],
    ["Concat", ["n1", "minus"], ["to"], { axis: 0 }],
    ["Reshape", ["p", "to"], ["f"]],
    ["Gemm", ["f", "w2", "b2"], ["scores"], { transB: 1 }],
    ["Softmax", ["scores"], ["prob"], { axis: 1 }],
  ],
  constants: {
    w1: noisy([8, 3, 3, 3], 1),
    b1: noisy([8], 2),
    w2: noisy([5, 200], 3),
    b2: noisy([5], 4),
    zero: { dims: [], ints: [0] },
    axes: ints(0),
    minus: ints(-1),
  },
};

const read = (content: FileContent): ReturnType<typeof importModel> =>
  importModel(onnxFile(content), "net.onnx");

test("a classifier computes what it did, is trained from its scores, and its shapes are worked out", async () => {
  const bytes = onnxFile(CLASSIFIER);
  const imported = importModel(bytes, "net.onnx");
  const [distance] = await distancesOf(bytes, imported);
  expect(distance?.relative).toBeLessThan(1e-5);
  const types = imported.deploy.layer?.map(({ type }) => type);
  expect(types).toEqual([
    "Input",
    "Convolution",
    "ReLU",
    "Pooling",
    "Flatten",
    "InnerProduct",
    "Softmax",
  ]);
  // The rectifier works in place, and the batch is not part of the layers.
  expect(imported.deploy.layer?.[2]?.top).toEqual(imported.deploy.layer?.[2]?.bottom);
  const trained = imported.trainVal?.layer?.map(({ type }) => type);
  expect(trained?.slice(0, 2)).toEqual(["Data", "Data"]);
  expect(trained?.slice(-3)).toEqual(["InnerProduct", "SoftmaxWithLoss", "Accuracy"]);
  const losses = await lossesOf(imported, { iterations: 10, batch: 8, rate: 0.01 });
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
});

test("the command writes three files that go on", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "net.onnx");
  writeFileSync(file, onnxFile(CLASSIFIER));
  const out = join(folder, "out");
  const { status, stderr } = caffe(["import_onnx", file, out, "--batch=2"]);
  expect(stderr).toContain("Input data: 2×3×12×12");
  expect(status).toBe(0);
  using net = new Net(join(out, "deploy.prototxt"), {
    phase: "TEST",
    weights: join(out, "net.caffemodel"),
    silent: true,
  });
  await net.forward();
  expect(net.blob("prob").shape).toEqual([2, 5]);
  writeFileSync(join(out, "train_val.prototxt"), "edited");
  const again = caffe(["import_onnx", file, out]);
  expect(again.status).toBe(1);
  expect(again.stderr).toContain("is not empty. Expected a new folder; --force replaces");
  expect(readFileSync(join(out, "train_val.prototxt"), "utf8")).toBe("edited");
  expect(caffe(["import_onnx", file, out, "--force"]).status).toBe(0);
  expect(readFileSync(join(out, "train_val.prototxt"), "utf8")).toContain("SoftmaxWithLoss");
  const wrong = caffe(["import_onnx", file, out, "--shape", "dat=1,3,8,8"]);
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain('Did you mean "data"');
});

test("nodes without a layer are all told, with their neighbours", () => {
  const content: FileContent = {
    inputs: { x: [1, 3, 4, 4] },
    outputs: ["y"],
    nodes: [
      ["Relu", ["x"], ["a"]],
      ["Erf", ["a"], ["b"]],
      ["Sigmoid", ["b"], ["c"]],
      ["MyOp", ["c"], ["d"]],
      ["Pad", ["d", "pads"], ["y"], { mode: "reflect" }],
    ],
    constants: { pads: ints(0, 0, 1, 1, 0, 0, 1, 1) },
  };
  expect(() => read(content)).toThrow(
    /2 nodes can become no layers:\n {2}node "b" \(Erf\), behind "a" \(Relu\) and before "c" \(Sigmoid\): .*\n {2}node "d" \(MyOp\), behind "c" \(Sigmoid\) and before "y" \(Pad\)/,
  );
  expect(() =>
    read({ ...content, nodes: [["Pad", ["x", "pads"], ["y"], { mode: "reflect" }]] }),
  ).toThrow('node "y" (Pad): mode is reflect. Expected constant.');
});

const RELU: FileContent = {
  inputs: { x: [1, 3] },
  outputs: ["y"],
  nodes: [["Relu", ["x"], ["y"]]],
};

test.each<readonly [string, FileContent, RegExp]>([
  [
    "nodes in a circle",
    {
      ...RELU,
      nodes: [
        ["Add", ["x", "b"], ["a"]],
        ["Relu", ["a"], ["b"]],
        ["Relu", ["b"], ["y"]],
      ],
    },
    /in a circle/,
  ],
  [
    "a value of nobody",
    { ...RELU, nodes: [["Relu", ["z"], ["y"]]] },
    /reads "z", which nothing makes/,
  ],
  ["an output of nobody", { ...RELU, outputs: ["z"] }, /outputs: reads "z", which nothing makes/],
  [
    "a value made twice",
    {
      ...RELU,
      nodes: [
        ["Relu", ["x"], ["y"]],
        ["Relu", ["x"], ["y"]],
      ],
    },
    /value "y" is made twice/,
  ],
  ["a length below 0", { ...RELU, inputs: { x: [-3, 3] } }, /length of -3/],
  [
    "an initializer that is too short",
    { ...RELU, constants: { w: { dims: [3], floats: [1, 2] } } },
    /holds 2 elements, its shape 3 takes 3/,
  ],
  ["an old version", { ...RELU, opset: 6 }, /version 6 of ONNX's operators\. Expected 7 to 21/],
  [
    "a length that is open",
    { ...RELU, inputs: { x: [1, 3, "height", 8] } },
    /axis 2 of 1,3,\?,8\. Expected all of them: give --shape=x=1,3,224,8/,
  ],
  [
    "an input without a shape",
    { ...RELU, inputs: { x: "?" } },
    /input "x" has no shape in the file\. Expected one: give --shape=x=/,
  ],
  [
    "a constant beyond memory",
    {
      ...RELU,
      nodes: [
        ["ConstantOfShape", ["s"], ["c"]],
        ["Add", ["x", "c"], ["y"]],
      ],
      constants: { s: ints(2 ** 20, 2 ** 20) },
    },
    /makes a constant of 1048576×1048576/,
  ],
  [
    "shapes that do not fit",
    { ...RELU, nodes: [["Reshape", ["x", "s"], ["y"]]], constants: { s: ints(2, 2) } },
    /shape 2,2 does not fit an input of 1×3/,
  ],
])("%s is one error", (_what, content, message) => {
  expect(() => read(content)).toThrow(message);
});

test("files that are none, cut short, or of another kind", () => {
  const bytes = onnxFile(CLASSIFIER);
  expect(() => importModel(bytes.subarray(0, 900), "a.onnx")).toThrow(/"a.onnx": it is cut short/);
  expect(() => importModel(new Uint8Array(0), "a.onnx")).toThrow(/no graph/);
  expect(() => importModel(new TextEncoder().encode("layer { }"), "a.onnx")).toThrow(/prototxt/);
  expect(() => fromOnnx("/none.onnx")).toThrow(/no such file/);
});

test("weights beside the file are read from its folder and nowhere else", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "sub"));
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  writeFileSync(
    join(folder, "sub", "data.bin"),
    Buffer.concat([Buffer.alloc(8), Buffer.from(values.buffer)]),
  );
  const fileWith = (location: string, offset: number): string => {
    const model = modelOf({
      inputs: { x: [1, 3] },
      outputs: ["y"],
      nodes: [["MatMul", ["x", "w"], ["y"]]],
    });
    const entries = { location, offset: String(offset), length: "24" };
    const initializer = [
      {
        name: "w",
        dims: [3, 2],
        data_type: 1,
        data_location: "EXTERNAL" as const,
        external_data: Object.entries(entries).map(([key, value]) => ({ key, value })),
      },
    ];
    const path = join(folder, "net.onnx");
    writeFileSync(
      path,
      encodeOnnx("ModelProto", { ...model, graph: { ...model.graph, initializer } }),
    );
    return path;
  };
  const imported = fromOnnx(fileWith("sub/data.bin", 8));
  const path = join(folder, "net.onnx");
  const [distance] = await distancesOf(path, imported);
  expect(distance?.relative).toBeLessThan(1e-6);
  expect(() => fromOnnx(fileWith("sub/data.bin", 16)).weights).toThrow(/cut short/);
  expect(() => fromOnnx(fileWith("../data.bin", 8)).weights).toThrow(
    /Expected a file in its own folder/,
  );
  expect(() => fromOnnx(fileWith("/etc/passwd", 0)).weights).toThrow(/in its own folder/);
  expect(() => fromOnnx(fileWith("none.bin", 0)).weights).toThrow(/no such file/);
});

test("nothing works in place in memory that others read", async () => {
  const bytes = onnxFile({
    inputs: { x: [1, 3, 4, 4] },
    outputs: ["y"],
    nodes: [
      ["Sigmoid", ["x"], ["s"]],
      ["Concat", ["s"], ["c"], { axis: 1 }],
      ["BatchNormalization", ["c", "w", "b", "b", "w"], ["n"]],
      ["Flatten", ["s"], ["f"]],
      ["Sub", ["f", "half"], ["g"]],
      ["Relu", ["g"], ["r"]],
      ["Reshape", ["s", "shape"], ["v"]],
      ["Relu", ["v"], ["r2"]],
      ["Flatten", ["n"], ["fn"]],
      ["Add", ["fn", "r"], ["sum"]],
      ["Flatten", ["s"], ["f2"]],
      ["Add", ["sum", "f2"], ["all"]],
      ["Flatten", ["r2"], ["f3"]],
      ["Mul", ["all", "f3"], ["y"]],
    ],
    constants: {
      w: { dims: [3], floats: [1, 2, 3] },
      b: noisy([3]),
      half: noisy([48], 5),
      shape: ints(1, 4, 3, 4),
    },
  });
  const [distance] = await distancesOf(bytes, importModel(bytes, "net.onnx"));
  expect(distance?.relative).toBeLessThan(1e-5);
});

test("an input that is an output, constants of many types, and a net that is no classifier", () => {
  const content: FileContent = {
    inputs: { x: [1, 3, 4, 4] },
    outputs: ["y"],
    nodes: [["Mul", ["x", "c"], ["y"]]],
    constants: { c: scalar(2) },
  };
  const imported = read(content);
  expect(imported.trainVal).toBeUndefined();
  expect(imported.trainValText()).toBeUndefined();
  expect(imported.parameters).toBe(0);
});
