import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import type { SolverOptions } from "../../../src/solvers/options.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { referenceEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** What a layer of one net is for: a constant that tells which rules let it in. */
const constant = (name: string, value: number, rule: string): string =>
  `layer { name: "${name}" type: "DummyData" top: "${name}" dummy_data_param { shape { dim: 1 } data_filler { value: ${value} } } include { ${rule} } }`;

const NET = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } shape { dim: 2 dim: 1 } data_filler { value: 1 } data_filler { value: 2 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" loss_weight: 2 }
  ${constant("only_train", 1, "phase: TRAIN")}
  ${constant("only_test", 2, "phase: TEST")}
  ${constant("on_big", 3, 'stage: "big"')}
  ${constant("from_level_2", 4, "min_level: 2")}`;

/** Trains to the end; the nets stay open, to be looked at. */
const run = async (
  text: string,
  options: Partial<SolverOptions> = {},
): Promise<{ solver: Solver; said: string[] }> => {
  const said: string[] = [];
  const solver = new Solver(
    {
      base_lr: 0.1,
      lr_policy: "fixed",
      max_iter: 2,
      snapshot_after_train: false,
      snapshot_prefix: join(folder, "s"),
      ...parsePrototxt("SolverParameter", text),
    },
    { engines: referenceEngines, log: (_s, _f, message) => said.push(message), ...options },
  );
  await solver.solve();
  return { solver, said };
};

const net = parsePrototxt("NetParameter", NET);
const NETS = `net_param { ${NET} }`;

describe("the nets of a solver", () => {
  test("one net serves training and every test_iter, each test with a state of its own", async () => {
    const { solver } = await run(
      `${NETS} test_iter: [1, 2, 1] test_interval: 10 test_state { stage: "big" } test_state { level: 2 } test_state { phase: TRAIN }`,
    );
    const outputs = solver.testNets.map((one) => [...one.outputs]);
    expect(outputs).toEqual([
      ["loss", "on_big", "only_test"],
      ["from_level_2", "loss", "only_test"],
      ["loss", "only_train"],
    ]);
    expect([...solver.net.outputs]).toEqual(["loss", "only_train"]);
  });

  test("train_state, and level and stages of the command line, are the train net's alone", async () => {
    const text = `${NETS} test_iter: 1 test_interval: 10 train_state { stage: "big" }`;
    const { solver } = await run(text, { level: 2, stages: ["other"] });
    expect([...solver.net.outputs]).toEqual(["from_level_2", "loss", "on_big", "only_train"]);
    expect([...(solver.testNets[0]?.outputs ?? [])]).toEqual(["loss", "only_test"]);
  });

  test("a net's own state counts over the solver's phase and below its states", async () => {
    const own = { ...net, state: { level: 2, stage: ["big"] } };
    const solver = new Solver(
      { net_param: own, base_lr: 1, lr_policy: "fixed", train_state: { level: 0 } },
      { engines: referenceEngines },
    );
    expect([...solver.net.outputs]).toEqual(["loss", "on_big", "only_train"]);
    solver.close();
  });

  test("come in Caffe's order: test_net_param, test_net, then net for what is left", async () => {
    const { said } = await run(
      `${NETS} test_net_param { ${NET} } test_iter: [1, 1] test_interval: 10`,
    );
    expect(said.filter((line) => line.startsWith("Creating"))).toEqual(
      expect.arrayContaining([
        "Creating training net specified in net_param.",
        "Creating test net (#0) specified by test_net_param",
        "Creating test net (#1) specified by net_param",
      ]),
    );
  });

  test.each([
    [
      `${NETS} test_net_param { ${NET} } test_interval: 1`,
      "test_iter must be specified for each test network: 0 test_iter for 1 test nets",
    ],
    [
      `train_net_param { ${NET} } test_net_param { ${NET} } test_iter: [1, 2] test_interval: 1`,
      "2 test_iter for 1 test nets",
    ],
    [
      `${NETS} test_iter: [1, 1] test_interval: 1 test_state { level: 1 }`,
      "test_state must be unspecified or specified once per test net: 1 for 2 test nets",
    ],
    [`${NETS} test_iter: 1`, "test_interval is 0 and there are 1 test nets"],
    [`${NETS} train_net_param { ${NET} }`, "train_net_param and net_param all name a train net"],
  ])("numbers that do not fit are refused", async (text, message) => {
    await expect(run(text)).rejects.toThrow(message);
  });
});

describe("testing", () => {
  const testing = `${NETS} test_iter: 3 test_interval: 2 test_compute_loss: true`;

  test("gives means, with Caffe's words; the loss where asked for; before training and at its end", async () => {
    const { said } = await run(testing);
    const at = said.indexOf("Iteration 0, Testing net (#0)");
    expect(said.slice(at, at + 5)).toEqual([
      "Iteration 0, Testing net (#0)",
      "Ignoring source layer only_train",
      "Test loss: 4",
      "    Test net output #0: loss = 2 (* 2 = 4 loss)",
      "    Test net output #1: only_test = 2",
    ]);
    expect(said.filter((line) => line.includes("Testing net"))).toEqual([
      "Iteration 0, Testing net (#0)",
      "Iteration 2, Testing net (#0)",
    ]);
  });

  test("of no batches tells nothing but that, once, and no number that is none", async () => {
    const { solver, said } = await run(
      `${NETS} test_iter: [0, 1] test_interval: 1 test_compute_loss: true`,
    );
    expect(said.filter((line) => /nan/i.test(line))).toEqual([]);
    expect(said.filter((line) => line.includes("test_iter of test net #0 is 0"))).toHaveLength(1);
    expect(said.filter((line) => line.includes("Testing net (#0)"))).toHaveLength(3);
    expect(said.filter((line) => line.startsWith("Test loss"))).toHaveLength(3);
    expect(await solver.test(0)).toEqual(new Map());
    solver.close();
  });

  test("waits for the first interval where test_initialization is false", async () => {
    const { said } = await run(`${testing} test_initialization: false`);
    expect(said.filter((line) => line.includes("Testing net"))).toEqual([
      "Iteration 2, Testing net (#0)",
    ]);
  });

  test("shares the trained weights' memory, and copies nothing", async () => {
    const { solver } = await run(testing);
    const blobsOf = (one: Solver["net"]) => one.layers.flatMap(({ blobs }) => blobs);
    const [trained, tested] = [blobsOf(solver.net), blobsOf(solver.testNets[0] as Solver["net"])];
    expect(trained).toHaveLength(2);
    trained.forEach((blob, i) => {
      expect(tested[i]?.dataMem).toBe(blob.dataMem);
      // Gradients are the train net's own.
      expect(tested[i]?.diffMem).not.toBe(blob.diffMem);
    });
  });

  test("debug_info speaks in tests, and in training where an iteration is displayed", async () => {
    const { said } = await run(`${testing} debug_info: true display: 2 max_iter: 2`);
    expect(said.some((line) => line.includes("[Forward] Layer only_test"))).toBe(true);
    expect(said.filter((line) => /\[Backward\] Layer ip, param blob 0/.test(line))).toHaveLength(1);
  });
});

describe("a net where nothing learns is warned of", () => {
  const data =
    'layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } shape { dim: 2 dim: 1 } } }';
  const ip = (more = ""): string =>
    `layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } ${more} }`;
  const loss = (from: string): string =>
    `layer { name: "loss" type: "EuclideanLoss" bottom: "${from}" bottom: "t" top: "loss" }`;
  const frozen = "param { lr_mult: 0 } param { lr_mult: 0 }";

  test.each([
    ["no parameters", `${data} ${loss("t")}`, "no layer of it has parameters"],
    ["frozen ones only", `${data} ${ip(frozen)} ${loss("y")}`, "every lr_mult is 0"],
    ["no loss", `${data} ${ip()}`, "it has no loss"],
    ["no loss, backward forced", `force_backward: true ${data} ${ip()}`, "it has no loss"],
    ["a loss elsewhere", `${data} ${ip()} ${loss("t")}`, "no layer that learns lies under a loss"],
    ["some that learn", `${data} ${ip()} ${loss("y")}`, undefined],
    ["one frozen blob of two", `${data} ${ip("param { lr_mult: 0 }")} ${loss("y")}`, undefined],
  ])("%s", (_, text, why) => {
    const lines: string[] = [];
    const log: SolverOptions["log"] = (severity, _source, message) => {
      if (severity === "warning") lines.push(message);
    };
    const param = parsePrototxt("SolverParameter", `net_param { name: "N" ${text} } base_lr: 1`);
    const options = { engines: referenceEngines, log, file: "s.prototxt" };
    new Solver({ ...param, lr_policy: "fixed" }, options).close();
    expect(lines).toEqual(
      why === undefined
        ? []
        : [expect.stringContaining(`s.prototxt: nothing in the train net "N" learns: ${why}`)],
    );
  });
});

describe("weights to begin from", () => {
  const snapshotOf = async (text: string, name: string): Promise<string> => {
    const solver = new Solver(
      {
        ...parsePrototxt("SolverParameter", text),
        base_lr: 0.1,
        lr_policy: "fixed",
        snapshot_prefix: join(folder, name),
      },
      { engines: referenceEngines },
    );
    await solver.step(3);
    const path = (await solver.snapshot()).replace(".solverstate", ".caffemodel");
    solver.close();
    return path;
  };
  const TWO = `net_param {
    layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } shape { dim: 2 dim: 1 } data_filler { value: 1 } data_filler { value: 2 } } }
    layer { name: "A" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
    layer { name: "B" type: "InnerProduct" bottom: "h" top: "y" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;
  const weightsOf = (solver: Solver, layer: string): number[][] =>
    (solver.net.layers[solver.net.layerNames.indexOf(layer)]?.blobs ?? []).map((blob) =>
      Array.from(blob.values()),
    );
  const open = (text: string, options: Partial<SolverOptions> = {}): Solver =>
    new Solver(
      { ...parsePrototxt("SolverParameter", text), base_lr: 0.1, lr_policy: "fixed" },
      { engines: referenceEngines, ...options },
    );

  test("of several files the later ones win; a renamed layer begins afresh", async () => {
    const first = await snapshotOf(TWO, "first");
    const second = await snapshotOf(
      TWO.replace('name: "A"', 'name: "A2"').replace("net_param", "random_seed: 9 net_param"),
      "second",
    );
    const one = open(`${TWO} weights: "${first},${second}"`);
    const other = open(TWO, { weights: [first] });
    const only = open(TWO, { weights: [second] });
    // A is in the first file alone, B in both.
    expect(weightsOf(one, "A")).toEqual(weightsOf(other, "A"));
    expect(weightsOf(one, "B")).toEqual(weightsOf(only, "B"));
    const renamed = open(TWO.replace('name: "B"', 'name: "C"'), { weights: [first] });
    expect(weightsOf(renamed, "A")).toEqual(weightsOf(other, "A"));
    expect(weightsOf(renamed, "C")).not.toEqual(weightsOf(other, "B"));
    for (const solver of [one, other, only, renamed]) solver.close();
  });

  test("go to what test nets alone have, too, also when a snapshot is restored", async () => {
    const branch =
      'layer { name: "only" type: "InnerProduct" bottom: "h" top: "z" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } include { phase: TEST } } }';
    const text = `${TWO.replace(/\}$/, branch)} test_iter: 1 test_interval: 10 test_initialization: false snapshot_prefix: "${join(folder, "branch")}"`;
    const teacher = await snapshotOf(
      `${text.replaceAll("include { phase: TEST }", "")} random_seed: 9`,
      "teacher",
    );
    const valuesOf = ({ layers, layerNames }: Solver["net"], name: string): number[] => [
      ...(layers[layerNames.indexOf(name)]?.blobs[0]?.values() ?? []),
    ];
    const lines: string[] = [];
    const log: SolverOptions["log"] = (severity, _source, message) => {
      if (severity !== "info") lines.push(message);
    };
    const solver = open(text, { weights: [teacher], log });
    const [tested] = solver.testNets as [Solver["net"]];
    const wanted = valuesOf(tested, "only");
    expect(wanted).toHaveLength(2);
    expect(wanted).not.toEqual(valuesOf(open(text).testNets[0] as Solver["net"], "only"));
    expect(valuesOf(tested, "A")).toEqual(valuesOf(solver.net, "A"));
    // A file may be for the test net alone.
    const blobs = [
      { shape: [1, 2], data: Float32Array.of(1, 2) },
      { shape: [1], data: Float32Array.of(3) },
    ];
    solver.loadWeights({ source: "branch", layers: [{ name: "only", blobs }] });
    expect(valuesOf(tested, "only")).toEqual([1, 2]);
    expect(() =>
      solver.loadWeights({ source: "none", layers: [{ name: "nobody", blobs }] }),
    ).toThrow('none: none of its layer "nobody" is a layer of net ""');
    expect(lines).toEqual([]);
    const resumed = open(text, { weights: [teacher], isResumed: true });
    await resumed.restore(await solver.snapshot());
    expect(valuesOf(resumed.testNets[0] as Solver["net"], "only")).toEqual(wanted);
    // Without such a layer nothing is read.
    open(TWO, { weights: ["gone.caffemodel"], isResumed: true }).close();
    for (const one of [solver, resumed]) one.close();
  });

  test("a snapshot's must fill every layer", async () => {
    const whole = await snapshotOf(TWO, "whole");
    const state = whole.replace(".caffemodel", ".solverstate");
    const solver = open(TWO.replace('name: "B"', 'name: "C"'));
    await expect(solver.restore(state)).rejects.toThrow(
      'whole_iter_3.caffemodel: it has no weights for layer "C" of net ""',
    );
    expect(solver.iter).toBe(0);
    solver.close();
  });

  test("a frozen layer is not run backward, keeps its weights, and takes no memory for its history", async () => {
    const frozen = TWO.replace(
      'name: "A" type: "InnerProduct"',
      'name: "A" type: "InnerProduct" param { lr_mult: 0 } param { lr_mult: 0 }',
    );
    const solver = open(`${frozen} momentum: 0.9 weight_decay: 0.1`);
    const before = weightsOf(solver, "A");
    const runs = solver.net.layers.map((layer) => vi.spyOn(layer, "backward"));
    await solver.step(2);
    const times = runs.map((spy, i) => [solver.net.layerNames[i], spy.mock.calls.length]);
    expect(Object.fromEntries(times)).toEqual({ d: 0, A: 0, B: 2, loss: 2 });
    expect(weightsOf(solver, "A")).toEqual(before);
    expect(solver.history.map((blob) => blob.dataMem.residentBytes === 0)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    solver.close();
  });
});
