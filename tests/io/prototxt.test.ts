import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrototxt, printPrototxt } from "../../src/io/prototxt.ts";

const net = (text: string, warn?: (line: string) => void) =>
  parsePrototxt("NetParameter", text, "net.prototxt", warn);

describe("what text format allows", () => {
  test("all its forms", () => {
    const parsed = net(`
      # a comment
      name: "Le" 'Net'; force_backward: true,
      layer { name: "c" type: 'Convolution' convolution_param < kernel_size: [3, 0x5] pad: 1 engine: 1 > }
      layer: { name: "d" loss_weight: -1.5e-1 loss_weight: 2f include { phase: TEST } }
    `);
    expect(parsed).toEqual({
      name: "LeNet",
      force_backward: true,
      layer: [
        {
          name: "c",
          type: "Convolution",
          convolution_param: { kernel_size: [3, 5], pad: [1], engine: "CAFFE" },
        },
        { name: "d", loss_weight: [-0.15, 2], include: [{ phase: "TEST" }] },
      ],
    });
  });

  test("printing and parsing again gives the same", () => {
    const parsed = net(
      'name: "n\\"q" layer { name: "a" loss_weight: 0.1 convolution_param { kernel_size: 3 } }',
    );
    expect(net(printPrototxt("NetParameter", parsed))).toEqual(parsed);
  });
});

describe("errors say file, line, column, message, field and the nearest name", () => {
  test.each([
    [
      "layer {\n  kernal_size: 3\n}",
      'net.prototxt:2:3: Message type "caffe.LayerParameter" has no field named "kernal_size".',
    ],
    [
      "layer {\n  convolution_param { kernal_size: 3 }\n}",
      'net.prototxt:2:23: Message type "caffe.ConvolutionParameter" has no field named "kernal_size". Did you mean "kernel_size"?',
    ],
    [
      "layer {\n  pooling_param { pool: MAXX }\n}",
      'net.prototxt:2:25: PoolingParameter.pool is MAXX. Expected one of MAX, AVE, STOCHASTIC. Did you mean "MAX"?',
    ],
    [
      "layer { convolution_param { kernel_size: -1 } }",
      "net.prototxt:1:42: ConvolutionParameter.kernel_size is -1. Expected a whole number, 0 or more.",
    ],
    [
      "layer { convolution_param { kernel_size: 1.5 } }",
      "ConvolutionParameter.kernel_size is 1.5. Expected a whole number",
    ],
    [
      "force_backward: maybe",
      "net.prototxt:1:17: NetParameter.force_backward is maybe. Expected true or false.",
    ],
    ["name: LeNet", 'net.prototxt:1:7: NetParameter.name is "LeNet". Expected a string in quotes.'],
    ['name: "LeNet', "net.prototxt:1:7: a string without its closing quote"],
    [
      'layer {\n  name: "x"\n',
      'the file ends inside LayerParameter, opened at line 1. Expected "}".',
    ],
    ['name: "a" name: "b"', "net.prototxt:1:11: NetParameter.name is given twice. Expected once."],
    ["layer { } }", '"}" in NetParameter. Expected a field\'s name'],
    ["layer 3", '"3" after layer. Expected "{".'],
    ["force_backward true", '"true" after force_backward. Expected ":" and a value.'],
    ['name: "a" @', "the character '@' does not belong here"],
  ])("%j", (text, message) => {
    expect(() => net(text)).toThrow(message);
  });
});

describe("other dialects of Caffe", () => {
  test("a field that cannot change the result is kept with one warning", () => {
    const warnings: string[] = [];
    net(
      'layer { type: "Data" data_param { cache: true } } layer { type: "Data" data_param { cache: false } }',
      (line) => warnings.push(line),
    );
    expect(warnings).toEqual([
      expect.stringContaining(
        "net.prototxt:1:35: DataParameter.cache is not a field of BVLC Caffe and is ignored",
      ),
    ]);
  });

  test("one that can is honoured, or refused with the reason", () => {
    expect(net("layer { pooling_param { ceil_mode: false } }").layer?.[0]?.pooling_param).toEqual({
      round_mode: "FLOOR",
    });
    expect(() =>
      net('layer { type: "BatchNorm"\n batch_norm_param { scale_bias: true } }'),
    ).toThrow(
      "net.prototxt:2:21: BatchNormParameter.scale_bias is not a field of BVLC Caffe, and without it the result would differ: write a Scale layer",
    );
    expect(() =>
      net('layer { type: "BatchNorm" batch_norm_param { scale_bias: false } }'),
    ).not.toThrow();
  });

  test.each([
    ["Pooling", "pooling_param { pad_r: 1 }", "padding is the same on both sides"],
    ["Pooling", "pooling_param { pool: AVE_EXC_PAD }", "padding is part of the average"],
    ["ReLU", "relu_param { relu6: true }", "write a Clip layer"],
    ["BatchNorm", "batch_norm_param { add_eps_before_sqrt: false }", "added to the variance"],
    ["Reshape", "reshape_param { pixelshuffler: 2 }", "not put in another order"],
    ["Data", "transform_param { vertical_stretch_upper: 1.5 }", "no such transform"],
  ])("a %s with %s is refused: %s", (type, param, reason) => {
    expect(() => net(`layer { type: "${type}" ${param} }`)).toThrow(reason);
  });

  test.each([
    ["Pooling", "pooling_param { pad_l: 0 pad_r: 0 }"],
    ["ReLU", "relu_param { relu6: false }"],
    ["BatchNorm", "batch_norm_param { add_eps_before_sqrt: true }"],
  ])("a %s with %s means what it does without", (type, param) => {
    expect(() => net(`layer { type: "${type}" ${param} }`)).not.toThrow();
  });

  test("parameters of foreign layer types may hold anything", () => {
    expect(() =>
      net('layer { type: "Permute" permute_param { order: 0 order: [1, 2] x { y: "}" } } }'),
    ).not.toThrow();
  });
});

const zoo = process.env["CAFFE_ZOO"] ?? "";
test.skipIf(!existsSync(zoo))(
  `public files parse (skipped where CAFFE_ZOO names no folder of them)`,
  () => {
    const files = readdirSync(zoo).filter((file) => file.endsWith(".prototxt"));
    const failures: string[] = [];
    for (const file of files) {
      const text = readFileSync(join(zoo, file), "utf8");
      const kind =
        /^\s*(base_lr|lr_policy|test_iter|max_iter|net)\s*:/m.test(text) &&
        !/^\s*layers?\s*:?\s*\{/m.test(text)
          ? "SolverParameter"
          : "NetParameter";
      try {
        parsePrototxt(kind, text, file);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    expect(failures.length / files.length, failures.slice(0, 20).join("\n")).toBeLessThan(0.15);
  },
);
