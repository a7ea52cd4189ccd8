import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Blob } from "../../../src/blob/blob.ts";
import { temporaryOf } from "../../../src/io/files/temporary-file.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { digestOf, digestOfFile, readRunState } from "../../../src/io/weights/run-state.ts";
import type { SolverOptions } from "../../../src/solvers/options.ts";
import { SnapshotStore } from "../../../src/solvers/snapshots/snapshot-store.ts";
import type { Solver } from "../../../src/solvers/solver.ts";
import type { Log } from "../../../src/util/log.ts";
import { describeEngines } from "../../support/engines.ts";
import { solverOf } from "../../support/solvers.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});

/** Random data, dropout, statistics, a shared parameter, a recurrent state, slashes in names; a test net. */
const NET = `name: "N"
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "in/one" type: "InnerProduct" bottom: "x" top: "a" param { name: "w" } param { name: "b" } inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
  layer { name: "in/two" type: "InnerProduct" bottom: "a" top: "c" param { name: "w" } param { name: "b" } inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
  layer { name: "drop" type: "Dropout" bottom: "c" top: "c" }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "t" top: "acc" include { phase: TEST } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

/** A solver with those fields beside, or in place of, the usual ones. */
const newSolver = (text: string, options: SolverOptions = {}): Solver =>
  solverOf(text, options, {
    base_lr: 0.05,
    max_iter: 12,
    snapshot_prefix: join(folder, "s"),
    net_param: parsePrototxt("NetParameter", NET),
  });

const state = async (solver: Solver): Promise<unknown> => {
  await Promise.all([solver.net, ...solver.history].map((part) => part.toHost()));
  return stateOnHost(solver);
};

const stateOnHost = (solver: Solver): unknown => [
  ...solver.net.layers.map(({ blobs }) => blobs.map((blob) => Array.from(blob.values()))),
  ...solver.history.map((blob) => Array.from(blob.values())),
  solver.memory(),
  solver.testStates(),
];

/** The digest of every file in a run's folder. */
const files = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder).map((name) => [name, digestOf([readFileSync(join(folder, name))])]),
  );

describeEngines("a resumed run gives the bits of one that was never interrupted", (engines) => {
  const testing = "test_iter: 3 test_interval: 4";
  test.each([
    ["SGD in BINARYPROTO", `momentum: 0.9 weight_decay: 0.01 ${testing}`],
    ["SGD in HDF5", `momentum: 0.9 weight_decay: 0.01 snapshot_format: HDF5 ${testing}`],
    ["Adam in BINARYPROTO", `type: "Adam" momentum: 0.9 average_loss: 3 ${testing}`],
    ["AdaDelta in HDF5", `type: "AdaDelta" momentum: 0.9 snapshot_format: HDF5`],
    [
      "a plateau, which looks at the smoothed loss",
      `lr_policy: "plateau" gamma: 0.5 plateau_winsize: [1, 1, 2] average_loss: 4`,
    ],
    [
      "rates, momentum and decay that change, tests between",
      `larc: true larc_policy: "clip" larc_eta: 0.1 momentum_policy: "opt" weight_decay: 0.01 weight_decay_policy: "poly" rampup_interval: 5 rampup_lr: 0.01 test_iter: 1 test_interval: 4 test_offset: 1`,
    ],
    ["multistep", `lr_policy: "multistep" gamma: 0.5 stepvalue: [2, 2, 7]`],
  ])("%s", async (_name, text) => {
    const make = (): Solver => newSolver(`snapshot: 3 ${text}`, { engines });
    const whole = make();
    await whole.solve();
    const wanted = files();
    for (const name of Object.keys(wanted)) {
      if (!/_iter_[36]\./.test(name)) rmSync(join(folder, name));
    }
    const resumed = make();
    expect(await resumed.restoreNewest()).toMatch(/_iter_6\.solverstate/);
    expect(resumed.iter).toBe(6);
    await resumed.solve();
    expect(await state(resumed)).toEqual(await state(whole));
    // Snapshots, sidecars and all.
    expect(files()).toEqual(wanted);
    for (const solver of [whole, resumed]) solver.close();
  });
});

/** Layers of one name that draw; names that every object has; a pyramid that draws; a test net that draws too. */
const NAMED = `name: "N"
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 2 dim: 6 dim: 6 } shape { dim: 4 } data_filler { type: "uniform" max: 1 } data_filler { value: 1 } } }
  layer { name: "d" type: "DummyData" top: "n" dummy_data_param { shape { dim: 4 dim: 10 } data_filler { type: "gaussian" std: 0.1 } } }
  layer { name: "pyramid" type: "SPP" bottom: "x" top: "p" spp_param { pyramid_height: 2 pool: STOCHASTIC } }
  layer { name: "sum" type: "Eltwise" bottom: "p" bottom: "n" top: "s" }
  layer { name: "drop" type: "Dropout" bottom: "s" top: "s" }
  layer { name: "same" type: "InnerProduct" bottom: "s" top: "a" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "drop" type: "Dropout" bottom: "a" top: "a" }
  layer { name: "same" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "__proto__" type: "Dropout" bottom: "b" top: "b" }
  layer { name: "toString" type: "InnerProduct" bottom: "b" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "constructor" type: "Dropout" bottom: "ip" top: "ip" }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

