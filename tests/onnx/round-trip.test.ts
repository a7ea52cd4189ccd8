// Nets that were written as ONNX and are read again: the same numbers, and nets that learn.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Blob } from "../../src/blob/blob.ts";
import { writeFilesAtomically } from "../../src/io/files/atomic-file.ts";
import { Net } from "../../src/net/net.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { translations } from "../../src/onnx/export/translations.ts";
import { Constant } from "../../src/onnx/import/constant.ts";
import { transposed } from "../../src/onnx/import/fold/arrays.ts";
import { fromOnnx, type ImportedNet, importModel } from "../../src/onnx/import/from-onnx.ts";
import { CaffeError } from "../../src/util/errors.ts";
import { bottomsOf, type Row } from "../support/configurations.ts";
import { lossesOf } from "../support/imported-onnx.ts";
import { layerNet, noise, write } from "../support/nets.ts";
import { onnxConfigurations } from "../support/onnx-configurations.ts";
import { fillParams } from "../support/onnx-runtime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A net as it comes back, for inputs of the shapes that it has now. */
async function back(net: Net): Promise<ImportedNet> {
  const model = await toOnnx(net);
  const shapes = model.inputs.map(({ name }) => [name, net.blob(name).shape] as const);
  return importModel(model.toBuffer(), "net.onnx", { shapes: Object.fromEntries(shapes) });
}

/** A blob's elements with its axes in another order. */
function inOrder(blob: Blob, order: readonly number[] | undefined): Constant {
  const own = new Constant("float", blob.shape, blob.values());
  return order ? transposed(own, order) : own;
}

/** Runs a net, whose inputs are written, and the one that came back. */
async function expectEqual(net: Net, imported: ImportedNet, tolerance: number): Promise<void> {
  const { deploy, weights } = imported;
  using other = new Net(deploy, { phase: "TEST", silent: true, weights });
  for (const { name, blob, order } of imported.inputs) {
    const back = order?.map((_, axis) => order.indexOf(axis));
    const { dims, values } = inOrder(net.blob(name), back);
    other.blob(blob).assign({ shape: dims, data: values });
  }
  await net.forward();
  await other.forward();
  expect(imported.outputs.length).toBeGreaterThan(0);
  for (const { name, blob, order } of imported.outputs) {
    const want = net.blob(net.blobs.has(name) ? name : name.replace(/\/[^/]*$/, ""));
    const got = inOrder(other.blob(blob), order);
    expect(got.dims, name).toEqual(want.shape);
    const size = Array.from(want.values()).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(got.values, name).toBeAllClose(want.values(), { rtol: 0, atol: tolerance * size });
  }
}

/** A net of one layer with its inputs written. */
function prepared(type: string, [fields, ...rest]: Row): Net {
  const { shapes, inputs } = bottomsOf([fields, ...rest]);
  const net = layerNet(`type: "${type}" ${fields.replace("phase: TRAIN", "")}`, shapes, {
    phase: "TEST",
  });
  fillParams(net);
  shapes.forEach((_, i) => {
    const blob = net.blob(String.fromCharCode(97 + i));
    write(blob, inputs[i] ?? noise(blob.count(), 7 + i));
  });
  return net;
}

/** Layer types of which some use at least comes back as layers. */
const COME_BACK: readonly string[] = [
  "APL AbsVal Axpy BN BNLL BatchNorm BatchToSpaceND Bias Clip ColinearConvolution",
  "Concat Convolution ConvolutionDepthwise Crop DecodeBBox Deconvolution DenseBlock DepthToSpace",
  "DepthwiseConvolution Dropout ELU Eltwise EltwiseAffine Embed Exp Flatten Flip GRN Gather",
  "HardSwish Im2col InnerDistance InnerProduct Insanity Interp LRN LSTM LSTMUnit Log Lstm",
  "MVN Mul Normalize PReLU Pad Permute Pooling Power RNN RReLU ReLU ReLU6 Reduction",
  "Reorg Reshape ResizeBilinear ResizeNearestNeighbor SPP Scale SeLU SeLu SeLuDropout",
  "ShuffleChannel Sigmoid Slice Softmax SpaceToBatchND SpaceToDepth SpatialDropout Split Squeeze",
  "Swish TanH Threshold Tile Transpose TreepoolKernel1L TreepoolMaxAve Upsample UpsampleDarknet",
].flatMap((line) => line.split(" "));

// A margin is of training, and does not come along.
const types = Object.keys(onnxConfigurations).filter(
  (type) => translations.has(type) && type !== "MarginInnerProduct",
);

describe.each(types)("%s", (type) => {
  test("gives the same when it comes back", async () => {
    let count = 0;
    for (const row of onnxConfigurations[type] ?? []) {
      using net = prepared(type, row);
      // Uses that no operator has a form for, and forms that no layer does the work of, are refused: tests of their own see to that.
      const imported = await back(net).catch((error: unknown) => {
        if (!(error instanceof CaffeError)) throw error;
      });
      if (!imported) continue;
      count++;
      await expectEqual(net, imported, 1e-5);
    }
    if (COME_BACK.includes(type)) expect(count).toBeGreaterThan(0);
  });
});

test.each([
  ["lenet/lenet", 1e-5],
  ["autoencoder/deploy", 1e-5],
  ["siamese/deploy", 1e-5],
  ["cifar10_quick/cifar10_quick", 1e-5],
  ["shufflenet/deploy", 1e-4],
  ["squeezenet/deploy", 1e-4],
] as const)("models/%s comes back", async (model, tolerance) => {
  using net = new Net(`models/${model}.prototxt`, { phase: "TEST", silent: true });
  fillParams(net);
  const [data] = net.inputBlobs;
  data?.reshape([1, ...data.shape.slice(1)]);
  net.reshape();
  data?.assign({ shape: data.shape, data: noise(data.count()) });
  await expectEqual(net, await back(net), tolerance);
});

test("LeNet learns when it has come back", async () => {
  using net = new Net("models/lenet/lenet.prototxt", { phase: "TEST", silent: true });
  fillParams(net);
  const losses = await lossesOf(await back(net), { iterations: 10, batch: 8, rate: 0.01 });
  expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0));
});

test("weights that lie in a file beside it come back too", async () => {
  using net = new Net("models/lenet/lenet.prototxt", { phase: "TEST", silent: true });
  fillParams(net);
  const path = join(temporaryFolder(), "lenet.onnx");
  writeFilesAtomically((await toOnnx(net)).files(path, 0));
  expect(existsSync(`${path}.data`)).toBe(true);
  const [data] = net.inputBlobs;
  data?.reshape([1, 1, 28, 28]);
  data?.assign({ shape: data.shape, data: noise(784) });
  await expectEqual(net, fromOnnx(path), 1e-5);
});
