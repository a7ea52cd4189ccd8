import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { keptLog, netOf, noise } from "../../support/nets.ts";

const native = availableEngines.get("native");
const multiplies = native !== undefined && loadAddon().multipliesBytes;

const input = (channels: number, side = 9): string =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: ${channels} dim: ${side} dim: ${side} } } }`;

/** A product's fields: what it reads, its weights' scale, what it gives. */
const bytes = (scaleIn: number, params: number, out?: number, isNegative = false): string =>
  `quantization_param { bw_layer_in: 8 bw_params: 8 bw_layer_out: ${out ? 8 : 32} scale_in: ${scaleIn} scale_params: ${params} scale_out: ${out ?? 1} ${isNegative ? "is_negative_input: true" : ""} }`;

const convolution = (name: string, bottom: string, param: string, more: string): string =>
  `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" convolution_param { weight_filler { type: "gaussian" std: 0.3 } bias_filler { type: "uniform" min: -1 max: 1 } ${param} } ${more} }`;

const relu = (blob: string): string =>
  `layer { name: "relu_${blob}" type: "ReLU" bottom: "${blob}" top: "${blob}" }`;

const first = convolution(
  "x",
  "data",
  "num_output: 8 kernel_size: 3 pad: 1",
  bytes(40, 120, 40, true),
);

/** Nets whose last blob is looked at, by what they are about. */
const nets: Readonly<Record<string, string>> = {
  "one whose input is negative": input(3) + first,
  "a rectifier behind": input(3) + first + relu("x"),
  "a leaky rectifier behind": `${input(3)}${first}layer { name: "r" type: "ReLU" bottom: "x" top: "x" relu_param { negative_slope: 0.25 } }`,
  "ReLU6 behind": `${input(3)}${first}layer { name: "r" type: "ReLU6" bottom: "x" top: "x" }`,
  "groups, no bias and strides":
    input(3) +
    first +
    relu("x") +
    convolution(
      "y",
      "x",
      "num_output: 12 kernel_size: 3 stride: 2 group: 4 bias_term: false",
      bytes(40, 120, 30),
    ),
  depthwise:
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 8 kernel_size: 3 pad: 1 group: 8", bytes(40, 120, 30)),
  "1×1 and floats behind":
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 5 kernel_size: 1", bytes(40, 120)),
  "another scale than what comes":
    input(3) +
    first +
    convolution("y", "x", "num_output: 5 kernel_size: 3", bytes(25, 120, 20, true)),
  "signed bytes read as unsigned":
    input(3) + first + convolution("y", "x", "num_output: 5 kernel_size: 3", bytes(40, 120, 20)),
  "lines per channel": `${input(3)}${first}layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" }
     layer { name: "s" type: "Scale" bottom: "x" top: "x" scale_param { bias_term: true filler { type: "uniform" min: -1 max: 1 } bias_filler { type: "uniform" min: -1 max: 1 } } }${relu("x")}`,
  "a sum with what is unsigned":
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 8 kernel_size: 3 pad: 1", bytes(40, 120, 25)) +
    `layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "y" top: "sum" quantization_param { bw_layer_out: 8 scale_out: 25 } }${relu("sum")}`,
  "a sum of floats with what is unsigned":
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 8 kernel_size: 3 pad: 1", bytes(40, 120)) +
    `layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "y" top: "sum" }${relu("sum")}`,
  "a sum of two that are signed":
    input(3) +
    first +
    convolution("y", "x", "num_output: 8 kernel_size: 1", bytes(40, 120, 22, true)) +
    convolution(
      "z",
      "x",
      "num_output: 8 kernel_size: 1 bias_term: false",
      bytes(40, 120, 25, true),
    ) +
    `layer { name: "sum" type: "Eltwise" bottom: "y" bottom: "z" top: "sum" }`,
  "a sum by itself":
    input(3) +
    first +
    relu("x") +
    `layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 3 stride: 1 pad: 1 } }
     layer { name: "sum" type: "Eltwise" bottom: "x" bottom: "p" top: "sum" quantization_param { bw_layer_out: 8 scale_out: 26.3 } }`,
  maxima:
    input(3) +
    first +
    `layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 3 stride: 2 } }`,
  means:
    input(3) +
    first +
    relu("x") +
    `layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 } }`,
  "means over all, and an inner product":
    input(3) +
    first +
    relu("x") +
    `layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { pool: AVE global_pooling: true } }
     layer { name: "ip" type: "InnerProduct" bottom: "p" top: "ip" inner_product_param { num_output: 7 weight_filler { type: "gaussian" std: 0.3 } } ${bytes(40, 100, 20)} }`,
  "an inner product of planes, transposed":
    input(3) +
    first +
    relu("x") +
    `layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { transpose: true num_output: 7 weight_filler { type: "gaussian" std: 0.1 } } ${bytes(40, 100)} }`,
  "joined with another scale":
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 4 kernel_size: 1", bytes(40, 120, 60)) +
    relu("y") +
    `layer { name: "cat" type: "Concat" bottom: "x" bottom: "y" top: "cat" quantization_param { bw_layer_out: 8 scale_out: 31.7 } }`,
  "joined in numbers that are not of four":
    input(3) +
    first +
    relu("x") +
    convolution("y", "x", "num_output: 5 kernel_size: 1", bytes(40, 120, 40)) +
    relu("y") +
    `layer { name: "cat" type: "Concat" bottom: "x" bottom: "y" top: "cat" }`,
  "floats between":
    input(3) +
    first +
    relu("x") +
    `layer { name: "n" type: "LRN" bottom: "x" top: "n" }` +
    convolution("y", "n", "num_output: 4 kernel_size: 3", bytes(60, 120, 30)),
};

