import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import type { RunEvent } from "../../src/run-record/events.ts";
import { parseEvents, readWholeCurve, startOf } from "../../src/run-record/read-events.ts";
import { curvesOfRecord } from "../../src/run-record/record-curves.ts";
import { caffe, caffeHere, startCaffe } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NET = `name: "tiny"
layer { name: "d" type: "DummyData" top: "x" top: "y" dummy_data_param { shape { dim: 8 dim: 3 } shape { dim: 8 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "gaussian" } } }
layer { name: "ip" type: "InnerProduct" bottom: "x" top: "p" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
layer { name: "l" type: "EuclideanLoss" bottom: "p" bottom: "y" top: "loss" }`;

const SOLVER = {
  ...{ base_lr: "0.01", lr_policy: '"fixed"', random_seed: "1", max_iter: "8", display: "4" },
  ...{ test_iter: "1", test_interval: "4", snapshot: "4", snapshot_prefix: '"s"' },
};

let folder: string;
/** A net and its solver. */
function prepare(
  fields: Readonly<Record<string, string>> = {},
  name = "tiny_solver.prototxt",
): void {
  writeFileSync(join(folder, "net.prototxt"), NET);
  const lines = Object.entries({ net: '"net.prototxt"', ...SOLVER, ...fields });
  writeFileSync(join(folder, name), lines.map(([key, value]) => `${key}: ${value}`).join("\n"));
}

const train = async (...flags: string[]): Promise<Awaited<ReturnType<typeof caffeHere>>> =>
  caffeHere(["train", "--engine=reference", ...flags], folder);
const events = (name: string): RunEvent[] =>
  parseEvents(readFileSync(join(folder, name, "events.jsonl"), "utf8"));
/** A log without its times. */
const steady = (log: string): string =>
  log.replace(/^([IW])\d{4} [\d:.]+ +\d+ /gm, "$1 ").replace(/\([^)]*iters\)/g, "");

beforeEach(() => {
  vi.stubEnv("CAFFE_RUN", "");
  folder = temporaryFolder();
});

test("a training leaves its events, log, prototxts, command line, environment and snapshots' list", async () => {
  prepare();
  const { status, stderr, stdout } = await train("tiny_solver.prototxt", "--nan=ignore");
  expect(status).toBe(0);
  expect(stdout).toBe("");
  const at = (name: string): string => join(folder, "runs", "tiny", name);
  const text = (name: string): string => readFileSync(at(name), "utf8");
  expect(readdirSync(at("")).sort()).toEqual([
    ...["command.txt", "environment.json", "events.jsonl", "snapshots.txt", "solver.prototxt"],
    ...["test_net_0.prototxt", "train.log", "train_net.prototxt", "view.json"],
  ]);
  expect(events("runs/tiny").map(({ type, iter }) => `${type} ${iter}`)).toEqual([
    ...["start 0", "test 0", "train 0", "snapshot 4", "test 4", "train 4", "snapshot 8"],
    ...["test 8", "stop 8"],
  ]);
  expect(startOf(events("runs/tiny"))).toMatchObject({
    ...{ net: "tiny", solver: "tiny_solver.prototxt", maxIter: 8, display: 4, parameters: 4 },
    ...{ outputs: ["loss"], testOutputs: [["loss"]], imagesPerIteration: 8, folder },
    ...{ score: { name: "loss", testNet: 0, mode: "min" }, process: process.pid },
    environment: { engines: ["reference"], ranks: 1, node: process.version },
  });
  expect(events("runs/tiny").at(-1)).toMatchObject({ reason: "done" });
  expect(text("train.log")).toBe(stderr);
  expect(text("solver.prototxt")).toContain('nan: "ignore"');
  expect(text("train_net.prototxt")).toContain("phase: TRAIN");
  expect(text("test_net_0.prototxt")).toContain("phase: TEST");
  expect(text("snapshots.txt")).toBe("s_iter_4.solverstate\ns_iter_8.solverstate\n");
});

test("what is on the screen and in pipes is the same with a record and without", async () => {
  prepare();
  const without = await train("tiny_solver.prototxt", "--run=off");
  expect(existsSync(join(folder, "runs"))).toBe(false);
  folder = temporaryFolder();
  prepare();
  const withRecord = await train("tiny_solver.prototxt");
  expect(existsSync(join(folder, "runs/tiny"))).toBe(true);
  expect(steady(withRecord.stderr)).toBe(steady(without.stderr));
});

test("a training beside another leaves a record of its own; names, folders and CAFFE_RUN are obeyed", async () => {
  prepare({}, "solver.prototxt");
  const name = folder.split("/").at(-1) ?? "";
  await train("solver.prototxt");
  await train("solver.prototxt");
  await train("solver.prototxt", "--run=first");
  await train("solver.prototxt", "--run=./elsewhere");
  vi.stubEnv("CAFFE_RUN", "of-variable");
  await train("solver.prototxt");
  const runs = [name, `${name}-2`, "first", "of-variable"].sort();
  expect(readdirSync(join(folder, "runs")).sort()).toEqual(runs);
  expect(events("elsewhere")).toHaveLength(events(`runs/${name}`).length);
});

