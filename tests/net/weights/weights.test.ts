import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import { writeHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { messageType } from "../../../src/io/proto/messages.ts";
import {
  decodeCaffemodel,
  encodeCaffemodel,
  readCaffemodel,
} from "../../../src/io/weights/caffemodel.ts";
import type { Net } from "../../../src/net/net.ts";
import type { TrainedWeights } from "../../../src/net/weights/trained-weights.ts";
import { FormatError } from "../../../src/util/errors.ts";
import type { Log } from "../../../src/util/log.ts";
import { keptLog, netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

const input = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }';
const ip = (name: string, bottom: string, more = ""): string =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } ${more} }`;
const net = (seed = 1, more = ""): Net =>
  netOf(`${input} ${ip("a", "x")} ${ip("b", "a")} ${more}`, { seed });
const weightsOf = (one: Net): number[][] =>
  one.learnableParams.map(({ blob }) => [...blob.values()]);
const bytesOf = (one: Net, withDiff = false): Uint8Array =>
  Buffer.concat(encodeCaffemodel(one.toParameter(withDiff)));
const floats = (
  shape: readonly number[],
  first = 0,
): { shape: readonly number[]; data: Float32Array } => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
});

describe("copyFrom", () => {
  test("copies by layer name: unknown layers are logged, those the file lacks keep what they have", () => {
    const { log, lines } = keptLog();
    const from = netOf(`${input} ${ip("c", "x")} ${ip("b", "c")}`, { seed: 2 });
    const to = netOf(`${input} ${ip("a", "x")} ${ip("b", "a")}`, { seed: 1, log });
    const before = weightsOf(to);
    to.copyFrom(decodeCaffemodel(bytesOf(from), "c.caffemodel"));
    expect(weightsOf(to)).toEqual([before[0], before[1], ...weightsOf(from).slice(2)]);
    expect(lines.filter((line) => line.includes("Ignoring"))).toEqual([
      "net] Ignoring source layer c",
    ]);
  });

  test.each([
    [
      "a shape",
      [floats([3, 4]), floats([3])],
      "Cannot copy param 0 weights from layer 'a'; shape mismatch.  Source param shape is 3 4 (12); target param shape is 3 3 (9). To learn this layer's parameters from scratch rather than copying from a saved net, rename the layer.",
    ],
    ["a transposed shape of equal count", [floats([9, 1]), floats([3])], "shape mismatch"],
    ["too few blobs", [floats([3, 3])], "Incompatible number of blobs for layer a"],
    [
      "too many blobs",
      [floats([3, 3]), floats([3]), floats([1])],
      "Incompatible number of blobs for layer a",
    ],
    ["no blobs", [], "Incompatible number of blobs for layer a"],
  ])("refuses %s that does not fit, and copies nothing then", (_what, blobs, message) => {
    const to = net();
    const before = weightsOf(to);
    const weights: TrainedWeights = {
      source: "w.caffemodel",
      layers: [
        { name: "b", blobs: [floats([3, 3], 100), floats([3])] },
        { name: "a", blobs },
      ],
    };
    expect(() => to.copyFrom(weights)).toThrow(message);
    expect(() => to.copyFrom(weights)).toThrow("w.caffemodel: ");
    expect(weightsOf(to)).toEqual(before);
  });

  test("takes legacy shapes: 1×1×O×I of an inner product, 1×1×1×O of a bias, in a V1 file", () => {
    const legacy = (height: number, width: number, first: number): object => ({
      num: 1,
      channels: 1,
      height,
      width,
      data: [...floats([height * width], first).data],
    });
    const type = messageType("NetParameter");
    const old = type.encode(
      type.fromObject({
        layers: [{ name: "a", type: "INNER_PRODUCT", blobs: [legacy(3, 3, 1), legacy(1, 3, 50)] }],
      }),
    );
    const to = net();
    to.copyFrom(decodeCaffemodel(old.finish(), "old.caffemodel"));
    expect(weightsOf(to).slice(0, 2)).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [50, 51, 52],
    ]);
    const wrong = type.encode(
      type.fromObject({
        layers: [{ name: "a", type: "INNER_PRODUCT", blobs: [legacy(9, 1, 1), legacy(1, 3, 50)] }],
      }),
    );
    expect(() => to.copyFrom(decodeCaffemodel(wrong.finish(), "wrong"))).toThrow(
      "Source param shape is 1 1 9 1 (9); target param shape is 3 3 (9)",
    );
  });

  test("reads HDF5 by its signature, whatever the file is called", () => {
    const path = join(root, "weights.caffemodel");
    writeHdf5(path, {
      data: {
        a: { 0: floats([3, 3], 7), 1: floats([3], 1) },
        other: { 0: floats([2]) },
        in: {},
      },
    });
    const { log, lines } = keptLog();
    const to = net();
    to.copyFrom(readCaffemodel(path), log);
    expect(weightsOf(to)[0]).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(lines).toEqual([
      "net] Ignoring source layer other",
      `net] Copied layer "a" of net "" from ${path}`,
      `net] No weights file has filled layer "b" of net "": what their fillers gave them stays.`,
    ]);
  });

  test("HDF5 holds a shared parameter once: sharers may lack it, owners may not", () => {
    const shares = 'param { name: "w" }';
    const to = netOf(`${input} ${ip("a", "x", shares)} ${ip("b", "a", shares)}`);
    const path = join(root, "shared.h5");
    writeHdf5(path, {
      data: { a: { 0: floats([3, 3]), 1: floats([3]) }, b: { 1: floats([3], 5) } },
    });
    to.copyFrom(readCaffemodel(path));
    expect([...(to.layers[2]?.blobs[0]?.values() ?? [])]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(weightsOf(to)[2]).toEqual([5, 6, 7]);
    writeHdf5(path, {
      data: { a: { 1: floats([3]) }, b: { 0: floats([3, 3]), 1: floats([3], 5) } },
    });
    expect(() => to.copyFrom(readCaffemodel(path))).toThrow(
      "Incompatible number of blobs for layer a",
    );
  });

  test("a float64 net takes float32 weights, and the other way round", () => {
    const double = netOf(`${input} ${ip("a", "x")} ${ip("b", "a")}`, { dtype: "f64", seed: 5 });
    const single = net(6);
    double.copyFrom(decodeCaffemodel(bytesOf(single), "f32"));
    expect(weightsOf(double)).toEqual(weightsOf(single));
    const back = net(7);
    back.copyFrom(decodeCaffemodel(bytesOf(double), "f64"));
    expect(weightsOf(back)).toEqual(weightsOf(single));
  });
});

describe("toParameter", () => {
  test("holds every layer, splits included, with its parameters, and the gradients if asked for", () => {
    const one = net(
      1,
      'layer { name: "s" type: "Silence" bottom: "b" } layer { name: "t" type: "Silence" bottom: "b" }',
    );
    one.learnableParams[0]?.blob.diffMem.overwriteCpu().set([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const plain = one.toParameter();
    expect(plain.layer?.map(({ name }) => name)).toEqual(["in", "a", "b", "b_b_0_split", "s", "t"]);
    expect(plain.layer?.map(({ blobs }) => blobs?.length ?? 0)).toEqual([0, 2, 2, 0, 0, 0]);
    expect(plain.layer?.[1]?.blobs?.[0]?.diff).toBeUndefined();
    expect([...(one.toParameter(true).layer?.[1]?.blobs?.[0]?.diff ?? [])]).toEqual([
      9, 8, 7, 6, 5, 4, 3, 2, 1,
    ]);
  });

  test("comes back the same through a file", () => {
    const one = net(3);
    const path = join(root, "same.caffemodel");
    writeFileSync(path, bytesOf(one, true));
    const other = net(4);
    other.copyFrom(readCaffemodel(path));
    expect(weightsOf(other)).toEqual(weightsOf(one));
  });
});

describe("weights in the prototxt", () => {
  const given =
    "blobs { shape { dim: 3 dim: 3 } data: [1, 2, 3, 4, 5, 6, 7, 8, 9] } blobs { shape { dim: 3 } data: [1, 1, 1] }";

  test("are taken instead of filling", () => {
    const { log, lines } = keptLog();
    const one = netOf(`${input} ${ip("a", "x", given)}`, { log });
    expect(weightsOf(one)).toEqual([
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
      [1, 1, 1],
    ]);
    expect(lines).toContain("layer] Skipping parameter initialization");
    expect(lines[0]).not.toContain("blobs {");
  });

  test("may have legacy shapes, and take the layer's", () => {
    const legacy =
      "blobs { num: 1 channels: 1 height: 3 width: 3 data: [1, 2, 3, 4, 5, 6, 7, 8, 9] } blobs { num: 1 channels: 1 height: 1 width: 3 data: [1, 1, 1] }";
    const one = netOf(`${input} ${ip("a", "x", legacy)}`);
    expect(one.learnableParams.map(({ blob }) => blob.shape)).toEqual([[3, 3], [3]]);
  });

  test.each([
    [
      "blobs { shape { dim: 3 dim: 3 } data: [1, 2, 3, 4, 5, 6, 7, 8, 9] }",
      "1 blobs are given. Expected 2",
    ],
    [
      given.replace("dim: 3 dim: 3", "dim: 9 dim: 1"),
      "blob 0 is given with shape (9,1). Expected (3,3)",
    ],
    [given.replace("data: [1, 1, 1]", "data: [1, 1]"), "holds 2 values. Expected 3"],
  ])("%s: says what does not fit", (blobs, message) => {
    expect(() => netOf(`${input} ${ip("a", "x", blobs)}`)).toThrow(message);
  });
});

describe("shareWith", () => {
  test("uses the other net's memory for layers of the same name", () => {
    const { log, lines } = keptLog();
    const train = netOf(`${input} ${ip("a", "x")} ${ip("c", "a")}`, { seed: 1 });
    const check = net(2);
    const own = weightsOf(check).slice(2);
    check.shareWith(train, log);
    train.learnableParams[0]?.blob.dataMem.mutableCpu().fill(5);
    expect(weightsOf(check)).toEqual([new Array(9).fill(5), weightsOf(train)[1], ...own]);
    expect(lines).toEqual(["net] Ignoring source layer c"]);
  });

  test("warns where nothing is shared", () => {
    const { log, lines } = keptLog();
    const [check, other] = [net(2), netOf(`${input} ${ip("q", "x")}`)];
    check.shareWith(other, log);
    expect(lines).toContain(
      "net] No layer with parameters is in both nets: nothing is shared. Expected layers of the same names.",
    );
    lines.length = 0;
    check.shareWith(netOf(input), log);
    expect(lines).toEqual([]);
  });

  test("of several layers of one name the first shares with the first, and so on", () => {
    const twice = (seed: number): Net =>
      netOf(`${input} ${ip("a", "x")} ${ip("a", "a").replace('top: "a"', 'top: "c"')}`, { seed });
    const [from, to] = [twice(1), twice(2)];
    to.shareWith(from);
    expect(weightsOf(to)).toEqual(weightsOf(from));
    expect(weightsOf(to)[0]).not.toEqual(weightsOf(to)[2]);
    to.layers.forEach(({ blobs }, i) => {
      for (const [k, blob] of blobs.entries()) {
        expect(blob.dataMem).toBe(from.layers[i]?.blobs[k]?.dataMem);
      }
    });
  });

  test("refuses other shapes and numbers of blobs", () => {
    const wider = netOf(`${input} ${ip("a", "x").replace("num_output: 3", "num_output: 4")}`);
    expect(() => net().shareWith(wider)).toThrow(
      "Cannot share param 0 weights from layer 'a'; shape mismatch.  Source param shape is 4 3 (12); target param shape is 3 3 (9).",
    );
    const bare = netOf(
      `${input} ${ip("a", "x").replace("num_output: 3", "num_output: 3 bias_term: false")}`,
    );
    expect(() => net().shareWith(bare)).toThrow("has 1 blobs in one net and 2");
  });
});

test("save tells of a file that is too large for Caffe, and writes none that nobody could read", () => {
  const path = join(root, "large.caffemodel");
  // What it is told ends the test before gigabytes are written.
  const log: Log = (severity, _, message) => {
    if (severity === "warning") throw new Error(message);
  };
  const saving = (values: number, withDiff = false): (() => void) => {
    const large = netOf(`${input} ${ip("a", "x")}`, { log });
    large.layers[1]?.blobs.push(new Blob([values]));
    return () => large.save(path, withDiff);
  };
  const warning = `"${path}" holds 2.0 GiB. BVLC Caffe reads 2 GiB at most; saveHdf5 has no such limit.`;
  expect(saving(2 ** 29)).toThrow(warning);
  expect(saving(2 ** 28, true)).toThrow(warning);
  expect(saving(2 ** 30)).toThrow(FormatError);
  expect(saving(2 ** 29, true)).toThrow(`"${path}" would hold 4.0 GiB. Expected less than 4 GiB`);
  expect(existsSync(path)).toBe(false);
});