describeEngines("layers of one name, and names that every object has,", (engines) => {
  test("resume to the bit", async () => {
    const text = `net_param { ${NAMED} } test_iter: 2 test_interval: 3 momentum: 0.9 max_iter: 8`;
    const whole = newSolver(text, { engines });
    await whole.step(4);
    const path = await whole.snapshot();
    await whole.step(4);
    const resumed = newSolver(text, { engines });
    await resumed.restore(path);
    await resumed.step(4);
    expect(await state(resumed)).toEqual(await state(whole));
    const { train } = readRunState(path.replace(".solverstate", ".runstate"));
    expect(Object.keys(train)).toEqual([
      "d",
      "d#2",
      "pyramid",
      "drop",
      "drop#2",
      "__proto__",
      "constructor",
    ]);
    for (const solver of [whole, resumed]) solver.close();
  });
});

test("a .runstate that lacks a layer's name leaves it as it is, whatever objects have of that name", async () => {
  const text = `net_param { ${NAMED} }`;
  const first = newSolver(
    text.replaceAll('"constructor"', '"other"').replaceAll('"__proto__"', '"else"'),
  );
  const path = await first.snapshot();
  const second = newSolver(text);
  await second.restore(path);
  expect(second.iter).toBe(0);
  for (const solver of [first, second]) solver.close();
});

describe("a state that a layer cannot go on from", () => {
  const RECURRENT = (streams: number, steps = 3, type = "LSTM"): string => `name: "N"
    layer { name: "d" type: "DummyData" top: "x" top: "c" dummy_data_param { shape { dim: ${steps} dim: ${streams} dim: 2 } shape { dim: ${steps} dim: ${streams} } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
    layer { name: "mem" type: "${type}" bottom: "x" bottom: "c" top: "h" recurrent_param { num_output: 4 weight_filler { type: "uniform" min: -0.3 max: 0.3 } } }
    layer { name: "loss" type: "Reduction" bottom: "h" top: "loss" loss_weight: 1 }`;

  test.each(["LSTM", "RNN"])(
    "%s with another number of streams is refused, and nothing has changed",
    async (type) => {
      const first = newSolver(`net_param { ${RECURRENT(2, 3, type)} }`);
      await first.step(2);
      const path = await first.snapshot();
      const second = newSolver(`net_param { ${RECURRENT(5, 3, type)} } random_seed: 8`);
      const before = await state(second);
      const parts = type === "LSTM" ? ["8 and 8", "20 and 20"] : ["8", "20"];
      await expect(second.restore(path)).rejects.toThrow(
        `the state of layer "mem" (${type}) is none that it can go on from: its hidden state has ${parts[0]} values. Expected ${parts[1]}, for 5 streams of 4.`,
      );
      expect(await state(second)).toEqual(before);
      expect(second.iter).toBe(0);
      for (const solver of [first, second]) solver.close();
    },
  );

  test("the same streams, in another number of steps, go on", async () => {
    const first = newSolver(`net_param { ${RECURRENT(2, 3)} }`);
    await first.step(2);
    const path = await first.snapshot();
    const second = newSolver(`net_param { ${RECURRENT(2, 6)} } random_seed: 8`);
    await second.restore(path);
    expect(Object.values(second.net.layer("mem").state() ?? {})).toEqual(
      Object.values(first.net.layer("mem").state() ?? {}),
    );
    for (const solver of [first, second]) solver.close();
  });

  test("another type's under the same name is refused", async () => {
    const net = (layer: string): string => `name: "N"
      layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 axis: 0 } }
      ${layer}
      layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }`;
    const first = newSolver(
      `net_param { ${net('layer { name: "z" type: "Dropout" bottom: "y" top: "y" }')} }`,
    );
    const path = await first.snapshot();
    const second = newSolver(
      `net_param { ${net('layer { name: "z" type: "DummyData" top: "z" dummy_data_param { shape { dim: 2 } } }')} }`,
    );
    await expect(second.restore(path)).rejects.toThrow(
      'the state of layer "z" (DummyData) is none that it can go on from: it holds 2 numbers. Expected 4 numbers.',
    );
    for (const solver of [first, second]) solver.close();
  });
});