async function run(net: Net, data: Float32Array): Promise<Float32Array> {
  const [output = ""] = net.outputs;
  const { [output]: blob } = await net.forward({ data });
  return Float32Array.from(blob?.data ?? []);
}

const open = (text: string, engines: Engines, more: Partial<NetOptions> = {}): Net =>
  netOf(text, { engines, phase: "TEST", seed: 3, ...more });

const values = noise(2 * 3 * 9 * 9, 5).map((x) => 2 * x);

describe.skipIf(!multiplies)(
  "the native engine multiplies bytes as the reference engine does",
  () => {
    test.for(Object.keys(nets))("%s", async (name) => {
      const text = nets[name] as string;
      using reference = open(text, referenceEngines);
      using apart = open(text, native as Engines);
      using used = open(text, native as Engines, { forInference: true });
      const data = Float32Array.from(values);
      const wanted = await run(reference, data);
      const [output = ""] = reference.outputs;
      // A byte more or less where a sum lies between two; else what rounding of floats makes of it.
      const greatest = Math.max(...wanted.map(Math.abs));
      for (const net of [apart, used]) {
        const found = await run(net, data);
        const far = found.filter((x, i) => Math.abs(x - wanted[i]!) > 2e-6 * greatest);
        expect(far.length, output).toBeLessThanOrEqual(wanted.length / 200);
        const steps = found.map((x, i) => Math.abs(x - wanted[i]!));
        expect(Math.max(...steps)).toBeLessThanOrEqual(1.01 / 20);
      }
      expect(new Set(wanted).size).toBeGreaterThan(10);
    });

    test("nothing between layers of bytes is floats", async () => {
      using net = open(nets["joined with another scale"] as string, native as Engines);
      await run(net, Float32Array.from(values));
      const layouts = ["x", "y", "cat"].map(
        (name) => net.blob(name).dataMem.freshPrivate()?.layout,
      );
      // What was read afterwards lies as floats too.
      for (const layout of layouts.slice(0, 2)) expect(layout).toMatch(/^u8\*/);
    });

    test("with blobs that are not finite it stops, and names the layer", async () => {
      for (const engines of [native as Engines, referenceEngines]) {
        using net = open(nets["a rectifier behind"] as string, engines);
        const data = Float32Array.from(values);
        data[7] = Number.NaN;
        await expect(run(net, data)).rejects.toThrow(
          /layer "x": .* holds NaN or an infinite number/,
        );
      }
    });
  },
);

test("numbers beyond the last byte are that byte", async () => {
  using net = open(input(3) + first + relu("x"), referenceEngines);
  const found = await run(
    net,
    Float32Array.from(values, (x) => 100 * x),
  );
  expect(Math.max(...found)).toBeCloseTo(255 / 40, 5);
  expect(Math.min(...found)).toBe(0);
});

