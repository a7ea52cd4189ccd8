import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { writeFilesAtomically } from "../../../src/io/files/atomic-file.ts";
import type { Net } from "../../../src/net/net.ts";
import { toOnnx } from "../../../src/onnx/export/to-onnx.ts";
import type { GraphValue, OnnxModel } from "../../../src/onnx/graph/model.ts";
import { netOf, noise, write } from "../../support/nets.ts";
import { answersOf, bothAnswers, fillParams, openSession } from "../../support/onnx-runtime.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const input = (...dims: readonly number[]): string =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} } } }`;

/** A net of TEST with parameters as after training. */
function testNet(text: string): Net {
  const net = netOf(text, { phase: "TEST" });
  fillParams(net);
  return net;
}

const shown = ({ name, axes }: GraphValue): string =>
  `${name}: ${axes.map((axis) => (typeof axis === "number" ? axis : axis.symbol)).join("x")}`;

const forms = ({ inputs, outputs }: OnnxModel): string[] => [...inputs, ...outputs].map(shown);

/** Both answers for inputs of that shape. */
async function expectSame(
  net: Net,
  session: InferenceSession,
  shape: readonly number[],
): Promise<void> {
  net.blob("data").reshape(shape);
  write(net.blob("data"), noise(net.blob("data").count(), 3));
  for (const { name, got, shape: own, want } of await answersOf(net, session)) {
    expect(got.dims, name).toEqual(own);
    const size = Math.max(...want.map(Math.abs));
    expect(got.data as Float32Array, name).toBeAllClose(want, { rtol: 1e-4, atol: 1e-5 * size });
  }
}

const CONVOLUTIONS = `${input(2, 3, 15, 18)}
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 pad: 1 bias_term: false } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }
  layer { name: "ave" type: "Pooling" bottom: "pool" top: "ave" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }
  layer { name: "up" type: "Deconvolution" bottom: "ave" top: "up" convolution_param { num_output: 4 group: 2 kernel_size: 4 stride: 2 } }
  layer { name: "upscale" type: "Scale" bottom: "up" top: "upscaled" scale_param { bias_term: true } }
  layer { name: "crop" type: "Crop" bottom: "upscaled" bottom: "pool" top: "crop" crop_param { offset: 1 } }
  layer { name: "join" type: "Concat" bottom: "crop" bottom: "pool" top: "join" }`;

describe("axes", () => {
  test("batch, height and width stay open where every layer takes any", async () => {
    using net = testNet(CONVOLUTIONS);
    const model = await toOnnx(net);
    expect(shown(model.inputs[0] as GraphValue)).toBe("data: batchx3xheightxwidth");
    expect(model.outputs[0]?.axes[1]).toBe(8);
    for (const shape of [
      [1, 3, 15, 18],
      [3, 3, 16, 19],
      [2, 3, 22, 31],
    ]) {
      await expectSame(net, await openSession(model.toBuffer()), shape);
    }
  });

  test("a layer with weights for every place leaves the batch alone open", async () => {
    using net = testNet(`${CONVOLUTIONS}
      layer { name: "ip" type: "InnerProduct" bottom: "join" top: "ip" inner_product_param { num_output: 5 } }`);
    const model = await toOnnx(net);
    expect(forms(model)).toEqual(["data: batchx3x15x18", "ip: batchx5"]);
    await expectSame(net, await openSession(model.toBuffer()), [5, 3, 15, 18]);
  });

  test("what a translation must know stays as it is", async () => {
    using net = testNet(`${input(2, 4, 4, 6)}
      layer { name: "r" type: "Reorg" bottom: "data" top: "r" reorg_param { stride: 2 } }`);
    expect(forms(await toOnnx(net))).toEqual(["data: batchx4x4x6", "r: batchx16x2x3"]);
  });

  test("batch fixes the number of samples, and leaves the net as it was", async () => {
    using net = testNet(`${input(2, 3)} layer { name: "t" type: "TanH" bottom: "data" top: "y" }`);
    expect(forms(await toOnnx(net, { batch: 7 }))).toEqual(["data: 7x3", "y: 7x3"]);
    expect(net.blob("data").shape).toEqual([2, 3]);
    expect(net.blob("y").shape).toEqual([2, 3]);
  });
});