test("gradients that snapshot_diff keeps are there again after a restore", async () => {
  const make = (): Solver => newSolver("snapshot_diff: true");
  const first = make();
  await first.step(3);
  const path = await first.snapshot();
  const second = make();
  await second.restore(path);
  const diffs = (solver: Solver) =>
    solver.net.learnableParams.map(({ blob }) => [...blob.diffValues()]);
  expect(diffs(second)).toEqual(diffs(first));
  expect(
    diffs(first)
      .flat()
      .some((value) => value !== 0),
  ).toBe(true);
  for (const solver of [first, second]) solver.close();
});

test("a snapshot that is asked for in the middle of a test resumes before that test", async () => {
  const text = "test_iter: 4 test_interval: 5 snapshot_after_train: false";
  const whole = newSolver(text);
  await whole.step(9);
  const first = newSolver(text);
  let batches = 0;
  first.testNets[0]?.afterForward.push((layer) => {
    // In the third batch of the second test.
    if (layer === 0 && ++batches === 7) {
      first.request("snapshot");
      first.request("stop");
    }
  });
  await first.step(9);
  expect(first.iter).toBe(5);
  const resumed = newSolver(text);
  await resumed.restore(join(folder, "s_iter_5.solverstate"));
  await resumed.step(4);
  expect(await state(resumed)).toEqual(await state(whole));
  for (const solver of [whole, first, resumed]) solver.close();
});

describe("HDF5", () => {
  test("holds a shared parameter once, slashes as groups, and loads into a net", async () => {
    const solver = newSolver("snapshot_format: HDF5 snapshot_diff: true");
    await solver.step(2);
    const path = await solver.snapshot();
    expect(path).toMatch(/s_iter_2\.solverstate\.h5$/);
    const { layers } = readCaffemodel(join(folder, "s_iter_2.caffemodel.h5"));
    const named = new Map(layers.map(({ name, blobs }) => [name, blobs]));
    expect(named.get("in/one")?.length).toBe(2);
    expect(named.get("in/one")?.[0]?.diff?.length).toBe(36);
    expect(named.get("in/two")).toBeUndefined();
    expect(named.get("bn")?.length).toBe(3);
    const other = newSolver("random_seed: 9");
    other.loadWeights(join(folder, "s_iter_2.caffemodel.h5"));
    const weights = (one: Solver) =>
      one.net.layers.map(({ blobs }) => blobs.map((b) => [...b.values()]));
    expect(weights(other)).toEqual(weights(solver));
    for (const one of [solver, other]) one.close();
  });

  test.each([
    [
      "layers of one name",
      'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } } layer { name: "ip" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 1 } }',
      'two layers are called "ip"',
    ],
    [
      "a layer that lies where another's blob would",
      'layer { name: "a" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } } layer { name: "a/0" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 1 } }',
      'in HDF5 "data/a/0" would be a layer and another layer\'s blob',
    ],
    [
      "a layer without a name",
      'layer { type: "InnerProduct" bottom: "x" top: "z" inner_product_param { num_output: 1 } }',
      '"data/" is no name in HDF5',
    ],
  ])("refuses %s before hours of work", (_name, layers, message) => {
    const net = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 2 } } } ${layers}`;
    expect(() => newSolver(`snapshot_format: HDF5 net_param { ${net} }`)).toThrow(message);
    newSolver(`net_param { ${net} }`).close();
  });
});

test("in BINARYPROTO layers of one name get back their own weights", async () => {
  const one = (bottom: string, top: string): string =>
    `layer { name: "same" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }`;
  const net = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 2 } data_filler { value: 1 } } } ${one("x", "y")} ${one("y", "z")}
    layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "x" top: "loss" }`;
  const solver = newSolver(`net_param { ${net} }`);
  await solver.step(2);
  const path = await solver.snapshot();
  const other = newSolver(`net_param { ${net} } random_seed: 9`);
  await other.restore(path);
  const weights = (of: Solver) =>
    of.net.layers.map(({ blobs }) => blobs.map((b) => [...b.values()]));
  expect(weights(other)).toEqual(weights(solver));
  for (const each of [solver, other]) each.close();
});

