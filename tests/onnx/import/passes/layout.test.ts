import { expect, test } from "vitest";
import { importModel } from "../../../../src/onnx/import/from-onnx.ts";
import { distancesOf } from "../../../support/imported-onnx.ts";
import { type FileContent, noisy, onnxFile, positive, scalar } from "../../../support/onnx-file.ts";

const TO_PLANES = { perm: [0, 3, 1, 2] };
const TO_LAST = { perm: [0, 2, 3, 1] };

/** The inside of a net as Keras has it: images with channels last, Transposes around every convolution. */
const BODY: FileContent["nodes"] = [
  ["Sub", ["image", "mean"], ["centred"]],
  ["Transpose", ["centred"], ["p1"], TO_PLANES],
  ["Conv", ["p1", "w1"], ["c1"], { auto_pad: "SAME_UPPER", strides: [2, 2] }],
  ["Transpose", ["c1"], ["l1"], TO_LAST],
  ["Add", ["l1", "b1"], ["a1"]],
  ["Relu", ["a1"], ["r1"]],
  ["Transpose", ["r1"], ["p2"], TO_PLANES],
  ["Conv", ["p2", "w2"], ["c2"], { auto_pad: "SAME_UPPER" }],
  ["Transpose", ["c2"], ["l2"], TO_LAST],
  ["Mul", ["l2", "scale"], ["m2"]],
  ["Add", ["m2", "r1"], ["sum"]],
  ["Clip", ["sum", "zero", "six"], ["r2"]],
];

const CONSTANTS: FileContent["constants"] = {
  mean: noisy([3], 1),
  w1: noisy([6, 3, 3, 3], 2),
  b1: noisy([6], 3),
  w2: noisy([6, 6, 3, 3], 4),
  scale: positive([1, 1, 1, 6]),
  zero: scalar(0),
  six: scalar(6),
};

async function typesOf(content: FileContent): Promise<(string | undefined)[]> {
  const bytes = onnxFile(content);
  const imported = importModel(bytes, "keras.onnx");
  expect(imported.inputs[0]?.shape).toEqual([2, 3, 9, 8]);
  for (const { relative } of await distancesOf(bytes, imported)) {
    expect(relative).toBeLessThan(1e-5);
  }
  return imported.deploy.layer?.slice(1).map(({ type }) => type) ?? [];
}

test("a classifier with channels last has none", async () => {
  const types = await typesOf({
    inputs: { image: [2, 9, 8, 3] },
    outputs: ["prob"],
    nodes: [
      ...BODY,
      ["ReduceMean", ["r2"], ["pooled"], { axes: [1, 2], keepdims: 0 }],
      ["MatMul", ["pooled", "m"], ["product"]],
      ["Add", ["product", "b"], ["scores"]],
      ["Softmax", ["scores"], ["prob"]],
    ],
    constants: { ...CONSTANTS, m: noisy([6, 4], 5), b: noisy([4], 6) },
  });
  expect(types).not.toContain("Permute");
  expect(types.slice(-5)).toEqual(["ReLU6", "Pooling", "Flatten", "InnerProduct", "Softmax"]);
});

test("a segmenter gives its scores with channels first, and says so", async () => {
  const content: FileContent = {
    inputs: { image: [2, 9, 8, 3] },
    outputs: ["scores"],
    nodes: [
      ...BODY,
      ["Concat", ["r2", "r1"], ["both"], { axis: 3 }],
      ["Softmax", ["both"], ["scores"]],
    ],
    constants: CONSTANTS,
  };
  expect(await typesOf(content)).not.toContain("Permute");
  const [output] = importModel(onnxFile(content), "keras.onnx").outputs;
  expect(output).toMatchObject({ shape: [2, 12, 5, 4], order: [0, 2, 3, 1] });
});

test("what minds the order of axes has it", async () => {
  const types = await typesOf({
    inputs: { image: [2, 9, 8, 3] },
    outputs: ["rows", "image2"],
    nodes: [
      ...BODY,
      ["Flatten", ["r2"], ["flat"]],
      ["Relu", ["flat"], ["rows"]],
      ["Slice", ["image", "s", "e", "e"], ["image1"]],
      ["Neg", ["image1"], ["image2"]],
    ],
    constants: {
      ...CONSTANTS,
      s: { dims: [1], ints: [0] },
      e: { dims: [1], ints: [1] },
    },
  });
  expect(types.filter((type) => type === "Permute")).toHaveLength(2);
});
