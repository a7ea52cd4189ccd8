import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrototxt, printPrototxt } from "../../../src/io/text/prototxt.ts";

const net = (text: string, warn?: (line: string) => void) =>
  parsePrototxt("NetParameter", text, "net.prototxt", warn);

describe("what text format allows", () => {
  test("every form of the text is read", () => {
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

  test("whole numbers in every base, where protoc takes them", () => {
    const solver = parsePrototxt(
      "SolverParameter",
      "solver_mode: 0x1 debug_info: 00 test_compute_loss: 0x1 iter_size: 010 max_iter: 0x10 test_iter: [01, 2]",
    );
    expect(solver).toEqual({
      solver_mode: "GPU",
      debug_info: false,
      test_compute_loss: true,
      iter_size: 8,
      max_iter: 16,
      test_iter: [1, 2],
    });
  });

  test("every escape of a string", () => {
    const { name } = net(
      String.raw`name: "\a\b\f\n\r\t\v\\\'\"\?" '\101\x42\x4' "\303\251\u00e9\U0001f600"`,
    );
    expect(name).toBe("\x07\b\f\n\r\t\v\\'\"?AB\x04\u00e9\u00e9\u{1f600}");
  });

  test("long comments, strings, words and lists, quickly", () => {
    const long = 2_000_000;
    const begin = performance.now();
    expect(net(`${"# c\n".repeat(long)}name: "x"`)).toEqual({ name: "x" });
    expect(net(`#${"c".repeat(long)}\n#`)).toEqual({});
    expect(net(`name: "${"a".repeat(4 * long)}"`).name).toHaveLength(4 * long);
    expect(net(`name: "${"\\n".repeat(long / 10)}"`).name).toHaveLength(long / 10);
    expect(net(`input_dim: 1 `.repeat(long / 20)).input_dim).toHaveLength(long / 20);
    for (const text of [
      "a".repeat(4 * long),
      `state { level: ${"9".repeat(long)} }`,
      `state { phase: ${"T".repeat(long)} }`,
      `layers { type: ${"T".repeat(long)} }`,
      `layer { type: "ReLU" ${"x".repeat(long)}: 1 }`,
      `name: ${"T".repeat(long)}`,
      `state { level: "${"9".repeat(long)}" }`,
      `x "${"9".repeat(long)}"`,
    ]) {
      let message = "";
      try {
        net(text);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).toMatch(/^net\.prototxt:1/);
      expect(message.length).toBeLessThan(2000);
    }
    expect(performance.now() - begin).toBeLessThan(20_000);
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
    ["name: LeNet", 'net.prototxt:1:7: NetParameter.name is LeNet without quotes. Write "LeNet".'],
    [
      "layer { type: Convolution }",
      'net.prototxt:1:15: LayerParameter.type is Convolution without quotes. Write "Convolution".',
    ],
    [
      "layer { type: SOFTMAX_LOSS }",
      'LayerParameter.type is SOFTMAX_LOSS without quotes. Write "SoftmaxWithLoss".',
    ],
    [
      'layer { phase: "TRAIN" }',
      'net.prototxt:1:16: LayerParameter.phase is "TRAIN". Expected one of TRAIN, TEST, without quotes. Write TRAIN.',
    ],
    [
      'force_backward: "true"',
      'NetParameter.force_backward is "true". Expected true or false, without quotes. Write true.',
    ],
    [
      'layer { concat_param { axis: "x" } }',
      'ConcatParameter.axis is "x". Expected a whole number, without quotes.',
    ],
    [
      'layers { name: "d" type: "DummyData" }',
      'net.prototxt:1:26: V1LayerParameter.type is "DummyData", and "layers" is the old form, whose types have other names. Write layer { type: "DummyData" }, or layers { type: DUMMY_DATA }.',
    ],
    ['layers { type: "Scale" }', 'Write layer { type: "Scale" }.'],
    [
      'name: "C:\\Users"',
      "net.prototxt:1:10: \\U is no escape. A backslash begins one; write / or \\\\ in a path.",
    ],
    ['name: "a\\d"', "net.prototxt:1:9: \\d is no escape."],
    ['name: "\\377"', "holds bytes that are no UTF-8"],
    ["layer\u00a0{ }", "net.prototxt:1:6: the character U+00A0, a no-break space, does not belong"],
    ["name: \u201cx\u201d", 'U+201C, a typographic quote, does not belong here. Write a plain ".'],
    ["\u200bname: 'x'", "U+200B, an invisible character"],
    ["layer { loss_weight: \u22121 }", "U+2212, a typographic dash"],
    ["name\uff1a 'x'", "U+FF1A, a wide colon"],
    ["nam\u00e9: 'x'", "the character '\u00e9' does not belong here (U+00E9)"],
    ["\0", "the character U+0000 does not belong here"],
    ["layer { constructor: 1 }", 'has no field named "constructor".'],
    ["toString: 1", 'has no field named "toString".'],
    [
      "__proto__ { x: 1 }",
      'net.prototxt:1:1: Message type "caffe.NetParameter" has no field named "__proto__".',
    ],
    ["state { phase: constructor }", "NetState.phase is constructor. Expected one of TRAIN, TEST."],
    [
      "layer { concat_param { axis: 2147483648 } }",
      "ConcatParameter.axis is 2147483648. Expected a whole number, 2147483647 or less.",
    ],
    [
      "layer { concat_param { axis: -2147483649 } }",
      "Expected a whole number, -2147483648 or more.",
    ],
    ["layer { loss_weight: 010 }", "loss_weight is 010. Expected a decimal number, with no 0"],
    ["layer { loss_weight: 0x10 }", "loss_weight is 0x10. Expected a decimal number"],
    ["layer { concat_param { axis: 08 } }", "ConcatParameter.axis is 08. Expected a whole number."],
    [`${"layer { x: < ".repeat(2)}`, 'has no field named "x"'],
    [
      `layer { correlation_param ${"{ a ".repeat(200)} }`,
      "messages lie more than 100 deep in one another",
    ],
    ["layer { correlation_param { a 1 } }", '"1" after a. Expected ":" and a value, or "{".'],
    ["layer { correlation_param { a: } }", '"}" after a. Expected a value.'],
    ["layer { correlation_param { a: [1 2] } }", '"2" in a list. Expected "," or "]".'],
    ["layer { correlation_param { ", "the file ends inside a message, opened at line 1."],
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
      net('layer { type: "BatchNorm" batch_norm_param { scale_bias: true } }'),
    ).not.toThrow();
    expect(() =>
      net('layer { type: "SoftmaxWithLoss" loss_param { class_weighting: 2 } }'),
    ).not.toThrow();
  });

  test.each([
    [
      "WindowData",
      "transform_param { vertical_stretch_upper: 1.5 }",
      "neither resizes nor changes images",
    ],
  ])("a %s with %s is refused: %s", (type, param, reason) => {
    expect(() => net(`layer { type: "${type}" ${param} }`)).toThrow(reason);
  });

  test.each([
    ["ReLU", "relu_param { relu6: false }"],
    ["BatchNorm", "batch_norm_param { add_eps_before_sqrt: true }"],
  ])("a %s with %s means what it does without", (type, param) => {
    expect(() => net(`layer { type: "${type}" ${param} }`)).not.toThrow();
  });

  test.each([
    ["NetParameter", "default_cudnn_math_override: 1", "the best engine is chosen here"],
    ["NetParameter", 'layer { type: "ReLU" cudnn_math_override: 0 }', "the best engine"],
    ["NetParameter", 'layer { type: "Data" data_param { precache: true } }', "reading is always"],
    [
      "NetParameter",
      'layer { type: "ImageData" image_data_param { threads: 4 } }',
      "reading is always",
    ],
    [
      "NetParameter",
      'layer { type: "Dropout" dropout_param { random_seed: 3 } }',
      "random_seed is used",
    ],
    [
      "NetParameter",
      'layer { type: "Convolution" convolution_param { conv_algorithm: "auto" } }',
      "the best engine",
    ],
    [
      "NetParameter",
      'layer { type: "Data" transform_param { forward_packing: NHWC } }',
      "the best engine",
    ],
  ] as const)("a field of a fork in a %s, %s, is ignored with the reason", (name, text, reason) => {
    const warnings: string[] = [];
    parsePrototxt(name, text, "f", (line) => warnings.push(line));
    expect(warnings).toEqual([expect.stringContaining(reason)]);
  });

  test.each([
    ["SolverParameter", "disabled_update: true", "disabled_update: false"],
    ["SolverParameter", "larc_turbo: true", "larc_turbo: false"],
    [
      "NetParameter",
      'layer { type: "LRN" lrn_param { fuse_type: OTHER } }',
      'layer { type: "LRN" lrn_param { fuse_type: FUSED_POOL_MAX } }',
    ],
    [
      "NetParameter",
      'layer { type: "ELU" elu_param { lambda: 2 } }',
      'layer { type: "ELU" elu_param { lambda: 1 } }',
    ],
    [
      "NetParameter",
      'layer { type: "Convolution" convolution_param { fusion_type: SUM_FUSION } }',
      'layer { type: "Convolution" convolution_param { fusion_type: NONE_FUSION } }',
    ],
    [
      "NetParameter",
      'layer { type: "Data" transform_param { bgr2rgb: true } }',
      'layer { type: "Data" transform_param { bgr2rgb: false pad: 0 flow: false } }',
    ],
    [
      "NetParameter",
      'layer { type: "SoftmaxWithLoss" loss_param { label_smoothing: 0.1 } }',
      'layer { type: "SoftmaxWithLoss" loss_param { label_smoothing: 0 } }',
    ],
  ] as const)(
    "one of a %s, %s, is refused, but not where it asks for nothing",
    (name, text, harmless) => {
      expect(() => parsePrototxt(name, text)).toThrow(
        "is not a field of BVLC Caffe, and without it",
      );
      expect(() => parsePrototxt(name, harmless)).not.toThrow();
    },
  );

  test("parameters of foreign layer types are kept, whatever they hold", () => {
    const text = `layer { type: "Permutohedral" permutohedral_param {
      order: 0 order: [2, 1] one: 5 list: [5] v: 0.1f v: -2.5e-3 flip: true code: CENTER_SIZE name: "CENTER"
      big: 18446744073709551615 large: 1e20 hex: 0x10 not: nan
      inner { x: 1; y < z: "}", z: 'a\\n"' > } inner: { } __proto__: 3 constructor { toString: 4 } } }`;
    const read = net(text);
    const param = read.layer?.[0]?.permutohedral_param ?? {};
    expect(param).toMatchObject({
      order: [0, 2, 1],
      one: 5,
      list: [5],
      v: [0.1, -0.0025],
      flip: true,
      code: "CENTER_SIZE",
      name: "CENTER",
      big: "18446744073709551615",
      large: 1e20,
      hex: 16,
      inner: [{ x: 1, y: { z: ["}", 'a\n"'] } }, {}],
    });
    expect(param["not"]).toBeNaN();
    expect(Object.getOwnPropertyDescriptor(param, "__proto__")?.value).toBe(3);
    expect(Object.getPrototypeOf(param)).toBe(Object.prototype);
    const printed = printPrototxt("NetParameter", read);
    expect(printed).toContain('    code: CENTER_SIZE\n    name: "CENTER"\n');
    expect(printed).toContain("    big: 18446744073709551615\n");
    expect(net(printed)).toEqual(read);
    expect(printPrototxt("NetParameter", net(printed))).toBe(printed);
  });

  test.each([
    ["BatchNorm", "batch_norm_param { engine: CUDNN }"],
    ["BatchNorm", "batch_norm_param { engine: MKL2017 }"],
    ["BatchNorm", 'batch_norm_param { engine: "CAFFE" }'],
    ["Dropout", "dropout_param { engine: CUDNN }"],
    ["Eltwise", "eltwise_param { engine: MKLDNN }"],
    ["Concat", "concat_param { engine: MKL2017 }"],
    ["InnerProduct", "inner_product_param { engine: MKLDNN }"],
    ["Convolution", "convolution_param { cudnn_convolution_algo_seeker: FINDEX }"],
    ["Convolution", "convolution_param { cudnn_convolution_algo_seeker: 2 }"],
  ])(
    "an enum of a fork in a %s, %s, is read and written as it was, with a warning",
    (type, param) => {
      const warnings: string[] = [];
      const read = net(`layer { type: "${type}" ${param} }`, (line) => warnings.push(line));
      expect(warnings).toEqual([
        expect.stringContaining("is ignored: the best engine is chosen here"),
      ]);
      const inside = /\{ (.*) \}/.exec(param)?.[1];
      expect(printPrototxt("NetParameter", read)).toContain(`    ${inside}\n`);
    },
  );
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

test("a solver's list of devices, which a fork writes, is told of and ignored", () => {
  const lines: string[] = [];
  const solver = parsePrototxt("SolverParameter", "device_id: [0, 1]", "s", (line) =>
    lines.push(line),
  );
  expect(solver.device_id).toBe(0);
  expect(lines).toEqual([expect.stringContaining("SolverParameter.device_id")]);
  expect(() => parsePrototxt("SolverParameter", "max_iter: [1, 2]", "s")).toThrow(
    "Expected no list",
  );
});