describe("restoreNewest", () => {
  const train = async (text = ""): Promise<void> => {
    const solver = newSolver(`snapshot: 3 snapshot_after_train: false ${text}`);
    await solver.step(9);
    solver.close();
  };
  const resume = async (
    text = "",
  ): Promise<{ path: string | undefined; iter: number; warnings: string[] }> => {
    const warnings: string[] = [];
    const solver = newSolver(text, {
      log: (severity, _source, message) => {
        if (severity === "warning") warnings.push(message);
      },
    });
    const path = await solver.restoreNewest();
    solver.close();
    return { path, iter: solver.iter, warnings };
  };
  const at = (name: string): string => join(folder, name);
  const flip = (name: string, place: number): void => {
    const bytes = readFileSync(at(name));
    bytes[place < 0 ? bytes.length + place : place]! ^= 16;
    writeFileSync(at(name), bytes);
  };

  test("takes the highest iteration", async () => {
    await train();
    expect(await resume()).toEqual({ path: at("s_iter_9.solverstate"), iter: 9, warnings: [] });
  });

  test("begins afresh where there is none", async () => {
    expect(await resume()).toEqual({ path: undefined, iter: 0, warnings: [] });
  });

  test.each([
    ["a .solverstate that is cut short", () => truncateSync(at("s_iter_9.solverstate"), 99)],
    ["an empty .solverstate", () => truncateSync(at("s_iter_9.solverstate"), 0)],
    ["one flipped bit in the history", () => flip("s_iter_9.solverstate", -20)],
    ["one flipped bit in the weights", () => flip("s_iter_9.caffemodel", -90)],
    ["weights that are missing", () => rmSync(at("s_iter_9.caffemodel"))],
    [
      "weights of another moment",
      () => copyFileSync(at("s_iter_6.caffemodel"), at("s_iter_9.caffemodel")),
    ],
    ["a .runstate that is no JSON", () => truncateSync(at("s_iter_9.runstate"), 50)],
    ["one flipped bit in the .runstate", () => flip("s_iter_9.runstate", 12)],
    [
      "a .runstate of another moment",
      () => copyFileSync(at("s_iter_6.runstate"), at("s_iter_9.runstate")),
    ],
  ])("passes over %s, with a warning", async (_name, damage) => {
    await train();
    damage();
    const { path, iter, warnings } = await resume();
    expect(path).toBe(at("s_iter_6.solverstate"));
    expect(iter).toBe(6);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`${at("s_iter_9.solverstate")} is passed over: `);
  });

  test("passes over a damaged file in HDF5 too", async () => {
    await train("snapshot_format: HDF5");
    truncateSync(at("s_iter_9.solverstate.h5"), 999);
    flip("s_iter_6.caffemodel.h5", -9);
    const { path, warnings } = await resume();
    expect(path).toBe(at("s_iter_3.solverstate.h5"));
    expect(warnings).toHaveLength(2);
  });

  test("begins afresh where all are damaged", async () => {
    await train();
    for (const iter of [3, 6, 9]) truncateSync(at(`s_iter_${iter}.solverstate`), 40);
    expect(await resume()).toMatchObject({ path: undefined, iter: 0 });
  });

  test("stops at a whole one of another net: it is not damaged, and must not be overwritten", async () => {
    await train();
    const other = `net_param { ${NET.replace("num_output: 3", "num_output: 4")} }`;
    await expect(resume(other)).rejects.toThrow("history blob 5 has shape (3,6). Expected (4,6)");
  });

  test("sees only its own prefix", async () => {
    await train();
    for (const name of readdirSync(folder)) {
      copyFileSync(at(name), at(name.replace("s_iter", "sister_iter")));
    }
    for (const name of readdirSync(folder)) if (name.startsWith("s_iter")) rmSync(at(name));
    expect((await resume()).path).toBeUndefined();
  });

  test("finds the weights where the folder has moved, whatever lies at the old place", async () => {
    await train();
    const moved = `${folder}-moved`;
    renameSync(folder, moved);
    mkdirSync(folder);
    writeFileSync(at("s_iter_9.caffemodel"), "something else");
    const solver = newSolver("");
    await solver.restore(join(moved, "s_iter_9.solverstate"));
    expect(solver.iter).toBe(9);
    solver.close();
  });

  test("a .solverstate of Caffe's own, which has no .runstate, resumes as in Caffe", async () => {
    await train();
    for (const iter of [3, 6, 9]) rmSync(at(`s_iter_${iter}.runstate`));
    const { iter, warnings } = await resume();
    expect(iter).toBe(9);
    expect(warnings[0]).toContain("s_iter_9.runstate is not there");
  });
});

