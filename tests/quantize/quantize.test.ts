// Nets that are quantized from batches, with parts of it by themselves: spreads, thresholds, parts.
import { describe, expect, test } from "vitest";
import type { Engines } from "../../src/engines/choose.ts";
import type { NetParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt, printPrototxt } from "../../src/io/text/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import type { Batches } from "../../src/quantize/calibration.ts";
import { type Quantized, quantize } from "../../src/quantize/quantize.ts";
import { reportOf } from "../../src/quantize/report.ts";
import { Spread } from "../../src/quantize/spread.ts";
import { thresholdOf } from "../../src/quantize/threshold.ts";
import { referenceEngines } from "../support/engines.ts";
import { noise } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const conv = (name: string, bottom: string, param: string): string =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { ${param} weight_filler { type: "msra" } } }`;

/** A stem with lines, a residual block, two branches that are joined, and scores. */
const text = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 2 dim: 8 dim: 8 } } }
  ${conv("stem", "data", "num_output: 8 kernel_size: 3 pad: 1 bias_term: false")}
  layer { name: "bn" type: "BatchNorm" bottom: "stem" top: "stem" }
  layer { name: "line" type: "Scale" bottom: "stem" top: "stem" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "stem" top: "stem" }
  ${conv("branch", "stem", "num_output: 8 kernel_size: 3 pad: 1")}
  layer { name: "sum" type: "Eltwise" bottom: "stem" bottom: "branch" top: "sum" }
  layer { name: "relu2" type: "ReLU" bottom: "sum" top: "sum" }
  layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  ${conv("a", "pool", "num_output: 4 kernel_size: 1")}
  layer { name: "relu_a" type: "ReLU" bottom: "a" top: "a" }
  ${conv("b", "pool", "num_output: 4 kernel_size: 3 pad: 1")}
  layer { name: "relu_b" type: "ReLU" bottom: "b" top: "b" }
  layer { name: "cat" type: "Concat" bottom: "a" bottom: "b" top: "cat" }
  layer { name: "ip" type: "InnerProduct" bottom: "cat" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "msra" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

const param = (): NetParameter => parsePrototxt("NetParameter", text);
const rows = Float32Array.from(noise(3 * 4 * 128, 9));
const batches: Batches = {
  count: 3,
  inputs: async (i) => ({
    data: { shape: [4, 2, 8, 8], data: rows.subarray(i * 512, i * 512 + 512) },
  }),
};

async function quantized(more: Partial<Parameters<typeof quantize>[0]> = {}): Promise<Quantized> {
  return quantize({
    param: param(),
    net: { engines: referenceEngines, seed: 2 },
    batches,
    method: "minmax",
    percentile: 99.99,
    keepFloat: [],
    leastAgreement: 0,
    mostKept: 8,
    tell: () => {},
    ...more,
  });
}

/** What a layer was given, with numbers rounded. */
function said(net: NetParameter, name: string): Readonly<Record<string, unknown>> {
  const layer = net.layer?.find((one) => one.name === name);
  return (layer?.quantization_param ?? {}) as Readonly<Record<string, unknown>>;
}

describe("a quantized net", () => {
  test("has scales that fit each other", async () => {
    const { param: net } = await quantized();
    expect(said(net, "stem")).toMatchObject({
      bw_layer_in: 8,
      bw_layer_out: 8,
      bw_params: 8,
      is_negative_input: true,
    });
    expect(said(net, "stem")["scale_params"]).toHaveLength(8);
    // What reads rectified bytes says nothing of a sign, and the scale of what comes.
    expect(said(net, "branch")["is_negative_input"]).toBeUndefined();
    expect(said(net, "branch")["scale_in"]).toBe(said(net, "stem")["scale_out"]);
    // A convolution before a sum has the sum's scale, as in Intel's files.
    expect(said(net, "branch")["scale_out"]).toBe(said(net, "sum")["scale_out"]);
    expect(said(net, "a")["scale_in"]).toBe(said(net, "sum")["scale_out"]);
    // What is joined has one scale.
    expect(said(net, "a")["scale_out"]).toBe(said(net, "b")["scale_out"]);
    expect(said(net, "cat")["scale_out"]).toBe(said(net, "a")["scale_out"]);
    // Nothing behind the scores reads bytes.
    expect(said(net, "ip")).toMatchObject({ bw_layer_out: 32, scale_out: 1 });
  });

  test("chooses as that of floats does, and its report says so", async () => {
    const report = reportOf(await quantized());
    expect(report.samples).toBe(12);
    expect(report.agreement).toBeGreaterThan(0.9);
    expect(report.layers.map(({ name, kept }) => [name, kept])).toEqual(
      ["stem", "branch", "a", "b", "ip"].map((name) => [name, "int8"]),
    );
    for (const { decibels, relativeError } of report.layers) {
      expect(decibels).toBeGreaterThan(28);
      expect(relativeError).toBeLessThan(0.04);
    }
  });

  test("is read again from its text as it was written, and weights are floats", async () => {
    const folder = temporaryFolder();
    const made = await quantized();
    made.save(`${folder}/out.caffemodel`);
    const again = parsePrototxt("NetParameter", printPrototxt("NetParameter", made.param));
    expect(said(again, "stem")["scale_params"]).toEqual(said(made.param, "stem")["scale_params"]);
    const options = { engines: referenceEngines, phase: "TEST" } as const;
    using net = new Net(again, { ...options, weights: `${folder}/out.caffemodel` });
    using float = new Net(param(), { ...options, seed: 2 });
    expect(net.layers[1]?.blobs[0]?.values()).toEqual(float.layers[1]?.blobs[0]?.values());
    expect(printPrototxt("NetParameter", again)).toContain("precision: DYNAMIC_FIXED_POINT");
  });

  test("keeps layers that are asked for, and those that lose most while the nets disagree", async () => {
    const asked = await quantized({ keepFloat: ["stem"] });
    expect(said(asked.param, "stem")).toEqual({});
    expect(said(asked.param, "branch")["scale_in"]).toBeGreaterThan(0);
    expect(reportOf(asked).layers[0]).toMatchObject({ kept: "float", reason: "as asked for" });
    const told: string[] = [];
    const strict = await quantized({
      leastAgreement: 1.1,
      mostKept: 2,
      tell: (line) => told.push(line),
    });
    // None of the tries is enough: the best of them is what comes of it.
    expect(told.filter((line) => line.includes("loses most"))).toHaveLength(2);
    const shares = told.flatMap((line) => /^([\d.]+) % of the choices/.exec(line)?.[1] ?? []);
    expect(shares).toHaveLength(3);
    const share = 100 * (strict.comparison.agreement?.share ?? 0);
    expect(share.toFixed(2)).toBe(Math.max(...shares.map(Number)).toFixed(2));
  });

  test("rounds nothing before a layer of floats that works in place", async () => {
    const prelu = param();
    const layer = (prelu.layer ?? []).map((one) =>
      one.name === "relu_a" ? { ...one, type: "PReLU" } : one,
    );
    const { param: net } = await quantized({ param: { ...prelu, layer } });
    expect(said(net, "a")).toMatchObject({ bw_layer_in: 8, bw_layer_out: 32 });
    expect(said(net, "cat")).toEqual({});
    expect(said(net, "sum")["scale_out"]).toBeGreaterThan(0);
  });

  test("has scales of what layers read, also where one behind writes over it", async () => {
    const overwritten = parsePrototxt(
      "NetParameter",
      `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 2 dim: 8 dim: 8 } } }
       layer { name: "lines" type: "Power" bottom: "data" top: "x" power_param { scale: 2 } }
       ${conv("first", "x", "num_output: 3 kernel_size: 3")}
       layer { name: "flat" type: "Flatten" bottom: "x" top: "flat" }
       layer { name: "relu" type: "ReLU" bottom: "flat" top: "flat" }`,
    );
    const { param: made } = await quantized({ param: overwritten });
    expect(said(made, "first")["is_negative_input"]).toBe(true);
  });

  test("is refused by engines that multiply floats alone: their net of bytes would be one of floats", async () => {
    const floats = referenceEngines.map((engine) =>
      Object.assign(Object.create(engine) as object, { bytes: undefined }),
    ) as unknown as Engines;
    await expect(quantized({ net: { engines: floats } })).rejects.toThrow(
      /cannot be found out: the reference engine multiplies floats alone.*--engine reference/,
    );
  });

  test("is made anew of one that was quantized before", async () => {
    const once = await quantized();
    const twice = await quantized({ param: once.param });
    expect(said(twice.param, "branch")).toEqual(said(once.param, "branch"));
  });

  test("is refused where nothing is left, a name is unknown, or data are not finite", async () => {
    await expect(quantized({ keepFloat: ["stem", "branch", "a", "b", "ip"] })).rejects.toThrow(
      /no layer of the net can be quantized/,
    );
    await expect(quantized({ keepFloat: ["stm"] })).rejects.toThrow(
      /no layer "stm" could be quantized. Expected one of stem, branch, a, b, ip/,
    );
    const bad = rows.slice(0, 512);
    bad[3] = Number.NaN;
    const data = { shape: [4, 2, 8, 8], data: bad };
    await expect(
      quantized({ batches: { count: 1, inputs: async () => ({ data }) } }),
    ).rejects.toThrow(/blob "data" holds NaN in a batch that scales are found from/);
  });

  test("gives the bias of an output whose weights are all 0, with a scale of 0, or next to nothing", async () => {
    const folder = temporaryFolder();
    const options = { engines: referenceEngines, phase: "TEST" } as const;
    {
      using net = new Net(param(), { ...options, seed: 2 });
      const [w, b] = net.layers.find((layer) => layer.param.name === "a")?.blobs ?? [];
      // As regularization leaves those of an output that has died.
      w?.dataMem.mutableCpu().fill(0, 0, 8).fill(1e-41, 8, 16);
      b?.dataMem.mutableCpu().fill(0.5, 0, 2);
      net.save(`${folder}/w.caffemodel`);
    }
    const weights = `${folder}/w.caffemodel`;
    const made = await quantized({ net: { engines: referenceEngines, weights } });
    const [none, small = 0] = said(made.param, "a")["scale_params"] as number[];
    expect(none).toBe(0);
    expect(Number.isFinite(small)).toBe(true);
    using net = new Net(made.param, { ...options, weights });
    await net.forward((await batches.inputs(0)) ?? {});
    const scale = said(made.param, "a")["scale_out"] as number;
    for (const o of [0, 1])
      expect(net.blob("a").at(0, o, 0, 0)).toBeCloseTo(Math.round(0.5 * scale) / scale, 6);
  });
});

describe("thresholds", () => {
  const spread = new Spread("x");
  spread.add(
    Float32Array.from(noise(20_000, 4), (x) => x * x * x),
    20_000,
  );
  spread.add(Float32Array.of(-10, 0), 2);

  test("minmax is the greatest magnitude", () => {
    expect(thresholdOf(spread, "minmax", 0, 128)).toBe(10);
    expect([spread.min, spread.max > 0.9, spread.count]).toEqual([-10, true, 20_002]);
  });

  test("percentile leaves out what is rare", () => {
    const found = thresholdOf(spread, "percentile", 99.99, 128);
    expect(found).toBeGreaterThan(0.95);
    expect(found).toBeLessThan(1.1);
  });

  test("entropy takes between the bulk and the rare", () => {
    const found = thresholdOf(spread, "entropy", 0, 128);
    expect(found).toBeGreaterThan(0.5);
    expect(found).toBeLessThan(10);
  });

  test("values that are all 0, and a histogram that grows, lose nothing", () => {
    const zeros = new Spread("z");
    zeros.add(new Float32Array(10), 10);
    expect(thresholdOf(zeros, "entropy", 0, 128)).toBe(0);
    zeros.add(Float32Array.of(1, 1000, 3), 3);
    expect(zeros.bins.reduce((sum, n) => sum + n, 0)).toBe(13);
    expect(thresholdOf(zeros, "minmax", 0, 128)).toBe(1000);
  });
});
