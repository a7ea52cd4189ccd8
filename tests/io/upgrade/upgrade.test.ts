import { describe, expect, test } from "vitest";
import { readText } from "../../../src/io/files/read-file.ts";
import type { NetParameter } from "../../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { readNetParameter, readSolverParameter } from "../../../src/io/text/read-net.ts";
import { upgradeNet } from "../../../src/io/upgrade/upgrade.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { FileError, FormatError } from "../../../src/util/errors.ts";

const golden = new URL("../../golden/upgrade/", import.meta.url).pathname;
const silent = (): void => {};

/** Upgrades a net's text and keeps its log. */
function upgrade(text: string): { net: NetParameter; log: string[] } {
  const log: string[] = [];
  const net = upgradeNet(
    parsePrototxt("NetParameter", text),
    "old.prototxt",
    (severity, _source, line) => log.push(`${severity} ${line}`),
  );
  return { net, log };
}

describe("files that BVLC Caffe upgraded", () => {
  test.each(["v0", "v1"])("net %s", (name) => {
    const expected = readText(`${golden}${name}-new.prototxt`, "net file");
    const old = `${golden}${name}-old.prototxt`;
    expect(readNetParameter(old, silent)).toEqual(parsePrototxt("NetParameter", expected));
    expect(readNetParameter(old)).toEqual(readNetParameter(old, silent));
  });

  test("a solver of the old form is upgraded", () => {
    const expected = readText(`${golden}solver-new.prototxt`, "solver file");
    expect(readSolverParameter(`${golden}solver-old.prototxt`, silent)).toEqual(
      parsePrototxt("SolverParameter", expected),
    );
  });

  test("weights in V1 and V2 form hold the same layers", () => {
    const old = readCaffemodel(`${golden}v1.caffemodel`);
    const now = readCaffemodel(`${golden}v1-upgraded.caffemodel`);
    expect(old.layers).toEqual(now.layers);
    expect(old.layers[0]).toMatchObject({ name: "conv", type: "Convolution" });
    expect(old.layers[0]?.blobs[0]).toMatchObject({ shape: [4, 3, 3, 3], legacyShape: true });
  });
});

describe("each upgrade", () => {
  test("padding layers become the pad of the convolution that reads them", () => {
    const { net } = upgrade(`
      input: "data" input_dim: [1, 1, 4, 4]
      layers { layer { name: "p" type: "padding" pad: 2 } bottom: "data" top: "padded" }
      layers { layer { name: "c" type: "conv" num_output: 3 kernelsize: 5 } bottom: "padded" top: "c" }
    `);
    expect(net.layer).toEqual([
      expect.objectContaining({ name: "input", type: "Input", top: ["data"] }),
      {
        name: "c",
        type: "Convolution",
        bottom: ["data"],
        top: ["c"],
        convolution_param: { num_output: 3, kernel_size: [5], pad: [2] },
      },
    ]);
  });

  test("transforms move from data_param in V1 layers, and stay in V2 layers", () => {
    const v1 = upgrade('layers { type: DATA data_param { source: "x" scale: 0.5 mirror: true } }');
    expect(v1.net.layer).toEqual([
      {
        type: "Data",
        data_param: { source: "x" },
        transform_param: { scale: 0.5, mirror: true },
      },
    ]);
    const v2 = upgrade('layer { type: "Data" data_param { scale: 0.5 } }');
    expect(v2.net.layer).toEqual([{ type: "Data", data_param: { scale: 0.5 } }]);
    expect(v2.log).toEqual([]);
  });

  test("blobs_lr, weight_decay, param and blob_share_mode become one param for each blob", () => {
    const { net, log } = upgrade(`layers {
      type: INNER_PRODUCT blobs_lr: 1 blobs_lr: 2 weight_decay: 1 param: "w" blob_share_mode: PERMISSIVE
    }`);
    expect(net.layer).toEqual([
      {
        type: "InnerProduct",
        param: [{ name: "w", share_mode: "PERMISSIVE", lr_mult: 1, decay_mult: 1 }, { lr_mult: 2 }],
      },
    ]);
    expect(log.slice(0, 2)).toEqual([
      "info Attempting to upgrade input file specified using deprecated V1LayerParameter: old.prototxt",
      "info Successfully upgraded file specified using deprecated V1LayerParameter",
    ]);
  });

  test("inputs become one Input layer in front; without shapes they are dropped", () => {
    const { net } = upgrade(`
      input: "a" input: "b" input_shape { dim: [2, 3] } input_shape { dim: 5 }
      layer { name: "s" type: "Silence" bottom: "a" bottom: "b" }
    `);
    expect(net.layer?.[0]).toEqual({
      name: "input",
      type: "Input",
      top: ["a", "b"],
      input_param: { shape: [{ dim: [2, 3] }, { dim: [5] }] },
    });
    expect(net.layer).toHaveLength(2);
    expect(net.input).toBeUndefined();
    expect(upgrade('input: "a"').net).toEqual({ layer: [] });
  });

  test("BatchNorm with three params learns none of them", () => {
    const three = 'layer { type: "BatchNorm" param { lr_mult: 1 } param { name: "v" } param { } }';
    const fixed = { lr_mult: 0, decay_mult: 0 };
    expect(upgrade(three).net.layer?.[0]?.param).toEqual([fixed, { name: "v", ...fixed }, fixed]);
    const two = 'layer { type: "BatchNorm" param { lr_mult: 1 } param { } }';
    expect(upgrade(two).net.layer?.[0]?.param).toEqual([{ lr_mult: 1 }, {}]);
  });

  test("layer and layers in one net are refused", () => {
    expect(() => upgrade('layer { type: "ReLU" } layers { type: RELU }')).toThrow(FormatError);
  });
});

test("a missing file is named with its kind", () => {
  expect(() => readNetParameter("/nowhere/net.prototxt", silent)).toThrow(FileError);
  expect(() => readNetParameter("/nowhere/net.prototxt", silent)).toThrow(
    'net file "/nowhere/net.prototxt" cannot be read: no such file or directory.',
  );
});