describe("keep_last", () => {
  const kept = (): string[] =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".caffemodel"))
      .sort();

  test("removes snapshots that are older, and only this run's", async () => {
    const names = ["s_iter_1", "s_iter_100", "t_iter_3"];
    for (const name of names) writeFileSync(join(folder, `${name}.caffemodel`), "not this run's");
    const solver = newSolver("snapshot: 2 keep_last: 2");
    await solver.solve();
    expect(kept()).toEqual(
      ["s_iter_1", "s_iter_10", "s_iter_100", "s_iter_12", "t_iter_3"].map(
        (n) => `${n}.caffemodel`,
      ),
    );
    expect(existsSync(join(folder, "s_iter_8.solverstate"))).toBe(false);
    expect(existsSync(join(folder, "s_iter_8.runstate"))).toBe(false);
    solver.close();
  });

  test("goes on with the snapshots of the run's earlier part", async () => {
    const first = newSolver("snapshot: 2 keep_last: 2");
    await first.step(6);
    const second = newSolver("snapshot: 2 keep_last: 2");
    await second.restoreNewest();
    // The older one goes when the newest has given a finite loss.
    await second.step(2);
    expect(kept()).toEqual([4, 6, 8].map((iter) => `s_iter_${iter}.caffemodel`));
    await second.step(1);
    expect(kept()).toEqual(["s_iter_6.caffemodel", "s_iter_8.caffemodel"]);
    for (const solver of [first, second]) solver.close();
  });
});

