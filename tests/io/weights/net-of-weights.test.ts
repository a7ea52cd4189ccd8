import { ftruncateSync, openSync, readdirSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { encodeProto } from "../../../src/io/proto/binary.ts";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { delimited, varint } from "../../../src/io/proto/wire.ts";
import { parsePrototxt, printPrototxt } from "../../../src/io/text/prototxt.ts";
import { readNetParameter } from "../../../src/io/text/read-net.ts";
import { encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { readNetOfWeights } from "../../../src/io/weights/net-of-weights.ts";
import { insertSplits } from "../../../src/net/build/insert-splits.ts";
import { filterByState } from "../../../src/net/build/state.ts";
import { silent } from "../../../src/util/log.ts";
import { keptLog, netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = join(folder, "net.caffemodel");

function recovered(bytes: Uint8Array): { net: NetParameter; lines: string[] } {
  writeFileSync(path, bytes);
  const { log, lines } = keptLog();
  return { net: readNetOfWeights(path, log), lines };
}

/** A net as it stands once it is saved: with splits, each layer with its phase. */
function saved(net: NetParameter, phase: "TRAIN" | "TEST"): Uint8Array {
  const filtered = filterByState(net, { phase, level: 0, stages: [] }, silent);
  const { layer = [], ...rest } = insertSplits(filtered);
  return Buffer.concat(
    encodeCaffemodel({ ...rest, state: { phase }, layer: layer.map((one) => ({ ...one, phase })) }),
  );
}

/** A net without the rules by which a state has its layers or not. */
function withoutRules({ layer = [], ...rest }: NetParameter): NetParameter {
  return { ...rest, layer: layer.map(({ include: _, exclude: __, ...one }) => one) };
}

const nets = readdirSync("models").flatMap((model) =>
  readdirSync(join("models", model))
    .filter((name) => name.endsWith(".prototxt") && !name.includes("solver"))
    .map((name) => join("models", model, name)),
);

test.each(nets)("%s comes back from its weights", (file) => {
  for (const phase of ["TRAIN", "TEST"] as const) {
    const net = readNetParameter(file);
    const { net: back } = recovered(saved(net, phase));
    const filtered = filterByState(net, { phase, level: 0, stages: [] }, silent);
    expect(back.layer?.map(({ name }) => name)).toEqual(filtered.layer?.map(({ name }) => name));
    // What a weights file holds at all is the same again.
    const again = saved(withoutRules(back), phase);
    expect(Buffer.compare(again, saved(withoutRules(filtered), phase))).toBe(0);
  }
});

test("a saved net can be built again, in the other phase too, and takes its weights", async () => {
  const net = netOf(`name: "n"
    layer { name: "data" type: "Input" top: "data" include { phase: TRAIN } input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "drop" type: "Dropout" bottom: "ip" top: "drop" }
    layer { name: "sum" type: "Eltwise" bottom: "ip" bottom: "drop" top: "sum" loss_weight: 0.5 }
    layer { name: "more" type: "Power" bottom: "sum" top: "more" }`);
  net.save(path);
  const back = readNetOfWeights(path, silent);
  expect(back.layer?.map(({ type }) => type)).toEqual([
    "Input",
    "InnerProduct",
    "ReLU",
    "Dropout",
    "Eltwise",
    "Power",
  ]);
  expect(back.layer?.[4]).toEqual({
    name: "sum",
    type: "Eltwise",
    bottom: ["ip", "drop"],
    top: ["sum"],
    loss_weight: [0.5],
  });
  const again = netOf(printPrototxt("NetParameter", back), { phase: "TEST" });
  again.copyFrom(path);
  net.close();
  again.close();
});

test("a layer in place on one of a split's tops does not write over the others", () => {
  const split = parsePrototxt(
    "NetParameter",
    `layer { name: "d" type: "Input" top: "d" }
     layer { name: "s" type: "Split" bottom: "d" top: "d0" top: "d1" }
     layer { name: "r" type: "ReLU" bottom: "d0" top: "d0" }
     layer { name: "a" type: "Eltwise" bottom: "d0" bottom: "d1" top: "a" }`,
  );
  const { net } = recovered(Buffer.concat(encodeCaffemodel(split)));
  expect(net.layer?.slice(1).map(({ bottom, top }) => [bottom, top])).toEqual([
    [["d"], ["d0"]],
    [["d0", "d"], ["a"]],
  ]);
});

test("a net of an old form is upgraded; inputs whose shapes are not told have layers without", () => {
  const old = encodeProto("NetParameter", {
    name: "old",
    input: ["data"],
    layers: [
      {
        name: "ip",
        type: "INNER_PRODUCT",
        bottom: ["data"],
        top: ["ip"],
        inner_product_param: { num_output: 2 },
        blobs: [{ num: 1, channels: 1, height: 2, width: 3, data: [1, 2, 3, 4, 5, 6] }],
        blobs_lr: [1, 2],
      },
    ],
  });
  const { net, lines } = recovered(old);
  expect(net).toEqual({
    name: "old",
    layer: [
      { name: "data", type: "Input", top: ["data"] },
      {
        name: "ip",
        type: "InnerProduct",
        bottom: ["data"],
        top: ["ip"],
        inner_product_param: { num_output: 2 },
        param: [{ lr_mult: 1 }, { lr_mult: 2 }],
      },
    ],
  });
  expect(lines.join("\n")).toContain("the shapes of its inputs (data) are not told");
});

test("what no layer reads, or another Caffe numbers, is left out with a word", () => {
  const layer = Buffer.concat([
    encodeProto("LayerParameter", {
      name: "pool",
      type: "Pooling",
      pooling_param: { kernel_size: 2 },
      relu_param: { negative_slope: 1 },
    }),
    // A field of another Caffe, and SSD's number of Permute, which Pooling does not read.
    ...delimited(2000, [Uint8Array.of(8, 1)]),
    ...delimited(202, [Uint8Array.of(8, 1)]),
  ]);
  const bytes = Buffer.concat([
    ...delimited(100, [layer]),
    ...delimited(12_345, [Uint8Array.of(1)]),
  ]);
  const { net, lines } = recovered(bytes);
  expect(net.layer).toEqual([{ name: "pool", type: "Pooling", pooling_param: { kernel_size: 2 } }]);
  expect(lines).toEqual([
    `caffemodel] ${path}: layer "pool" has fields that its type does not read, or that only another Caffe knows (123, 2000, 202 by number). They are left out.`,
  ]);
  const roi = recovered(
    Buffer.concat(encodeCaffemodel({ layer: [{ name: "r", type: "ROIPooling" }] })),
  );
  expect(roi.lines.join()).toContain(
    'layer "r" (ROIPooling): a .caffemodel does not tell its roi_pooling_param',
  );
});

test("weights of gigabytes take no memory: they are passed over", () => {
  const named = Buffer.concat([encodeProto("LayerParameter", { name: "ip", type: "Power" })]);
  const size = 3 * 2 ** 30;
  const blob = Buffer.from([(7 << 3) | 2, ...varint(size)]);
  const head = Buffer.from([
    ...varint((100 << 3) | 2),
    ...varint(named.length + blob.length + size),
  ]);
  const large = join(folder, "large.caffemodel");
  const handle = openSync(large, "w");
  writeSync(handle, Buffer.concat([head, named, blob]));
  // A file with a hole: it takes no room on the disk either.
  ftruncateSync(handle, head.length + named.length + blob.length + size);
  expect(readNetOfWeights(large, silent)).toEqual({ layer: [{ name: "ip", type: "Power" }] });
});

test("what is no .caffemodel is said", () => {
  const good = saved(readNetParameter("models/lenet/lenet.prototxt"), "TEST");
  for (let length = 1; length < good.length; length += 7) {
    writeFileSync(path, good.subarray(0, length));
    try {
      readNetOfWeights(path, silent);
    } catch (error) {
      expect((error as Error).message).toMatch(/cut short or damaged|it holds no layers/);
    }
  }
  const cases: [string | Uint8Array, string][] = [
    ["", "it holds no layers"],
    ['layer { name: "x" }', "this is a net's prototxt"],
    [Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a), "weights in HDF5 hold no net"],
    [
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      "cut short or damaged (at byte 0 of 11)",
    ],
    [Uint8Array.of(0xa2, 0x06, 0x02, 0x0b, 0x0b), "cut short or damaged"],
  ];
  for (const [bytes, message] of cases) {
    writeFileSync(path, bytes);
    expect(() => readNetOfWeights(path, silent)).toThrow(message);
  }
  expect(() => readNetOfWeights(join(folder, "none.caffemodel"), silent)).toThrow("no such file");
});
