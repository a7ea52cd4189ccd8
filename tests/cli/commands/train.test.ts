import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { Random } from "../../../src/util/random.ts";
import { caffeHere, startCaffe } from "../../support/cli.ts";
import { availableEngines } from "../../support/engines.ts";
import { isLong } from "../../support/long.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

const NET = `name: "Small"
layer { name: "data" type: "Data" top: "x" top: "label" include { phase: TRAIN } transform_param { scale: 0.0039 mirror: true crop_size: 6 } data_param { source: "db" batch_size: 7 backend: LMDB } }
layer { name: "data" type: "Data" top: "x" top: "label" include { phase: TEST } transform_param { scale: 0.0039 crop_size: 6 } data_param { source: "db" batch_size: 10 backend: LMDB } }
layer { name: "conv" type: "Convolution" bottom: "x" top: "conv" convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
`;

const solver = (name: string, more = ""): string => {
  const text = `net: "net.prototxt" base_lr: 0.05 lr_policy: "inv" gamma: 0.001 power: 0.75 momentum: 0.9 weight_decay: 0.001
    display: 10 max_iter: 60 test_iter: 4 test_interval: 30 snapshot: 20 random_seed: 5 snapshot_prefix: "${name}" ${more}`;
  writeFileSync(path(`${name}.prototxt`), text);
  return `${name}.prototxt`;
};

beforeAll(async () => {
  writeFileSync(path("net.prototxt"), NET);
  const writer = createLmdb(path("db"));
  const random = new Random(1);
  for (let i = 0; i < 40; i++) {
    const label = i % 2;
    // Class 1 is bright above, class 0 below.
    const data = Uint8Array.from(
      { length: 64 },
      (_, k) => random.below(60) + (k < 32 === (label === 1) ? 150 : 0),
    );
    await writer.put(
      String(i).padStart(8, "0"),
      encodeDatum({ channels: 1, height: 8, width: 8, data, label }),
    );
  }
  await writer.finish();
});

const bits = (file: string): number[][] =>
  readCaffemodel(path(file)).layers.flatMap(({ blobs }) =>
    blobs.map((blob) => Array.from(blob?.data ?? [])),
  );