describe("rows that only the run counts", () => {
  const text = `${input(3, 4)}
    layer { name: "keep" type: "Input" top: "keep" input_param { shape { dim: 3 } } }
    layer { name: "f" type: "Filter" bottom: "data" bottom: "keep" top: "f" }
    layer { name: "ip" type: "InnerProduct" bottom: "f" top: "ip" inner_product_param { num_output: 2 } }`;

  test("go on under a name of their own", async () => {
    using net = testNet(text);
    const model = await toOnnx(net, { batch: 3 });
    expect(forms(model)).toEqual(["data: 3x4", "keep: 3", "ip: f_countx2"]);
    const session = await openSession(model.toBuffer());
    write(net.blob("data"), noise(12));
    write(net.blob("keep"), [1, 0, 2]);
    const [answer] = await answersOf(net, session);
    expect(answer?.got.dims).toEqual([2, 2]);
    expect(answer?.got.data).toBeAllClose(answer?.want ?? [], { rtol: 1e-4 });
  });

  test("cannot be what a layer has to know", async () => {
    using net = testNet(`${text}
      layer { name: "t" type: "Reshape" bottom: "ip" top: "t" reshape_param { shape { dim: 1 dim: 1 dim: -1 dim: 2 } } }
      layer { name: "s" type: "SPP" bottom: "t" top: "s" spp_param { pyramid_height: 1 } }`);
    await expect(toOnnx(net)).rejects.toThrow(
      /f_count, has to be known.*follows from what the net computes/,
    );
  });
});

test("data of constant fillers are constants", async () => {
  using net = testNet(`${input(2, 3)}
    layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 2 dim: 3 } data_filler { value: 4 } } }
    layer { name: "e" type: "Eltwise" bottom: "data" bottom: "d" top: "e" }`);
  const model = await toOnnx(net);
  expect(forms(model)).toEqual(["data: 2x3", "e: 2x3"]);
  await expectSame(net, await openSession(model.toBuffer()), [2, 3]);
});

describe("folding", () => {
  test("lines go into the weights before them, and back out with fold: false", async () => {
    using net = testNet(CONVOLUTIONS);
    const folded = await toOnnx(net);
    expect(folded.operators).not.toContain("BatchNormalization");
    expect(folded.operators).not.toContain("Mul");
    const plain = await toOnnx(net, { fold: false });
    expect(plain.operators).toEqual(expect.arrayContaining(["BatchNormalization", "Mul", "Add"]));
    await expectSame(net, await openSession(plain.toBuffer()), [2, 3, 15, 18]);
  });

  test("what others read too stays", async () => {
    using net = testNet(`${input(2, 3, 4, 4)}
      layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
      layer { name: "s" type: "Scale" bottom: "c" top: "s" }
      layer { name: "e" type: "Eltwise" bottom: "c" bottom: "s" top: "e" }`);
    const model = await toOnnx(net);
    expect(model.operators).toEqual(["Add", "Conv", "Mul"]);
    await expectSame(net, await openSession(model.toBuffer()), [2, 3, 4, 4]);
  });

  test("a line along another axis than the channels stays", async () => {
    using net = testNet(`${input(2, 3, 3, 3)}
      layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 3 kernel_size: 1 } }
      layer { name: "s" type: "Scale" bottom: "c" top: "s" scale_param { axis: -1 } }`);
    const model = await toOnnx(net);
    expect(model.operators).toEqual(["Conv", "Mul"]);
    await expectSame(net, await openSession(model.toBuffer()), [2, 3, 3, 3]);
  });

  test("InnerProduct takes a line in, whichever way its weights lie", async () => {
    for (const transpose of [true, false]) {
      using net = testNet(`${input(2, 3)}
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 transpose: ${transpose} } }
        layer { name: "bn" type: "BatchNorm" bottom: "ip" top: "ip" }
        layer { name: "b" type: "Bias" bottom: "ip" top: "y" }`);
      const model = await toOnnx(net);
      expect(model.operators).toEqual(["Gemm"]);
      await expectSame(net, await openSession(model.toBuffer()), [2, 3]);
    }
  });
});

