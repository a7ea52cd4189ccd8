import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { LineFile } from "../../src/io/files/line-file.ts";
import type { RunEvent, StartEvent } from "../../src/run-record/events.ts";
import { RunTeller } from "../../src/run-record/run-teller.ts";
import { startEvent } from "../../src/run-record/start-event.ts";
import type { Solver } from "../../src/solvers/solver.ts";
import { TensorBoardLog } from "../../src/tensorboard/tensorboard-log.ts";
import { solverOf } from "../support/solvers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { doubles, type Fields, messages, number, readEventFile, text } from "./event-reader.ts";

const NET = `name: "t"
  layer { name: "pictures" type: "DummyData" top: "x" top: "y" dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 5 } shape { dim: 4 dim: 1 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
  layer { name: "conv <b>1</b>" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "p" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "p" bottom: "y" top: "loss" }
  layer { name: "accuracy" type: "Accuracy" bottom: "p" bottom: "y" top: "accuracy" include { phase: TEST } }`;
const SOLVER = `net_param { ${NET} } max_iter: 4 display: 2 test_iter: 1 test_interval: 2 momentum: 0.9 snapshot_after_train: false`;

const startOf = (solver: Solver): StartEvent =>
  startEvent(solver, {
    ...{ file: "s.prototxt", command: ["caffe"], threads: undefined, ranks: 1 },
    continues: undefined,
  });

/** Trains, and gives the weights. */
async function train(
  folder: string | undefined,
  warn = (_: string): void => {},
): Promise<number[]> {
  using solver = solverOf(SOLVER, { sharesMemory: true });
  if (folder !== undefined) {
    const log = new TensorBoardLog(folder, Date.now(), warn);
    const start = startOf(solver);
    const teller = new RunTeller(start.imagesPerIteration);
    teller.listen((event) => log.take(event));
    log.begin(solver, start);
    solver.callbacks.push(teller, log);
    await solver.solve();
    log.take({ type: "stop", time: Date.now(), iter: solver.iter, reason: "done" });
    log.close();
  } else await solver.solve();
  return solver.net.learnableParams.flatMap(({ blob }) => Array.from(blob.values()));
}

const fileIn = (folder: string): string => join(folder, readdirSync(folder)[0] ?? "");

/** The values of all summaries of a tag, with their steps. */
function valuesOf(events: readonly Fields[], tag: string): { step: number; value: Fields }[] {
  return events.flatMap((event) =>
    messages(event, 5)
      .flatMap((summary) => messages(summary, 1))
      .filter((value) => text(value, 1) === tag)
      .map((value) => ({ step: number(event, 2), value })),
  );
}

test("a file has all that TensorBoard shows, and training gives the same bits", async () => {
  const folder = temporaryFolder();
  const weights = await train(folder);
  expect(weights).toEqual(await train(undefined));
  expect(readdirSync(folder)).toEqual([
    expect.stringMatching(/^events\.out\.tfevents\.\d{10}\..+\.\d+\.0$/),
  ]);
  const events = readEventFile(fileIn(folder));
  expect(text(events[0], 3)).toBe("brain.Event:2");
  expect(Math.abs(number(events[0], 1) - Date.now() / 1000)).toBeLessThan(100);

  // Curves.
  const steps = (tag: string): number[] => valuesOf(events, tag).map(({ step }) => step);
  expect(steps("loss/train")).toEqual([0, 2]);
  expect(steps("train/loss")).toEqual([0, 2]);
  expect(steps("test/accuracy")).toEqual([0, 2, 4]);
  expect(steps("test/loss")).toEqual([0, 2, 4]);
  const [rate] = valuesOf(events, "learning_rate");
  expect(number(rate?.value, 2)).toBeCloseTo(0.1, 6);

  // Histograms, whose counts are those of the arrays.
  const conv = "conv <b>1</b>";
  for (const [tag, count] of [
    [`weights/${conv}/0`, 135],
    [`gradients/${conv}/0`, 135],
    ["gradients/ip/1", 2],
  ] as const) {
    const [first] = valuesOf(events, tag);
    const [histo] = messages(first?.value, 5);
    expect(number(histo, 3), tag).toBe(count);
    const [limits, buckets] = [doubles(histo, 6), doubles(histo, 7)];
    expect(limits).toHaveLength(buckets.length);
    expect(limits.at(-1)).toBe(number(histo, 2));
    expect(buckets.reduce((sum, one) => sum + one, 0)).toBe(count);
    expect(number(histo, 1)).toBeLessThan(number(histo, 2));
  }

  // Pictures.
  const pictures = [...Array(4).keys()].map((i) => valuesOf(events, `batch/${i}`));
  expect(pictures.map(({ length }) => length)).toEqual([1, 1, 1, 1]);
  expect(valuesOf(events, "batch/4")).toEqual([]);
  for (const [tag, width, height] of [
    ["batch/0", 5, 6],
    [`filters/${conv}`, 11, 7],
  ] as const) {
    const [image] = messages(valuesOf(events, tag)[0]?.value, 4);
    expect([number(image, 1), number(image, 2), number(image, 3)]).toEqual([height, width, 3]);
    const png = image?.get(4)?.[0] as Uint8Array;
    const { format, ...size } = await sharp(png).metadata();
    expect([format, size.width, size.height]).toEqual(["png", width, height]);
  }
});

