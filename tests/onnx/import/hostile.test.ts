// Files of ONNX that contradict themselves, or were made to harm who reads them: one clear error each, soon.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { delimited } from "../../../src/io/proto/wire.ts";
import { Net } from "../../../src/net/net.ts";
import { encodeOnnx, type OnnxMessage } from "../../../src/onnx/format/message.ts";
import { importModel } from "../../../src/onnx/import/from-onnx.ts";
import { readOverview } from "../../../src/onnx/overview/overview.ts";
import { CaffeError } from "../../../src/util/errors.ts";
import { type FileContent, ints, modelOf, noisy } from "../../support/onnx-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = join(temporaryFolder(), "folder");
mkdirSync(folder);
writeFileSync(join(folder, "..", "secret.bin"), new Uint8Array(64));
const path = join(folder, "hostile.onnx");

type Model = OnnxMessage<"ModelProto">;
type Graph = OnnxMessage<"GraphProto">;
type Tensor = OnnxMessage<"TensorProto">;

const RELU: FileContent = {
  inputs: { x: [1, 3, 4, 4] },
  outputs: ["y"],
  nodes: [["Relu", ["x"], ["y"]]],
};

/** A file whose graph is another in part. */
const withGraph = (more: Partial<Graph>, content: FileContent = RELU): Model => {
  const model = modelOf(content);
  return { ...model, graph: { ...model.graph, ...more } };
};

/** A file with a convolution whose weights are these. */
const withWeights = (tensor: Tensor): Model =>
  withGraph({
    initializer: [{ name: "w", data_type: 1, ...tensor }],
    node: [{ op_type: "Conv", input: ["x", "w"], output: ["y"] }],
  });

