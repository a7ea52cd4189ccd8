// What a solver, its data, its weights and the net for use say of one another: set-ups that are broken in one place each.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { Net } from "../../src/net/net.ts";
import { numberedImage, SIDE, writeNumbered } from "../support/numbered-images.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const database = (name: string, images: readonly (readonly [number, number])[]): Promise<void> =>
  writeNumbered(join(folder, name), images);

const numbered = (count: number, labelOf: (i: number) => number, from = 0): [number, number][] =>
  Array.from({ length: count }, (_, i) => [from + i, labelOf(i)]);

interface Setup {
  readonly train?: string;
  readonly test?: string;
  readonly data?: string;
  readonly transform?: string;
  readonly solver?: string;
  readonly deploy?: string;
  readonly classes?: number;
  readonly weights?: string;
}

let count = 0;

/** What is found in a run that is sound but for what is given. */
async function found(setup: Setup): Promise<Finding[]> {
  const { train = "train", test = "test", data = "", classes = 4, deploy, weights } = setup;
  const { transform = "scale: 0.004", solver = "max_iter: 40 test_iter: 3" } = setup;
  const own = join(folder, `run-${count++}`);
  mkdirSync(own);
  const source = (phase: string, name: string, more: string): string =>
    `layer { name: "data" type: "Data" top: "data" top: "label" include { phase: ${phase} }\ntransform_param { ${transform} }\ndata_param {\nsource: "${join(folder, name)}"\nbatch_size: 4 ${more} } }`;
  const layers = `layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
inner_product_param {
num_output: ${classes} weight_filler { type: "xavier" } } }`;
  const net = join(own, "net.prototxt");
  writeFileSync(
    net,
    `${source("TRAIN", train, data)}\n${source("TEST", test, "")}\n${layers}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`,
  );
  if (deploy !== undefined) {
    writeFileSync(
      join(own, "deploy.prototxt"),
      deploy.replace(
        "NET",
        `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: [1, 1, ${SIDE}, ${SIDE}] } } }\n${layers}`,
      ),
    );
  }
  const file = join(own, "solver.prototxt");
  const base = `net: "${net}"\nbase_lr: 0.01 ${/lr_policy/.test(solver) ? "" : 'lr_policy: "fixed"'} test_interval: 10`;
  const prefix = /snapshot_prefix/.test(solver) ? "" : `snapshot_prefix: "${own}/net"`;
  writeFileSync(file, `${base} ${prefix}\n${solver}`);
  return await examine({
    solver: file,
    passes: 0,
    ...(weights !== undefined && { weights: [weights] }),
  });
}

const short = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ severity, check, where }) => `${severity} ${check} ${where.replace(/^.*\//, "")}`,
  );

beforeAll(async () => {
  const inTurn = (i: number): number => i % 4;
  await database("train", numbered(40, inTurn));
  await database("test", numbered(12, inTurn, 100));
  await database(
    "sorted",
    numbered(40, (i) => Math.floor(i / 10)),
  );
  await database(
    "rare",
    numbered(40, (i) => (i === 7 ? 3 : i % 3)),
  );
  await database(
    "gap",
    numbered(40, (i) => (i % 4 === 2 ? 0 : i % 4)),
  );
  await database("seen", numbered(12, inTurn, 35));
  await database(
    "from-one",
    numbered(40, (i) => 1 + (i % 4)),
  );
});

test("a run in which nothing is wrong", async () => {
  expect(short(await found({}))).toEqual([]);
  expect(short(await found({ transform: "scale: 1", deploy: "NET" }))).toEqual([]);
});

describe("data", () => {
  test("a source that is not there", async () => {
    expect(short(await found({ train: "none" }))).toEqual(["error data net.prototxt:1"]);
  });

  test("labels that the net has no score for", async () => {
    const [low] = await found({ classes: 3 });
    expect(low).toMatchObject({
      ...{ severity: "error", check: "labels-beyond-classes", layer: "ip" },
      advice: "Write num_output: 4, or mend the labels.",
    });
    expect(low?.what).toContain('3: first in record "00000003"');
    expect(low?.where).toMatch(/net\.prototxt:13$/);
    const one = (await found({ train: "from-one" })).find(
      ({ check }) => check === "labels-beyond-classes",
    );
    expect(one?.advice).toContain("begin with 1");
  });

  test("classes with few images, and with none", async () => {
    const [rare] = await found({ train: "rare" });
    expect(rare).toMatchObject({ severity: "warning", check: "class-balance" });
    expect(rare?.what).toContain("14 images of label 0 and 1 of label 3");
    const [gap] = await found({ train: "gap" });
    expect(gap?.what).toContain("no image of 1 of 4 classes: label 2");
  });

  test("records that lie sorted, unless they are shuffled", async () => {
    expect(short(await found({ train: "sorted" }))).toEqual([
      "error sorted-records net.prototxt:4",
    ]);
    expect(short(await found({ train: "sorted", data: "shuffle: true" }))).toEqual([]);
  });

  test("images that are trained with and tested with", async () => {
    const [some] = await found({ test: "seen" });
    expect(some).toMatchObject({ severity: "warning", check: "seen-in-training" });
    expect(some?.what).toContain("5 of 12 images");
    expect(short(await found({ test: "train", solver: "max_iter: 40 test_iter: 10" }))).toEqual([
      "warning seen-in-training net.prototxt:9",
    ]);
  });

  test("a list of images: sorted, and with an image that is not there", async () => {
    const list = join(folder, "list.txt");
    const lines: string[] = [];
    for (let i = 0; i < 24; i++) {
      writeFileSync(join(folder, `${i}.raw`), numberedImage(i));
      lines.push(`${i}.raw ${i < 12 ? 0 : 1}`);
    }
    const net = join(folder, "list.prototxt");
    const look = async (): Promise<string[]> => {
      writeFileSync(list, lines.join("\n"));
      writeFileSync(
        net,
        `layer { name: "data" type: "ImageData" top: "data" top: "label"
        image_data_param { source: "${list}" root_folder: "${folder}/" batch_size: 4 new_height: 6 new_width: 6 } }
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`,
      );
      return short(await examine({ model: net, passes: 0 }));
    };
    expect(await look()).toEqual(["error sorted-records list.prototxt:2"]);
    lines.push("gone.raw 1");
    expect(await look()).toEqual(["error data list.prototxt:2"]);
  });
});