test("the graph's nodes are layers, joined as their blobs join them", async () => {
  const folder = temporaryFolder();
  await train(folder);
  const graph = readEventFile(fileIn(folder)).flatMap((event) => messages(event, 4));
  const nodes = messages(graph[0], 1).map((node) => ({
    name: text(node, 1),
    op: text(node, 2),
    inputs: (node.get(3) ?? []).map((one) => new TextDecoder().decode(one as Uint8Array)),
  }));
  expect(nodes).toEqual([
    { name: "pictures", op: "DummyData", inputs: [] },
    { name: "conv__b_1_/b_", op: "Convolution", inputs: ["pictures"] },
    { name: "relu", op: "ReLU", inputs: ["conv__b_1_/b_"] },
    { name: "ip", op: "InnerProduct", inputs: ["relu"] },
    { name: "loss", op: "SoftmaxWithLoss", inputs: ["ip", "pictures:1"] },
  ]);
  const attributes = messages(messages(graph[0], 1)[1], 5);
  const [shapes] = attributes.filter((one) => text(one, 1) === "_output_shapes");
  const dims = messages(messages(messages(messages(shapes, 2)[0], 1)[0], 7)[0], 2);
  expect(dims.map((dim) => number(dim, 1))).toEqual([4, 5, 4, 3]);
  const [layer] = attributes.filter((one) => text(one, 1) === "layer");
  expect(text(messages(layer, 2)[0], 2)).toContain("num_output: 5");
});

test("hyper-parameters are told at the beginning, and how the run ended", async () => {
  const folder = temporaryFolder();
  await train(folder);
  const events = readEventFile(fileIn(folder));
  const data = (name: string): Fields | undefined => {
    const [found] = valuesOf(events, `_hparams_/${name}`);
    const [plugin] = messages(messages(found?.value, 9)[0], 1);
    expect(text(plugin, 1)).toBe("hparams");
    return messages(plugin, 2)[0];
  };
  const [start] = messages(data("session_start_info"), 3);
  const values = new Map(
    messages(start, 1).map((entry) => [text(entry, 1), messages(entry, 2)[0]] as const),
  );
  expect(number(values.get("momentum"), 2)).toBe(0.9);
  expect(number(values.get("batch"), 2)).toBe(4);
  expect(text(values.get("lr_policy"), 3)).toBe("fixed");
  expect(values.has("display")).toBe(false);
  const [experiment] = messages(data("experiment"), 2);
  const metrics = messages(experiment, 5).map((one) => text(messages(one, 1)[0], 2));
  expect(metrics).toEqual(["loss/smoothed", "test/accuracy", "test/loss"]);
  const [end] = messages(data("session_end_info"), 4);
  expect(number(end, 1)).toBe(1);
});

test("numbers that are none reach the curves as such", () => {
  const folder = temporaryFolder();
  const log = new TensorBoardLog(folder, 0, () => {});
  const event: RunEvent = {
    type: "test",
    time: 0,
    iter: 1,
    net: 1,
    scores: { a: "NaN", b: "-Infinity" },
  };
  log.take(event);
  log.close();
  const events = readEventFile(fileIn(folder));
  expect(number(valuesOf(events, "test_1/a")[0]?.value, 2)).toBeNaN();
  expect(number(valuesOf(events, "test_1/b")[0]?.value, 2)).toBe(Number.NEGATIVE_INFINITY);
});

test("a file that is damaged is told by its checksums", () => {
  const folder = temporaryFolder();
  new TensorBoardLog(folder, 0, () => {}).close();
  const path = fileIn(folder);
  expect(readEventFile(path)).toHaveLength(1);
  const more = LineFile.append(path);
  more.add(readFileSync(path).toString("latin1").slice(0, 20));
  more.close();
  expect(() => readEventFile(path)).toThrow();
});
