import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** A net in which nothing is wrong, a line each layer. */
const SOUND = [
  'layer { name: "data" type: "Input" top: "data" top: "label" input_param { shape { dim: [4, 3, 8, 8] } shape { dim: 4 } } }',
  'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 bias_term: false weight_filler { type: "msra" } } }',
  'layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }',
  'layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }',
  'layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }',
  'layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }',
  'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }',
];
const SOLVER = 'base_lr: 0.01 lr_policy: "fixed" max_iter: 100';

let count = 0;

/** What is found in the net, as `severity check layer line`. */
async function foundIn(
  lines: readonly string[],
  solver?: string,
  weights: string[] = [],
): Promise<string[]> {
  const net = join(folder, `net-${count++}.prototxt`);
  writeFileSync(net, lines.join("\n"));
  const file = join(folder, "solver.prototxt");
  if (solver !== undefined) writeFileSync(file, `net: "${net}" ${solver}`);
  const findings = await examine({
    ...(solver === undefined ? { model: net } : { solver: file }),
    ...{ weights, isStatic: true },
  });
  for (const { what, advice, check } of findings) {
    expect(what.length, check).toBeGreaterThan(20);
    if (check !== "told-by-caffe" && check !== "cannot-be-built") expect(advice).not.toBe("");
  }
  return findings.map(({ severity, check, layer, where }) =>
    [severity, check, layer, where.replace(/^.*:/, "")].join(" "),
  );
}

/** The sound net with other text in place of a part of one of its lines. */
const but = (from: string, to: string): string[] => SOUND.join("\n").replace(from, to).split("\n");

describe("a net in which nothing is wrong", () => {
  test("has no findings, alone or with its solver", async () => {
    expect(await foundIn(SOUND)).toEqual([]);
    expect(await foundIn(SOUND, SOLVER)).toEqual([]);
  });
});

