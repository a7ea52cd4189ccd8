import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { judgeFiles } from "../../scripts/zoo/judge-files.ts";
import { shapesOnly } from "../../scripts/zoo/shapes-only.ts";
import { type Ended, script } from "../support/cli.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const input = (dims: string): string =>
  `layer { name: "in" type: "Input" top: "x" input_param { shape { ${dims} } } }\n`;
const data = (more = ""): string =>
  `layer { name: "in" type: "Data" top: "x" top: "label" data_param { source: "nowhere" batch_size: 100 } ${more} }\n`;
const conv = (bottom: string, param: string): string =>
  `layer { name: "c" type: "Convolution" bottom: "${bottom}" top: "c" convolution_param { ${param} } }\n`;

/** Files by name: what is in them, and what the table says of them. */
const FILES: Readonly<Record<string, readonly [text: string, line: RegExp]>> = {
  deploy: [
    input("dim: [1, 3, 8, 8]") + conv("x", "num_output: 2 kernel_size: 3"),
    /^ok +net +\S+: TEST built, 2 layers$/m,
  ],
  phases: [
    `${data("include { phase: TRAIN }")}${conv("x", "num_output: 2 kernel_size: 3")}`,
    /^ok .*: TRAIN built, 2 layers; TEST read, not built: it is a part of a net: Unknown bottom blob 'x'/m,
  ],
  slices: [
    `${data()}layer { name: "s" type: "Slice" bottom: "x" top: "a" top: "b" slice_param { slice_point: 1 } }`,
    /^ok .*: TEST built, 2 layers$/m,
  ],
  labels: [
    `${data()}${conv("x", "num_output: 5 kernel_size: 1")}layer { name: "l" type: "SoftmaxWithLoss" bottom: "c" bottom: "label" }`,
    /^ok .*: TEST built, 3 layers$/m,
  ],
  v1: [
    'input: "x" input_dim: [1, 1, 4, 4] layers { name: "p" type: POOLING bottom: "x" top: "y" pooling_param { kernel_size: 2 } }',
    /^ok .*: TEST built, 2 layers$/m,
  ],
  python: [
    `${input("dim: 1")}layer { name: "p" type: "Python" bottom: "x" top: "y" python_param { module: "mine" layer: "Mine" } }`,
    /^ok .*read, not built: needs a layer of its author's/m,
  ],
  solver: ['net: "deploy.prototxt" base_lr: 0.1', /^ok +solver .*: solver of deploy.prototxt$/m],
  faultywhole: [
    `base_lr: 0.1 net_param { ${input("dim: 1")} layer { spell: 1 } }`,
    /^REFUSED solver .*has no field named "spell"/m,
  ],
  whole: [
    `base_lr: 0.1 net_param { ${input("dim: 1")} }`,
    /^ok +solver .*: TEST built, 1 layers$/m,
  ],
  foreign: [
    `${input("dim: 1")}layer { name: "p" type: "Correlation" bottom: "x" top: "y" }`,
    /^OTHER .*Unknown layer type: Correlation. It is a layer of FlowNet, not of BVLC Caffe\./m,
  ],
  oldforeign: [
    'layers { name: "p" type: CONVOLUTION_3D }',
    /^OTHER .*line 1:\d+: Unknown layer type: CONVOLUTION_3D. Did you mean "CONVOLUTION"/m,
  ],
  fork: [
    `${input("dim: [1, 1, 4, 4]")}${conv("x", "num_output: 2 kernel_size: 3 coeff: 2")}`,
    /^REFUSED .*ConvolutionParameter.coeff is not a field of BVLC Caffe/m,
  ],
  unknown: [
    `${input("dim: 1")}layer { name: "p" spell: 1 }`,
    /^REFUSED .*has no field named "spell"/m,
  ],
  template: [
    "name: $#NAME#$",
    /^REFUSED .*the character '\$' does not belong here\. Where it marks a template/m,
  ],
  labelmap: ['item { name: "a" label: 1 }', /^REFUSED .*It is a field of a label map/m],
  broadcast: [
    `${input("dim: [1, 2]")}layer { name: "p" type: "Parameter" top: "y" parameter_param { shape { dim: 3 } } } layer { name: "e" type: "Eltwise" bottom: "x" bottom: "y" top: "z" }`,
    /^REFUSED .*\(Eltwise\): shape \(3\) does not lie on bottom shape/m,
  ],
  twice: [input("dim: 1") + input("dim: 1"), /^REFUSED .*produced by multiple sources/m],
  wrong: [
    input("dim: [1, 3, 8, 8]") + conv("x", "num_output: 2 kernel_size: 9"),
    /^FAILED .*a kernel of 9 does not fit/m,
  ],
};

const zoo = (root: string, ...args: string[]): Ended => script("zoo/main.ts", root, ...args);

beforeAll(() => {
  for (const [name, [text]] of Object.entries(FILES)) {
    writeFileSync(join(folder, `${name}.prototxt`), text);
  }
});

describe("npm run zoo", () => {
  test("says of each file what becomes of it, and ends with 1 where one fails", () => {
    const { status, stdout } = zoo(folder);
    for (const [name, [, line]] of Object.entries(FILES)) {
      const own = stdout.split("\n").find((text) => text.includes(` ${name}.prototxt: `));
      expect(own, name).toMatch(line);
    }
    expect(stdout).toContain(
      "2 of a layer type that BVLC Caffe does not have\n7 that BVLC Caffe refuses too",
    );
    expect(stdout).toMatch(/^8 passed, 1 failed\n$/m);
    expect(status).toBe(1);
  });

  test("takes some of the files, and an engine", () => {
    const { status, stdout } = zoo(folder, "--only=deploy", "--engine=reference");
    expect(stdout).toMatch(/^1 passed, 0 failed$/m);
    expect(status).toBe(0);
  });

  test("explains itself where there is no such folder", () => {
    const { status, stderr } = zoo(join(folder, "none"));
    expect(stderr).toContain("usage: npm run zoo -- DIR");
    expect(status).toBe(2);
  });
});

/** Real files of other people, which are not part of this project. */
const prototxts = resolve("../shared/zoo/prototxt");
const models = resolve("../shared/zoo/models");

test.skipIf(!existsSync(prototxts))(
  "public prototxt files, every tenth of them where little time is given, are built, or are of a foreign type, or are refused by BVLC Caffe too (needs ../shared/zoo)",
  () => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const counts = judgeFiles(prototxts, { every: isLong ? 1 : 10 }, [shapesOnly], say);
    expect(said.filter((line) => line.startsWith("FAILED"))).toEqual([]);
    expect(counts.ok).toBeGreaterThanOrEqual(isLong ? 100 : 50);
  },
  120_000,
);

test.skipIf(!isLong || !existsSync(models)).each(["reference", "native"])(
  "weights that others trained give the recorded outputs on %s (needs ../shared/zoo)",
  (engine) => {
    const { stdout } = script("zoo/models.ts", models, `--engine=${engine}`);
    expect(stdout).toMatch(/^\d{2,} passed, 0 failed$/m);
  },
  120_000,
);

test.skipIf(!isLong || !existsSync(models))(
  "models that others trained are the same in ONNX Runtime (npm run test:long, needs ../shared/zoo)",
  () => {
    const { stdout } = script("onnx/models.ts", models);
    expect(stdout).toMatch(/^\d{2,} passed, 0 failed$/m);
  },
  120_000,
);