describe("keep_best", () => {
  /** A test net whose accuracy is what we say. */
  const scored = (scores: readonly number[], text = ""): Solver => {
    const net = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 2 } shape { dim: 2 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 } }
      layer { name: "in" type: "Input" top: "score" input_param { shape { dim: 1 } } include { phase: TEST } }
      layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;
    const solver = newSolver(`test_iter: 1 test_interval: 2 net_param { ${net} } ${text}`);
    const [test] = solver.testNets;
    test?.beforeForward.push((layer) => {
      if (layer === 0)
        test
          .blob("score")
          .dataMem.overwriteCpu()
          .fill(scores[solver.iter / 2] ?? 0);
    });
    return solver;
  };

  test("keeps the snapshot of the best score, and only that", async () => {
    const solver = scored([0.1, 0.5, 0.7, 0.6, 0.7, 0.9, 0.2], "keep_best: true");
    await solver.step(8);
    expect(readdirSync(folder).sort()).toEqual(
      ["caffemodel", "runstate", "solverstate"].map((end) => `s_best_iter_4.${end}`),
    );
    await solver.step(4);
    expect(readdirSync(folder)[0]).toBe("s_best_iter_10.caffemodel");
    expect(readRunState(join(folder, "s_best_iter_10.runstate")).solver?.best).toEqual({
      value: Math.fround(0.9),
      iter: 10,
    });
    solver.close();
  });

  test("goes on from the best one where it is the newest", async () => {
    const first = scored([0, 0.5, 0.7], "keep_best: true");
    await first.step(6);
    const second = scored([0, 0.5, 0.7, 0.6, 0.8], "keep_best: true");
    expect(await second.restoreNewest()).toBe(join(folder, "s_best_iter_4.solverstate"));
    await second.step(5);
    expect(readdirSync(folder)[0]).toBe("s_best_iter_8.caffemodel");
    for (const solver of [first, second]) solver.close();
  });

  test("of two that a killed run left, the older goes when the run goes on", async () => {
    const first = scored([0, 0.5, 0.7, 0.8], "keep_best: true");
    await first.step(5);
    const ends = ["caffemodel", "runstate", "solverstate"];
    const older = ends.map((end) => join(folder, `s_best_iter_4.${end}`));
    const bytes = older.map((path) => readFileSync(path));
    await first.step(2);
    // As it lies when the run ends between the writing of one and the removal of the other.
    older.forEach((path, i) => {
      writeFileSync(path, bytes[i] ?? "");
    });
    const second = scored([], "keep_best: true");
    expect(await second.restoreNewest()).toBe(join(folder, "s_best_iter_6.solverstate"));
    expect(readdirSync(folder).sort()).toEqual(ends.map((end) => `s_best_iter_6.${end}`));
    for (const solver of [first, second]) solver.close();
  });

  test("less is better where monitor_mode says so, and min_delta must be gained", async () => {
    const text = 'keep_best: true monitor: "score" monitor_mode: "min" min_delta: 0.1';
    const solver = scored([1, 0.8, 0.75, 0.6, 0.55], text);
    await solver.step(9);
    expect(readdirSync(folder)[0]).toBe("s_best_iter_6.caffemodel");
    solver.close();
  });

  test("early_stop ends training when the score has not improved for so long", async () => {
    const solver = scored([0.1, 0.5, 0.4, 0.4, 0.4, 0.9], "early_stop: 4");
    await solver.solve();
    expect(solver.iter).toBe(6);
    expect(existsSync(join(folder, "s_iter_6.solverstate"))).toBe(true);
    const resumed = scored([0, 0, 0, 0.4], "early_stop: 4");
    await resumed.restoreNewest();
    await resumed.solve();
    expect(resumed.iter).toBe(6);
    for (const one of [solver, resumed]) one.close();
  });

  test.each([
    ['monitor: "acuracy"', 'monitor is "acuracy", and no test net has an output of that name.'],
    [
      'keep_best: true monitor: "train_loss"',
      "keep_best is true, and what is watched is no output",
    ],
    ['monitor_mode: "up"', 'monitor_mode is "up". Expected min or max.'],
    ["early_stop: -1", "early_stop is -1. Expected 0 (off) or more."],
    ["keep_last: -1", "keep_last is -1. Expected 0 (off) or more."],
    ['nan: "never"', 'nan is "never". Expected stop or ignore.'],
  ])("%s is refused", (text, message) => {
    expect(() => scored([], text)).toThrow(message);
  });
});

describe("a folder that is gone when the last snapshot is due", () => {
  /** A solver whose folder goes before its last iteration, and comes back where `isBack`. */
  const losing = (text: string, isBack = false): { solver: Solver; errors: string[] } => {
    const errors: string[] = [];
    const solver = newSolver(text, {
      log: (severity, _source, message) => {
        if (severity !== "error") return;
        errors.push(message);
        if (isBack) mkdirSync(folder);
      },
    });
    solver.callbacks.push({
      onGradientsReady: ({ iter }) => {
        if (iter === 3) rmSync(folder, { recursive: true });
      },
    });
    return { solver, errors };
  };
  test.each([
    ["of a run that solves", "max_iter: 4 snapshot: 2", (solver: Solver) => solver.solve()],
    [
      "where only the newest stays",
      "max_iter: 4 snapshot: 2 keep_last: 1",
      (solver: Solver) => solver.solve(),
    ],
    [
      "where none is wanted but those",
      "max_iter: 4 snapshot: 4 snapshot_after_train: false",
      (solver: Solver) => solver.solve(),
    ],
    [
      "of a run that is stopped then",
      "max_iter: 9 snapshot: 2",
      (solver: Solver) => {
        solver.callbacks.push({
          onIteration: ({ iter }) => (iter === 4 ? solver.request("stop") : undefined),
        });
        return solver.solve();
      },
    ],
    [
      "of a loop over the solver",
      "max_iter: 4 snapshot: 2",
      async (solver: Solver) => {
        for await (const _ of solver);
      },
    ],
  ])("is an error %s", async (_, text, run) => {
    const { solver, errors } = losing(text);
    await expect(run(solver)).rejects.toThrow('s_iter_4.caffemodel" cannot be written');
    expect(errors).toEqual([expect.stringContaining("SNAPSHOT FAILED at iteration 4")]);
    solver.close();
  });

  test("is written then where it is back", async () => {
    const { solver } = losing("max_iter: 4 snapshot: 2", true);
    await solver.solve();
    expect(readdirSync(folder).sort()).toEqual(
      ["caffemodel", "runstate", "solverstate"].map((end) => `s_iter_4.${end}`),
    );
    solver.close();
  });

  test("a failure before the last iteration ends nothing", async () => {
    const { solver, errors } = losing("max_iter: 5 snapshot: 4 snapshot_after_train: false");
    await solver.solve();
    expect(errors).toHaveLength(1);
    solver.close();
  });

  test("the best one, found by the last test, is an error too", async () => {
    const net = `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 axis: 0 } }
      layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 }`;
    const { solver } = losing(
      `max_iter: 4 snapshot_after_train: false test_iter: 1 test_interval: 4 test_initialization: false keep_best: true net_param { ${net} }`,
    );
    await expect(solver.solve()).rejects.toThrow('s_best_iter_4.caffemodel" cannot be written');
    solver.close();
  });
});