describe("what stands in a net", () => {
  test("BatchNorm without Scale", async () => {
    expect(await foundIn(SOUND.filter((line) => !line.includes('"Scale"')))).toEqual([
      "warning batch-norm-without-scale bn 3",
    ]);
    const whole = but('"BatchNorm"', '"BatchNorm" batch_norm_param { scale_bias: true }');
    expect(await foundIn(whole.filter((line) => !line.includes('"Scale"')))).toEqual([]);
  });

  test("a bias before BatchNorm, unless statistics are fixed", async () => {
    const biased = but("bias_term: false ", "");
    expect(await foundIn(biased)).toEqual(["note bias-before-batch-norm conv 2"]);
    const fixed = biased
      .join("\n")
      .replace('"BatchNorm"', '"BatchNorm" batch_norm_param { use_global_stats: true }');
    expect(await foundIn(fixed.split("\n"))).toEqual([]);
  });

  test("use_global_stats against the phase", async () => {
    const global = (value: boolean): string[] =>
      but('"BatchNorm"', `"BatchNorm"\nbatch_norm_param {\nuse_global_stats: ${value} }`);
    const test = `${SOLVER} test_iter: 1 test_interval: 10`;
    expect(await foundIn(global(true), SOLVER)).toEqual(["error global-statistics bn 5"]);
    expect(await foundIn(global(true), SOLVER, ["trained.caffemodel"])).toEqual([]);
    expect(await foundIn(global(false), test)).toEqual(["error global-statistics bn 5"]);
    expect(await foundIn(global(false), SOLVER)).toEqual([]);
  });

  test("probabilities, or rectified scores, under a loss that wants scores", async () => {
    const between = (type: string, top: string): string[] => [
      ...SOUND.slice(0, -1),
      `layer { name: "between" type: "${type}" bottom: "ip" top: "${top}" }`,
      `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "${top}" bottom: "label" top: "loss" }`,
    ];
    expect(await foundIn(between("Softmax", "prob"))).toEqual(["error loss-input between 7"]);
    expect(await foundIn(between("ReLU", "ip"))).toEqual(["warning loss-input between 7"]);
    expect(await foundIn(between("TanH", "ip"))).toEqual([]);
  });

  test("a softmax of one class", async () => {
    expect(await foundIn(but("num_output: 5", "num_output: 1"))).toEqual(["error one-class ip 6"]);
  });

  test("weights that are all equal, but for those of scores and those that a file brings", async () => {
    const equal = but('weight_filler { type: "msra" }', "");
    expect(await foundIn(equal)).toEqual(["error equal-weights conv 2"]);
    expect(await foundIn(equal, undefined, ["trained.caffemodel"])).toEqual([]);
    expect(await foundIn(but('weight_filler { type: "xavier" }', ""))).toEqual([]);
    // Maps of scores that fixed weights enlarge, and a layer cuts, are a last layer's too.
    const enlarged = (rate: number): string[] => [
      ...SOUND.slice(0, 1).map((line) =>
        line.replace("shape { dim: 4 }", "shape { dim: [4, 1, 8, 8] }"),
      ),
      'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 2 stride: 2 } }',
      `layer { name: "up" type: "Deconvolution" bottom: "conv" top: "up" param { lr_mult: ${rate} } convolution_param { num_output: 2 group: 2 kernel_size: 4 stride: 2 bias_term: false weight_filler { type: "bilinear" } } }`,
      'layer { name: "crop" type: "Crop" bottom: "up" bottom: "data" top: "crop" crop_param { axis: 2 offset: 1 } }',
      'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "crop" bottom: "label" top: "loss" }',
    ];
    expect(await foundIn(enlarged(0))).toEqual([]);
    expect(await foundIn(enlarged(1))).toEqual(["error equal-weights conv 2"]);
  });

  test("nothing that learns", async () => {
    const frozen = SOUND.map((line) =>
      line.replace(/(name: "(?:conv|ip|scale)")/, "$1 param { lr_mult: 0 } param { lr_mult: 0 }"),
    ).map((line) =>
      line.replace(
        'param { lr_mult: 0 } param { lr_mult: 0 } type: "Conv',
        'param { lr_mult: 0 } type: "Conv',
      ),
    );
    expect(await foundIn(frozen, SOLVER)).toEqual(["error nothing-learns conv 2"]);
    expect(await foundIn(SOUND.slice(0, -1), SOLVER)).toEqual([
      expect.stringMatching(/^error nothing-learns {2}/),
    ]);
  });

  test("fields in the wrong place, with their own line", async () => {
    const lost = but('type: "Input" ', 'type: "Input"\ntransform_param {\nmirror: true }\n');
    expect(await foundIn(lost)).toEqual(["warning told-by-caffe data 3"]);
  });

  test("what cannot be built is named once, and all else is still looked at", async () => {
    const broken = but("kernel_size: 3", "kernel_size: 30").filter(
      (line) => !line.includes('"Scale"'),
    );
    expect(await foundIn(broken)).toEqual([
      "error cannot-be-built conv 2",
      "warning batch-norm-without-scale bn 3",
    ]);
  });
});

describe("files", () => {
  test("one that is not there, or is no prototxt, is a finding", async () => {
    const missing = join(folder, "none.prototxt");
    expect(await examine({ solver: missing })).toMatchObject([
      { severity: "error", check: "cannot-be-built", where: missing },
    ]);
    const path = join(folder, "wrong.prototxt");
    writeFileSync(path, "layer {\n  nam: 3\n}");
    expect(await examine({ model: path })).toMatchObject([
      { severity: "error", where: `${path}:2` },
    ]);
  });
});

describe("the models of this package", () => {
  const files = readdirSync("models", { recursive: true, encoding: "utf8" }).filter((file) =>
    /solver.*\.prototxt$/.test(file),
  );

  test.each(files)("%s: nothing is wrong with it", async (file) => {
    const found = await examine({ solver: join("models", file), isStatic: true });
    expect(found.filter(({ severity }) => severity !== "note")).toEqual([]);
    // Their authors have a bias there, and published weights with it.
    const isNoted = ["crnn", "resnet50"].includes(file.split("/")[0] ?? "");
    expect(new Set(found.map(({ check }) => check))).toEqual(
      new Set(isNoted ? ["bias-before-batch-norm"] : []),
    );
  });
});