describe("ends", () => {
  const classes = `${input(3, 4)}
    layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 5 } }`;

  test("a loss gives probabilities; the score, the label and what they alone read go", async () => {
    using net = testNet(`${classes}
      layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`);
    const model = await toOnnx(net);
    expect(forms(model)).toEqual(["data: batchx4", "prob: batchx5"]);
    expect(model.operators).toEqual(["Gemm", "Softmax"]);
  });

  test("a second top of a loss gives the output its name", async () => {
    using net = testNet(`${classes}
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" top: "p" }`);
    expect(forms(await toOnnx(net))).toEqual(["data: batchx4", "p: batchx5"]);
  });

  test("probabilities of several losses are told apart by the layers' names", async () => {
    using net = testNet(`${classes}
      layer { name: "ip2" type: "InnerProduct" bottom: "ip" top: "ip2" inner_product_param { num_output: 5 } }
      layer { name: "loss1" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss1" }
      layer { name: "loss2" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss2" }`);
    expect(forms(await toOnnx(net))).toEqual([
      "data: batchx4",
      "prob/loss1: batchx5",
      "prob/loss2: batchx5",
    ]);
  });

  test("other losses give what they compare, and a score what it counts where nothing else reads it", async () => {
    using net = testNet(`${classes}
      layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }`);
    expect(forms(await toOnnx(net))).toEqual(["data: batchx4", "ip: batchx5"]);
    using distance = testNet(`${input(3, 5)}
      layer { name: "t" type: "Input" top: "t" input_param { shape { dim: 3 dim: 4 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
      layer { name: "s" type: "Sigmoid" bottom: "ip" top: "s" }
      layer { name: "l" type: "EuclideanLoss" bottom: "s" bottom: "t" top: "l" }
      layer { name: "m" type: "SigmoidCrossEntropyLoss" bottom: "ip" bottom: "t" top: "m" }`);
    expect(forms(await toOnnx(distance))).toEqual(["data: batchx5", "s: batchx4", "prob: batchx4"]);
  });
});

describe("names", () => {
  test("of layers in place the last has the blob's, and an input keeps its own", async () => {
    using net = testNet(`${input(2, 3)}
      layer { name: "r" type: "ReLU" bottom: "data" top: "data" }
      layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
      layer { name: "t" type: "TanH" bottom: "ip" top: "ip" }
      layer { name: "u" type: "Power" bottom: "ip" top: "ip" power_param { shift: 1 } }`);
    const bytes = (await toOnnx(net)).toBuffer();
    const text = Buffer.from(bytes).toString("latin1");
    for (const name of ["data/r", "ip/ip", "ip/t", "ip.weight"]) expect(text).toContain(name);
    await expectSame(net, await openSession(bytes), [2, 3]);
  });

  test("blobs that are one value have names of their own as outputs", async () => {
    using net = testNet(`${input(2, 3)}
      layer { name: "t" type: "TanH" bottom: "data" top: "y" }
      layer { name: "d" type: "Dropout" bottom: "y" top: "z" }
      layer { name: "s" type: "Split" bottom: "z" top: "u" top: "v" }`);
    write(net.blob("data"), noise(6));
    const answers = await bothAnswers(net);
    expect(answers.map(({ name }) => name)).toEqual(["u", "v"]);
    for (const { got, want } of answers) expect(got.data).toBeAllClose(want, { rtol: 1e-5 });
  });

  test("layers that share weights share a constant", async () => {
    using net = testNet(`${input(2, 30)}
      layer { name: "a" type: "InnerProduct" bottom: "data" top: "a" param { name: "w" } inner_product_param { num_output: 30 bias_term: false } }
      layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" param { name: "w" } inner_product_param { num_output: 30 bias_term: false } }`);
    const model = await toOnnx(net);
    expect(model.weightBytes).toBe(30 * 30 * 4);
    await expectSame(net, await openSession(model.toBuffer()), [2, 30]);
  });
});