describe.each([...availableEngines.keys()])("caffe train on %s", (engine) => {
  const flags = ["--engine", engine, "--threads", "2"];
  // A software GPU takes its time; tests/cli/gpu.test.ts loses one in the middle of a training.
  const inTime = test.skipIf(engine === "webgpu" && !isLong);

  test("learns, logs what Caffe's log parsers read, tests and snapshots", async () => {
    const { status, stderr } = await caffeHere(
      ["train", `-solver=${solver(`run_${engine}`)}`, ...flags],
      folder,
    );
    expect(status, stderr).toBe(0);
    const lines = stderr.trimEnd().split("\n");
    expect(lines.some((line) => /Solving Small/.test(line))).toBe(true);
    const header = /^[IWEF]\d{4} \d{2}:\d{2}:\d{2}\.\d{6} +\d+ \S+:\d+\] /;
    expect(lines.filter((line) => header.test(line)).length).toBeGreaterThan(lines.length / 2);
    // The regular expressions of Caffe's parse_log.py.
    const found = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
    expect(found(/Iteration (\d+)/)).toBeGreaterThan(10);
    expect(found(/Train net output #(\d+): (\S+) = ([.\deE+-]+)/)).toBe(6);
    expect(found(/Test net output #(\d+): (\S+) = ([.\deE+-]+)/)).toBe(6);
    expect(found(/lr = ([-+]?[0-9]*\.?[0-9]+([eE]?[-+]?[0-9]+)?)/)).toBe(6);
    expect(found(/Optimization Done\./)).toBe(2);
    const accuracy = Number(
      /Test net output #0: acc = (\S+)/.exec(
        lines.filter((l) => l.includes("acc =")).at(-1) ?? "",
      )?.[1],
    );
    expect(accuracy).toBeGreaterThan(0.9);
    for (const n of [20, 40, 60]) {
      for (const end of ["caffemodel", "solverstate", "runstate"]) {
        expect(existsSync(path(`run_${engine}_iter_${n}.${end}`))).toBe(true);
      }
    }
  });

  test("resumed, it gives the bits of the run that was never interrupted", async () => {
    const file = solver(`resumed_${engine}`, "").replace(".prototxt", "");
    const { status, stderr } = await caffeHere(
      [
        "train",
        "-solver",
        `${file}.prototxt`,
        "--snapshot",
        `run_${engine}_iter_20.solverstate`,
        ...flags,
      ],
      folder,
    );
    expect(status, stderr).toBe(0);
    expect(bits(`${file}_iter_60.caffemodel`)).toEqual(bits(`run_${engine}_iter_60.caffemodel`));
  });

  inTime("killed at any moment, its newest snapshot loads and leads to the same bits", async () => {
    const name = `killed_${engine}`;
    const file = solver(name, "");
    for (const wait of [
      /Snapshotting to binary proto file .*_iter_20/,
      /Snapshotting solver state .*_iter_40/,
    ]) {
      const newest = newestState(name);
      const resume = newest ? ["--snapshot", newest] : [];
      const { child, said, ended } = startCaffe(
        ["train", `--solver=${file}`, ...resume, ...flags],
        folder,
      );
      await said(wait);
      child.kill("SIGKILL");
      await ended;
    }
    const newest = newestState(name);
    expect(newest).toBeDefined();
    const { status, stderr } = await caffeHere(
      ["train", `--solver=${file}`, `--snapshot=${newest}`, ...flags],
      folder,
    );
    expect(status, stderr).toBe(0);
    expect(bits(`${name}_iter_60.caffemodel`)).toEqual(bits(`run_${engine}_iter_60.caffemodel`));
  });

  inTime("test scores the trained weights, finetuning begins from them", async () => {
    const weights = `run_${engine}_iter_60.caffemodel`;
    const { status, stderr } = await caffeHere(
      ["test", "--model=net.prototxt", `--weights=${weights}`, "--iterations=4", ...flags],
      folder,
    );
    expect(status, stderr).toBe(0);
    expect(stderr).toMatch(/\] Batch 3, acc = /);
    expect(Number(/\] acc = (\S+)/.exec(stderr)?.[1])).toBeGreaterThan(0.9);
    const tuned = await caffeHere(
      ["train", `--solver=${solver(`tuned_${engine}`)}`, `--weights=${weights}`, ...flags],
      folder,
    );
    expect(tuned.status, tuned.stderr).toBe(0);
    expect(tuned.stderr).toContain(`Finetuning from ${weights}`);
  });
});

/** The .solverstate of the highest iteration under a prefix. */
function newestState(name: string): string | undefined {
  const iteration = (file: string): number => Number(/_iter_(\d+)\./.exec(file)?.[1]);
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${name}_iter_`) && file.endsWith(".solverstate"))
    .sort((a, b) => iteration(a) - iteration(b))
    .at(-1);
}

test("SIGHUP snapshots and goes on, SIGINT snapshots and stops", async () => {
  const file = solver("signals", "");
  writeFileSync(
    path(file),
    readFileSync(path(file), "utf8")
      .replace("max_iter: 60", "max_iter: 1000000")
      .replace("snapshot: 20", "")
      .replace("test_interval: 30", "test_interval: 1000000"),
  );
  const { child, said, ended } = startCaffe(["train", `--solver=${file}`], folder);
  await said(/Iteration 20 /);
  child.kill("SIGHUP");
  await said(/Snapshotting solver state/);
  child.kill("SIGINT");
  const { status, stderr } = await ended;
  expect(status).toBe(0);
  expect(stderr).toContain("Optimization stopped early.");
  expect(stderr.match(/Snapshotting solver state/g)?.length).toBe(2);
});
