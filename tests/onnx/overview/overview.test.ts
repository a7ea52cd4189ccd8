import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toOnnx } from "../../../src/onnx/export/to-onnx.ts";
import { elementType, encodeOnnx, type OnnxMessage } from "../../../src/onnx/format/message.ts";
import { readOverview } from "../../../src/onnx/overview/overview.ts";
import { drawnOf } from "../../../src/onnx/overview/overview-drawn.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, bytes);
  return path;
}

const NET = `name: "net" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 9 dim: 9 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 6 kernel_h: 3 kernel_w: 1 stride: 2 pad_h: 1 group: 2 } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "lrn" type: "LRN" bottom: "conv" top: "lrn" }
  layer { name: "up" type: "Deconvolution" bottom: "lrn" top: "up" convolution_param { num_output: 5 kernel_size: 2 dilation: 3 bias_term: false } }
  layer { name: "pool" type: "Pooling" bottom: "up" top: "pool" pooling_param { global_pooling: true pool: AVE } }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 3 } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

describe("a file of ours", async () => {
  using net = netOf(NET, { phase: "TEST" });
  const model = await toOnnx(net, { source: "net.prototxt", labels: ["a", "b", "c"] });
  const path = written("net", model.toBuffer());

  test("tells who wrote it, what goes in and comes out, and what else it says", () => {
    const overview = readOverview(path);
    expect(overview).toMatchObject({
      name: "net",
      irVersion: 8,
      producer: expect.stringMatching(/^caffe-ts \d/),
      opsets: { "": 17 },
      metadata: { source: "net.prototxt", labels: "a\nb\nc" },
      inputs: [{ name: "data", type: "float", axes: ["batch", 4, "height", "width"] }],
      outputs: [{ name: "prob", type: "float", axes: ["batch", 3] }],
      assumed: { data: [1, 4, 224, 224] },
    });
  });

  test("has of every node its shape, weights, multiplications and windows", () => {
    const { nodes, assumed } = readOverview(path, { data: [2, 4, 9, 9] });
    expect(assumed).toEqual({ data: [2, 4, 9, 9] });
    const rows = nodes.map(({ type, outputs, parameters, macs, details }) => [
      type,
      outputs[0]?.shape?.join("×"),
      parameters,
      macs,
      details.join("; "),
    ]);
    expect(rows.filter(([type]) => !["Flatten", "Reshape"].includes(String(type)))).toEqual([
      [
        "Conv",
        "2×6×5×5",
        6 * 2 * 3 + 6,
        2 * 6 * 25 * 2 * 3,
        "3×1, 6 outputs; stride 2, pad 1,0,1,0, group 2",
      ],
      ["Relu", "2×6×5×5", 0, 0, ""],
      ["LRN", "2×6×5×5", 0, 0, "alpha 1"],
      ["ConvTranspose", "2×5×8×8", 6 * 5 * 4, 2 * 6 * 25 * 5 * 4, "2×2, 5 outputs; dilation 3"],
      ["GlobalAveragePool", "2×5×1×1", 0, 0, ""],
      ["Gemm", "2×3", 3 * 5 + 3, 2 * 3 * 5, ""],
      ["Softmax", "2×3", 0, 0, "axis 1"],
    ]);
  });

  test("is drawn with activations in the boxes of what they work on", () => {
    const { layers } = drawnOf(readOverview(path));
    const seen = layers.map(({ name, role, bottoms, tops }) => [name, role, bottoms, tops]);
    expect(seen.slice(0, 5)).toEqual([
      ["data", "input", [], ["data"]],
      ["conv/Conv", "learned", ["data"], ["lrn"]],
      ["relu/Relu", "activation", ["lrn"], ["lrn"]],
      ["lrn/LRN", "normalization", ["lrn"], ["lrn"]],
      ["up/ConvTranspose", "learned", ["lrn"], ["up"]],
    ]);
    expect(seen.at(-1)).toEqual(["prob/Softmax", "result", ["ip"], ["prob"]]);
  });

  test("takes no shapes that do not fit", () => {
    expect(() => readOverview(path, { other: [1] })).toThrow('"other"');
    expect(() => readOverview(path, { data: [1, 4] })).toThrow("Expected 4 axes");
  });
});

describe("a file of others", () => {
  const float = elementType("FLOAT");
  const value = (
    name: string,
    ...dim: readonly (number | string)[]
  ): OnnxMessage<"ValueInfoProto"> => ({
    name,
    type: {
      tensor_type: {
        elem_type: float,
        shape: {
          dim: dim.map((one) =>
            typeof one === "string" ? { dim_param: one } : { dim_value: one },
          ),
        },
      },
    },
  });
  const model = (
    graph: OnnxMessage<"GraphProto">,
    more: Partial<OnnxMessage<"ModelProto">> = {},
  ): Uint8Array =>
    encodeOnnx("ModelProto", {
      ir_version: 9,
      opset_import: [
        { domain: "", version: 17 },
        { domain: "com.microsoft", version: 1 },
      ],
      graph,
      ...more,
    });

  const graph: OnnxMessage<"GraphProto"> = {
    name: "main",
    input: [value("x", "n", 3), value("w", 3, 2)],
    output: [value("y", "n", 2)],
    value_info: [value("odd", 7, 2)],
    initializer: [
      { name: "w", dims: [3, 2], data_type: float, float_data: [1, 2, 3, 4, 5, 6] },
      { name: "k", dims: [1], data_type: elementType("INT64"), int64_data: [1] },
    ],
    node: [
      {
        op_type: "Constant",
        output: ["c"],
        attribute: [
          { name: "value", type: "TENSOR", t: { dims: [2], data_type: float, float_data: [1, 2] } },
        ],
      },
      { op_type: "Identity", input: ["w"], output: ["v"] },
      { op_type: "Identity", input: ["v"], output: ["u"] },
      { name: "first", op_type: "MatMul", input: ["x", "u"], output: ["m"] },
      { op_type: "Odd", domain: "com.microsoft", input: ["m", "c", "k"], output: ["odd"] },
      { op_type: "TopK", input: ["odd", "k"], output: ["y", "unread"] },
    ],
  };

  test("shows shapes that its program tells, and weights once", () => {
    const overview = readOverview(written("others", model(graph)));
    expect(overview.opsets).toEqual({ "": 17, "com.microsoft": 1 });
    expect(overview.inputs.map(({ name }) => name)).toEqual(["x"]);
    expect(overview.nodes.map(({ name, type, parameters }) => [name, type, parameters])).toEqual([
      ["first", "MatMul", 6],
      ["odd", "com.microsoft.Odd", 2],
      ["y", "TopK", 0],
    ]);
    expect(overview.nodes.map(({ outputs }) => outputs[0]?.shape)).toEqual([
      [1, 2],
      [7, 2],
      undefined,
    ]);
    expect(overview.nodes[0]?.macs).toBe(6);
    expect(drawnOf(overview).layers.at(-1)?.tops).toEqual(["y"]);
  });

  test("of a newer version is shown as far as it says", () => {
    const bytes = model(graph, { opset_import: [{ version: 40 }] });
    const overview = readOverview(written("newer", bytes));
    expect(overview.opsets).toEqual({ "": 40 });
    expect(overview.nodes.map(({ outputs }) => outputs[0]?.shape)).toEqual([
      undefined,
      [7, 2],
      undefined,
    ]);
    expect(() => readOverview(written("newer", bytes), { x: [2, 3] })).toThrow("version 40");
  });

  test("that is damaged, cyclic or another kind of file is one error", () => {
    const bytes = model(graph);
    expect(() => readOverview(written("cut", bytes.subarray(0, 60)))).toThrow(
      /cut\.onnx.*cut short/s,
    );
    const cyclic = { ...graph, node: [{ op_type: "Relu", input: ["y"], output: ["y"] }] };
    expect(() => readOverview(written("cyclic", model(cyclic)))).toThrow("circle");
    expect(() => readOverview(written("empty", new Uint8Array()))).toThrow("empty.onnx");
    expect(() => readOverview("models/lenet/lenet.prototxt")).toThrow("lenet.prototxt");
    expect(() => readOverview(join(folder, "none.onnx"))).toThrow("none.onnx");
  });
});