/** The error that reading ends with. */
function refusal(model: Model | Uint8Array): Error {
  const bytes = model instanceof Uint8Array ? model : encodeOnnx("ModelProto", model);
  const before = process.memoryUsage();
  const start = performance.now();
  let error: unknown;
  try {
    const { deploy, weights } = importModel(bytes, path);
    new Net(deploy, { phase: "TEST", silent: true, weights }).close();
  } catch (thrown) {
    error = thrown;
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  expect(performance.now() - start).toBeLessThan(5000);
  expect(heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
    2 ** 28 + 64 * bytes.length,
  );
  expect(error).toBeInstanceOf(CaffeError);
  expect((error as Error).message.length).toBeLessThan(3000);
  return error as Error;
}

const outside = (location: string, more: Readonly<Record<string, string>> = {}): Tensor => ({
  dims: [2, 3, 1, 1],
  data_location: "EXTERNAL",
  external_data: Object.entries({ location, ...more }).map(([key, value]) => ({ key, value })),
});

/** The bytes of a file of conditions, one within another, deeper than a message can be made. */
function nested(depth: number): Uint8Array {
  const [node, attribute, graphOf, graphIn] = [1, 5, 6, 7];
  const ends = encodeOnnx("GraphProto", { output: [{ name: "y" }] });
  let graph = ends;
  for (let i = 0; i < depth; i++) {
    const branch = encodeOnnx("AttributeProto", { name: "then_branch", type: "GRAPH" });
    const own = encodeOnnx("NodeProto", { op_type: "If", input: ["x"], output: ["y"] });
    const inner = delimited(attribute, [branch, ...delimited(graphOf, [graph])]);
    graph = Buffer.concat([...delimited(node, [own, ...inner]), ends]);
  }
  const { graph: _graph, ...head } = modelOf(RELU);
  return Buffer.concat([encodeOnnx("ModelProto", head), ...delimited(graphIn, [graph])]);
}

const made: FileContent["nodes"] = [["Add", ["x", "c"], ["y"]]];
const of = (nodes: FileContent["nodes"], constants: FileContent["constants"] = {}): Model =>
  modelOf({ ...RELU, nodes: [...nodes, ...made], constants });

describe.each<[string, Model | Uint8Array, RegExp]>([
  [
    "nodes in a circle",
    modelOf({
      ...RELU,
      nodes: [
        ["Add", ["x", "b"], ["a"]],
        ["Relu", ["a"], ["b"]],
        ["Relu", ["b"], ["y"]],
      ],
    }),
    /circle/,
  ],
  ["a node that reads itself", modelOf({ ...RELU, nodes: [["Relu", ["y"], ["y"]]] }), /circle/],
  [
    "a value that nothing makes",
    modelOf({ ...RELU, nodes: [["Relu", ["z"], ["y"]]] }),
    /"z", which nothing makes/,
  ],
  [
    "an output that nothing makes",
    modelOf({ ...RELU, outputs: ["z"] }),
    /"z", which nothing makes/,
  ],
  [
    "a value that is made twice",
    modelOf({
      ...RELU,
      nodes: [
        ["Relu", ["x"], ["y"]],
        ["Abs", ["x"], ["y"]],
      ],
    }),
    /"y" is made twice/,
  ],
  ["no graph", { ir_version: 8, opset_import: [{ version: 17 }] }, /has no graph/],
  ["no outputs", modelOf({ ...RELU, outputs: [] }), /no outputs/],
  ["no version of operators", { graph: modelOf(RELU).graph! }, /which version/],
  [
    "operators of a version to come",
    modelOf({ ...RELU, opset: 99 }),
    /version 99.*Expected \d+ to \d+/,
  ],
  ["operators of version 1", modelOf({ ...RELU, opset: 1 }), /version 1 .*Expected \d+ to \d+/],
  [
    "too few elements",
    withWeights({ dims: [2, 3, 1, 1], float_data: [1, 2] }),
    /"w" holds 2 elements.*takes 6/,
  ],
  [
    "too many bytes",
    withWeights({ dims: [2, 3, 1, 1], raw_data: new Uint8Array(25) }),
    /"w" holds 25 bytes.*takes 24/,
  ],
  [
    "lengths of 2^40",
    withWeights({ dims: [2 ** 40, 3, 1, 1], float_data: [1] }),
    /"w" has 3298534883328 elements/,
  ],
  [
    "lengths whose product is beyond all",
    withWeights({ dims: Array<number>(40).fill(2 ** 50), float_data: [1] }),
    /"w" has .* elements/,
  ],
  [
    "a length below 0",
    withWeights({ dims: [-2, 3, 1, 1], float_data: [1] }),
    /"w" has lengths -2×3/,
  ],
  [
    "elements of no known type",
    withWeights({ dims: [1], data_type: 77, raw_data: new Uint8Array(1) }),
    /"w" has elements of type 77/,
  ],
  [
    "texts for weights",
    withWeights({ dims: [1], data_type: 8 }),
    /"w" has elements of type STRING/,
  ],
  [
    "weights above the folder",
    withWeights(outside("../secret.bin")),
    /"\.\.\/secret\.bin".*own folder/,
  ],
  ["weights above it by a detour", withWeights(outside("a/../../secret.bin")), /own folder/],
  ["weights of the system", withWeights(outside("../../../../etc/passwd")), /own folder/],
  ["weights by an absolute path", withWeights(outside("/etc/passwd")), /own folder/],
  ["weights in a file that is not there", withWeights(outside("none.bin")), /none\.bin/],
  [
    "weights at a place that is no number",
    withWeights(outside("a.bin", { offset: "-1" })),
    /offset "-1"/,
  ],
  [
    "weights of another length",
    withWeights(outside("a.bin", { length: "12" })),
    /12 bytes outside/,
  ],
  [
    "weights that lie nowhere",
    withWeights({ dims: [1], data_location: "EXTERNAL" }),
    /does not say where/,
  ],
  ["conditions within conditions", nested(10_000), /cut short, damaged.*depth/],
  ["a condition", nested(3), /If/],
  [
    "a name without end",
    modelOf({ ...RELU, nodes: [["x".repeat(2 ** 20), ["x"], ["y"]]] }),
    /this is text|x{20}/,
  ],
  ["a text without end", withWeights(outside("s".repeat(2 ** 20))), /this is text|s{20}/],
  ["an input of 2^40", modelOf({ ...RELU, inputs: { x: [1, 2 ** 40] } }), /1099511627776/],
  ["an input of a length below 0", modelOf({ ...RELU, inputs: { x: [1, -7] } }), /length of -7/],
  [
    "an input that is no array",
    withGraph({ input: [{ name: "x", type: { map_type: {} } }] }),
    /"x" is no array/,
  ],
  [
    "a constant of 2^40",
    of([["ConstantOfShape", ["s"], ["c"]]], { s: ints(2 ** 20, 2 ** 20) }),
    /1048576/,
  ],
  [
    "a constant that grows",
    of([["Expand", ["f", "s"], ["c"]]], { f: noisy([1]), s: ints(2 ** 15, 2 ** 15) }),
    /32768/,
  ],
  [
    "a range without end",
    of([["Range", ["a", "b", "d"], ["c"]]], {
      a: { dims: [], ints: [0] },
      b: { dims: [], ints: [2 ** 40] },
      d: { dims: [], ints: [1] },
    }),
    /Range/,
  ],
  [
    "a constant that is repeated",
    of([["Tile", ["f", "s"], ["c"]]], { f: noisy([4]), s: ints(2 ** 34) }),
    /Tile/,
  ],
  [
    "padding without end",
    of([["Pad", ["x", "s"], ["c"]]], { s: ints(0, 0, 2 ** 30, 2 ** 30, 0, 0, 0, 0) }),
    /Pad/,
  ],
  [
    "a kernel of 2^30",
    modelOf({ ...RELU, nodes: [["MaxPool", ["x"], ["y"], { kernel_shape: [2 ** 30, 1] }]] }),
    /MaxPool/,
  ],
  [
    "a stride of 0",
    modelOf({
      ...RELU,
      nodes: [["MaxPool", ["x"], ["y"], { kernel_shape: [1, 1], strides: [0, 1] }]],
    }),
    /stride/,
  ],
  [
    "groups of 0",
    modelOf({
      ...RELU,
      nodes: [["Conv", ["x", "w"], ["y"], { group: 0 }]],
      constants: { w: noisy([2, 3, 1, 1]) },
    }),
    /Conv/,
  ],
  [
    "weights of other channels",
    modelOf({
      ...RELU,
      nodes: [["Conv", ["x", "w"], ["y"]]],
      constants: { w: noisy([2, 5, 1, 1]) },
    }),
    /Conv/,
  ],
])("%s", (_, model, message) => {
  test("is one error", () => {
    expect(refusal(model).message).toMatch(message);
  });
});

test("a chain of 20,000 nodes is no depth, and in wrong order it is sorted", () => {
  const count = 20_000;
  const nodes: FileContent["nodes"] = Array.from({ length: count }, (_, i) => [
    "Relu",
    [i === 0 ? "x" : `v${i - 1}`],
    [i === count - 1 ? "y" : `v${i}`],
  ]);
  const bytes = encodeOnnx("ModelProto", modelOf({ ...RELU, nodes: nodes.toReversed() }));
  writeFileSync(path, bytes);
  expect(readOverview(path).nodes).toHaveLength(count);
});