test("weights over the limit lie in a file beside it, from which ONNX Runtime takes them", async () => {
  using net = testNet(`${input(2, 40)}
    layer { name: "a" type: "InnerProduct" bottom: "data" top: "a" inner_product_param { num_output: 30 } }
    layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 20 } }
    layer { name: "small" type: "InnerProduct" bottom: "b" top: "y" inner_product_param { num_output: 2 } }`);
  const model = await toOnnx(net);
  const path = join(temporaryFolder(), "größer.onnx");
  const files = model.files(path, model.weightBytes - 1);
  expect(files.map((file) => file.path)).toEqual([`${path}.data`, path]);
  writeFilesAtomically(files);
  // Biases and the last layer's weights are too small to be sought elsewhere.
  expect(statSync(`${path}.data`).size).toBe(4 * (40 * 30 + 30 * 20));
  expect(statSync(path).size).toBeLessThan(3000);
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 });
  await expectSame(net, session, [2, 40]);
  rmSync(`${path}.data`);
  await expect(InferenceSession.create(path, { logSeverityLevel: 4 })).rejects.toThrow(".data");
  expect(model.files(path, model.weightBytes)).toHaveLength(1);
});

test("weights are the net's when the file is written, and f64 becomes f32", async () => {
  using net = netOf(
    `${input(1, 2)} layer { name: "ip" type: "InnerProduct" bottom: "data" top: "y" inner_product_param { num_output: 1 } }`,
    { phase: "TEST", dtype: "f64" },
  );
  const model = await toOnnx(net);
  net.learnableParams[0]?.blob.assign([2, 3]);
  const session = await openSession(model.toBuffer());
  const { y } = await session.run({ data: new Tensor("float32", [1, 10], [1, 2]) });
  expect(y?.data).toEqual(Float32Array.of(32));
});

describe("refusals", () => {
  test("a net of TRAIN, one that gives nothing, and unknown options", async () => {
    using train = netOf(input(1, 2), { phase: "TRAIN" });
    await expect(toOnnx(train)).rejects.toThrow(/phase TRAIN.*phase: "TEST"/);
    using nothing = netOf(input(1, 2), { phase: "TEST" });
    await expect(toOnnx(nothing)).rejects.toThrow("gives nothing");
    await expect(toOnnx(nothing, { opset: 10 })).rejects.toThrow("whole number from 11 to 21");
    await expect(toOnnx(nothing, { batch: 0 })).rejects.toThrow("whole number from 1");
  });

  test("every layer without a form in ONNX is named, with the reason", async () => {
    const choose = (name: string): string =>
      `layer { name: "${name}" type: "BoxAnnotatorOHEM" bottom: "data" bottom: "loss" bottom: "loss" bottom: "loss" top: "${name}" top: "${name}_weights" box_annotator_ohem_param { roi_per_img: 1 } }`;
    using net = testNet(`${input(3, 5, 1, 1)}
      layer { name: "loss" type: "Input" top: "loss" input_param { shape { dim: 3 dim: 1 dim: 1 dim: 1 } } }
      ${choose("m")} ${choose("n")}`);
    await expect(toOnnx(net)).rejects.toThrow(
      '"m" (BoxAnnotatorOHEM: it chooses what to learn from, which inference has no use for), "n" (BoxAnnotatorOHEM: ',
    );
  });
});