describe("a solver", () => {
  test.each([
    ["max_iter: 40 test_iter: 2", "warning test-size", "Write test_iter: 3."],
    ["max_iter: 9 test_iter: 3", "warning less-than-an-epoch", "Write max_iter: 10"],
    [
      'max_iter: 40 test_iter: 3 lr_policy: "step" gamma: 0.1 stepsize: 50',
      "warning learning-rate",
      "stepsize: 13",
    ],
    [
      'max_iter: 40 test_iter: 3 lr_policy: "multistep" gamma: 0.1 stepvalue: [50, 60]',
      "warning learning-rate",
      "20 and 30",
    ],
    [
      'max_iter: 40 test_iter: 3 lr_policy: "step" gamma: 10 stepsize: 5',
      "error learning-rate",
      "gamma: 0.1",
    ],
    ['max_iter: 40 test_iter: 3 snapshot_prefix: "none/net"', "error snapshots", "mkdir -p none"],
    ["max_iter: 40 test_iter: 3 snapshot_after_train: false", "error snapshots", "snapshot: 1000"],
  ])("%s", async (solver, what, advice) => {
    const findings = await found({ solver });
    expect(short(findings)).toEqual([`${what} solver.prototxt:3`]);
    expect(findings[0]?.advice).toContain(advice);
  });
});

describe("the net for use", () => {
  test("another preparation, or none that is said", async () => {
    const transform = "mean_value: 100 scale: 0.01";
    const [unsaid] = await found({ transform, deploy: "NET" });
    expect(unsaid).toMatchObject({
      ...{ severity: "note", check: "preparation", layer: "data" },
      advice: "Add to this layer: transform_param { mean_value: 100 scale: 0.01 }",
    });
  });

  test("weights of another shape or name", async () => {
    const other = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: [1, 1, 6, 6] } } transform_param { scale: 0.004 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 5 } }
layer { name: "ip2" type: "InnerProduct" bottom: "ip" top: "ip2" inner_product_param { num_output: 2 } }`;
    expect(short(await found({ transform: "scale: 0.004 crop_size: 6", deploy: other }))).toEqual([
      "error deploy-weights deploy.prototxt:2",
      "error deploy-weights deploy.prototxt:3",
    ]);
    const named = other.replace("num_output: 5", "num_output: 4").split("\n");
    const scaled = `${named[0]?.replace("0.004", "0.1")}\n${named[1]}`;
    expect(short(await found({ deploy: scaled }))).toEqual(["error preparation deploy.prototxt:1"]);
  });
});

describe("weights", () => {
  const write = (name: string, fill: number): string => {
    const path = join(folder, "w.caffemodel");
    using net = Net.parse(
      `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: [1, 36] } } }
      layer { name: "${name}" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }`,
    );
    for (const { blob } of net.learnableParams) blob.dataMem.overwriteCpu().fill(fill);
    net.save(path);
    return path;
  };

  test("that fill nothing, or are no numbers", async () => {
    const crop = "crop_size: 6";
    const shaped = async (weights: string): Promise<string[]> =>
      (await found({ transform: crop, weights })).map(
        ({ severity, check, what }) => `${severity} ${check} ${what.slice(0, 40)}`,
      );
    expect(await shaped(write("other", 1))).toEqual([expect.stringMatching(/^error weights/)]);
    expect(await shaped(write("ip", Number.NaN))).toEqual([
      expect.stringMatching(/^warning weights/),
    ]);
    expect(await shaped(write("ip", 1))).toEqual([]);
    expect(await shaped("none.caffemodel")).toEqual([expect.stringMatching(/^error weights/)]);
  });
});