test("in a folder of caffe new the record lies in a folder of its own", async () => {
  prepare({}, "solver.prototxt");
  mkdirSync(join(folder, "runs"));
  writeFileSync(join(folder, "run.json"), "{}");
  await train("solver.prototxt");
  await train("solver.prototxt", "--run=.");
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(["record", "record-2"]));
  expect(readdirSync(join(folder, "runs"))).toEqual([]);
});

test("a resumed training says of which record it goes on, and its curve continues", async () => {
  prepare();
  await train("tiny_solver.prototxt");
  await train("tiny_solver.prototxt", "--snapshot=s_iter_4.solverstate");
  expect(startOf(events("runs/tiny-2"))).toMatchObject({
    iter: 4,
    continues: { snapshot: "s_iter_4.solverstate", run: "runs/tiny" },
  });
  const curve = readWholeCurve(join(folder, "runs/tiny-2"));
  const of = (type: string): number[] =>
    curve.filter((one) => one.type === type).map(({ iter }) => iter);
  expect(of("train")).toEqual([0, 4]);
  expect(of("test")).toEqual([0, 4, 8]);
  expect(of("snapshot")).toEqual([4, 8]);
  const curves = curvesOfRecord(join(folder, "runs/tiny-2"));
  expect(curves.testOutputs.get("loss")?.points.map(({ iteration }) => iteration)).toEqual([
    0, 4, 8,
  ]);
  expect(
    curves.trainLoss.points.every(({ seconds }, i, all) => seconds >= (all[i - 1]?.seconds ?? 0)),
  ).toBe(true);
  expect((await caffeHere(["plot_log", "all.html", "runs"], folder)).status).toBe(0);
  expect((await caffeHere(["parse_log", "runs/tiny"], folder)).status).toBe(0);
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(["all.html", "train.log.test"]));
  expect((await caffeHere(["plot_log", "no.html", "."], folder)).stderr).toMatch(/holds no record/);
  await train("tiny_solver.prototxt", "--snapshot=auto");
  expect(startOf(events("runs/tiny-3"))?.continues?.run).toBe("runs/tiny-2");
});

test("an error ends the record with its message, and a training that never began leaves none", async () => {
  prepare({ base_lr: "1e30", max_iter: "100", test_interval: "1000" });
  const { status } = await train("tiny_solver.prototxt");
  expect(status).not.toBe(0);
  expect(events("runs/tiny").at(-1)).toMatchObject({ type: "stop", reason: "error" });
  const last = events("runs/tiny").at(-1);
  expect(last?.type === "stop" && last.message).toMatch(/loss/);
  expect(readFileSync(join(folder, "runs/tiny/train.log"), "utf8")).toMatch(/^F.*loss/m);
  prepare({ type: '"none"' }, "other.prototxt");
  expect((await train("other.prototxt")).status).not.toBe(0);
  expect(readdirSync(join(folder, "runs"))).toEqual(["tiny"]);
});

test("where no record can be made training goes on, and says so once", async () => {
  prepare();
  writeFileSync(join(folder, "runs"), "a file");
  const { status, stderr } = await train("tiny_solver.prototxt");
  expect(status).toBe(0);
  expect(stderr.match(/this run leaves no record: .*--run=off/g)).toHaveLength(1);
});

test("--events writes the events to a file too, or to standard output", () => {
  prepare();
  const { status, stdout } = caffe(["train", "tiny_solver.prototxt", "--events=-"], folder);
  expect(status).toBe(0);
  expect(stdout).toBe(readFileSync(join(folder, "runs/tiny/events.jsonl"), "utf8"));
});

test("who reads the events may leave, and a full disk takes none: training goes on", async () => {
  prepare();
  const { status, stderr } = await train("tiny_solver.prototxt", "--run=off", "--events=/dev/full");
  expect(status).toBe(0);
  expect(stderr.match(/--events: .*no space.* goes on/gi)).toHaveLength(1);
  const missing = await train("tiny_solver.prototxt", "--events=no/such/folder/file");
  expect(missing.stderr).toMatch(/"no\/such\/folder\/file" cannot be written/);
  expect(missing.status).not.toBe(0);
});

test("--tensorboard writes beside the record or to its folder, and takes no word behind it", async () => {
  prepare();
  const { status } = await train("--tensorboard", "tiny_solver.prototxt");
  expect(status).toBe(0);
  expect(readdirSync(join(folder, "runs/tiny/tensorboard"))).toHaveLength(1);
  await train("tiny_solver.prototxt", "--run=off", "--tensorboard=board");
  expect(readdirSync(join(folder, "board"))).toHaveLength(1);
  const lost = await train("tiny_solver.prototxt", "--run=off", "--tensorboard");
  expect(lost.stderr).toMatch(/--tensorboard names no folder, .*=FOLDER/);
});

test("a process that is killed leaves whole lines", async () => {
  prepare({ max_iter: "100000000", display: "1", snapshot: "0", test_interval: "1000000" });
  const { child, said, ended } = startCaffe(
    ["train", "tiny_solver.prototxt", "--engine=reference"],
    folder,
  );
  await said(/Iteration 200 /);
  child.kill("SIGKILL");
  await ended;
  const text = readFileSync(join(folder, "runs/tiny/events.jsonl"), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  const lines = text.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(200);
  expect(events("runs/tiny")).toHaveLength(lines.length);
  expect(events("runs/tiny").at(-1)?.type).toBe("train");
});