test("a net of bytes is not trained, and says what to do", () => {
  expect(() => open(input(3) + first, referenceEngines, { phase: "TRAIN" })).toThrow(
    /layers "x" have a quantization_param: their net is for inference.*caffe quantize afterwards/,
  );
});

test("its backward is refused", async () => {
  using net = open(`force_backward: true ${input(3)}${first}`, referenceEngines);
  expect(net.isForwardOnly).toBe(true);
  await net.forward();
  await expect(net.backward()).rejects.toThrow(/one with quantization_param always is/);
});

test("engines without bytes compute with floats, and say so once", async () => {
  const floats = referenceEngines.map((engine) =>
    Object.assign(Object.create(engine) as object, { bytes: undefined }),
  ) as unknown as Engines;
  const kept = keptLog();
  using net = open(input(3) + first + relu("x"), floats, { log: kept.log });
  expect(kept.lines.filter((line) => line.includes("quantization_param is not followed"))).toEqual([
    "net] quantization_param is not followed, and all is computed with floats: the reference engine multiplies floats alone. Expected --engine native.",
  ]);
  using plain = open(
    (input(3) + first + relu("x")).replace(/quantization_param \{[^}]*\}/g, ""),
    referenceEngines,
  );
  const data = Float32Array.from(values);
  expect(await run(net, data)).toEqual(await run(plain, data));
});

test.for([
  [
    "precision: MINIFLOAT bw_layer_in: 8",
    /"x".* no effect|x has no effect: precision is MINIFLOAT/,
  ],
  ["bw_layer_in: 16 bw_params: 8", /x has no effect: it says 16 bits/],
] as const)("%s is told of", ([fields, message]) => {
  const kept = keptLog();
  using _net = open(
    input(3) +
      convolution("x", "data", "num_output: 4 kernel_size: 3", `quantization_param { ${fields} }`),
    referenceEngines,
    { log: kept.log },
  );
  expect(kept.lines.some((line) => message.test(line))).toBe(true);
});

test("scales that are missing, too few or no numbers are asked for", () => {
  const with_ = (fields: string): Net =>
    open(
      input(3) +
        convolution(
          "x",
          "data",
          "num_output: 4 kernel_size: 3",
          `quantization_param { bw_layer_in: 8 bw_params: 8 ${fields} }`,
        ),
      referenceEngines,
    );
  expect(() => with_("scale_params: 3")).toThrow(
    /layer "x": quantization_param.scale_in is missing/,
  );
  expect(() => with_("scale_in: 3")).toThrow(
    /layer "x": quantization_param.scale_params is missing/,
  );
  expect(() => with_("scale_in: 3 scale_params: 3 scale_params: 2")).toThrow(
    /scale_params has 2 numbers for 4 outputs. Expected one for each output, or one for all/,
  );
  expect(() => with_("scale_in: 3 scale_params: inf")).toThrow(/scale_params is .*infinite/);
  expect(() => with_("scale_in: 3 scale_params: 3 bw_layer_out: 8 scale_out: -1")).toThrow(
    /scale_out is -1/,
  );
});

test("powers of two, as Ristretto writes them, are scales", async () => {
  const product = (fields: string): string =>
    input(3) +
    convolution(
      "x",
      "data",
      "num_output: 4 kernel_size: 3",
      `quantization_param { bw_layer_in: 8 bw_params: 8 bw_layer_out: 8 is_negative_input: true ${fields} }`,
    );
  using powers = open(product("fl_layer_in: 5 fl_params: 7 fl_layer_out: 4"), referenceEngines);
  using scales = open(product("scale_in: 32 scale_params: 128 scale_out: 16"), referenceEngines);
  const data = Float32Array.from(values);
  expect(await run(powers, data)).toEqual(await run(scales, data));
});

test("the scale of a sum may stand at the convolution behind which it is, as in Intel's files", async () => {
  const text = nets["a sum of two that are signed"] as string;
  using net = open(text, referenceEngines);
  const found = await run(net, Float32Array.from(values));
  for (const value of found)
    expect(Math.abs(value * 25 - Math.round(value * 25))).toBeLessThan(1e-4);
});