test("a snapshot that a run began from, and at which it ends, is not written again", async () => {
  const first = newSolver("max_iter: 3");
  await first.solve();
  const written: string[] = [];
  const second = newSolver("max_iter: 3");
  second.callbacks.push({ onSnapshot: (path) => void written.push(path) });
  await second.solve(join(folder, "s_iter_3.solverstate"));
  expect(written).toEqual([]);
  for (const solver of [first, second]) solver.close();
});

test("what a killed program left half written is removed at the next snapshot", async () => {
  const left = (name: string, pid: number | undefined, text: string): string => {
    const path = temporaryOf(join(folder, name)).replace(`-${process.pid}-`, `-${pid}-`);
    writeFileSync(path, text);
    return path;
  };
  const { pid: ended } = spawnSync("true");
  const gone = left("s_iter_9.caffemodel", ended, "half");
  const others = left("other_iter_9.caffemodel", ended, "another's");
  const running = left("s_iter_9.caffemodel", process.ppid, "still being written");
  const solver = newSolver("");
  await solver.snapshot();
  solver.close();
  expect([gone, others, running].map(existsSync)).toEqual([false, true, true]);
});

test("what Caffe could not read is told of before training, and what nobody could is refused", () => {
  /** A solver of one weight, whose rule keeps two arrays, as one of so many values each. */
  const told = (weights: number, history: number, more = ""): string[] => {
    const solver = newSolver(`type: "Adam" ${more}`);
    const lines: string[] = [];
    const log: Log = (severity, _, message) => lines.push(`${severity}: ${message}`);
    const sized = (values: number): Blob => new Blob([values]);
    const net = { ...solver.net, layers: [{ blobs: [sized(weights)] }], layerNames: ["w"] };
    new SnapshotStore("s", solver.param, log).check(net as never, [
      sized(history / 2),
      sized(history / 2),
    ]);
    solver.close();
    return lines;
  };
  const warning = (file: string): string =>
    `warning: the ${file} of a snapshot holds 2.0 GiB. BVLC Caffe reads 2 GiB at most; snapshot_format: HDF5 has no such limit.`;
  expect(told(2 ** 29 - 1, 2 ** 29 - 2)).toEqual([]);
  expect(told(2 ** 29, 2 ** 29 - 2)).toEqual([warning(".caffemodel")]);
  expect(told(2 ** 28, 2 ** 29)).toEqual([warning(".solverstate")]);
  expect(told(2 ** 28, 4, "snapshot_diff: true")).toEqual([warning(".caffemodel")]);
  expect(told(2 ** 30, 2 ** 30, "snapshot_format: HDF5")).toEqual([]);
  const refused = "of a snapshot would hold 5.0 GiB. Expected less than 4 GiB in BINARYPROTO";
  expect(() => told(5 * 2 ** 28, 4)).toThrow(`the .caffemodel ${refused}`);
  expect(() => told(4, 5 * 2 ** 28)).toThrow(`the .solverstate ${refused}`);
});

test("the digest of a file is that of its bytes", () => {
  const path = join(folder, "bytes");
  for (const length of [0, 1, 70_000]) {
    const bytes = new Uint8Array(length).fill(7);
    writeFileSync(path, bytes);
    expect(digestOfFile(path, "file")).toBe(digestOf([bytes]));
  }
});
