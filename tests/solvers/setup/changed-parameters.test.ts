import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { SolverParameter } from "../../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { DivergenceError } from "../../../src/util/errors.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** One weight w on a constant input 1, towards 1: loss ½(w − 1)², so w ← w − η(w − 1). */
const NET = `
  layer { name: "x" type: "DummyData" top: "x" top: "t"
    dummy_data_param { shape { dim: 1 dim: 1 } data_filler { value: 1 } } }
  layer { name: "w" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;

interface Made {
  readonly solver: Solver;
  readonly said: string[];
  readonly folder: string;
  readonly weight: () => number;
}

const make = (text = "", engines = referenceEngines): Made => {
  const said: string[] = [];
  const folder = temporaryFolder();
  const solver = new Solver(
    {
      base_lr: 0.5,
      lr_policy: "fixed",
      max_iter: 100,
      snapshot_prefix: join(folder, "s"),
      net_param: parsePrototxt("NetParameter", NET),
      ...parsePrototxt("SolverParameter", text),
    },
    { engines, log: (severity, _source, message) => said.push(`${severity} ${message}`) },
  );
  const weight = (): number => solver.net.learnableParams[0]?.blob.values()[0] ?? Number.NaN;
  return { solver, said, folder, weight };
};

const set = (solver: Solver, param: SolverParameter): void => {
  solver.param = { ...solver.param, ...param };
};

describeEngines("a parameter set between steps holds from the next iteration on", (engines) => {
  const weightOf = async (text: string, later: SolverParameter = {}): Promise<number> => {
    const { solver } = make(text, engines);
    set(solver, later);
    await solver.step(1);
    await solver.net.toHost();
    const [value = Number.NaN] = solver.net.learnableParams[0]?.blob.values() ?? [];
    solver.close();
    return value;
  };

  test.each([
    ["base_lr: 0.25", { base_lr: 0.25 }],
    ["clip_gradients: 0.5", { clip_gradients: 0.5 }],
    ["weight_decay: 0.3", { weight_decay: 0.3 }],
    ["iter_size: 3", { iter_size: 3 }],
    [
      'lr_policy: "inv" gamma: 1 power: 1 base_lr: 0.3',
      { lr_policy: "inv", gamma: 1, power: 1, base_lr: 0.3 },
    ],
  ] as [string, SolverParameter][])("%s", async (text, later) => {
    const fields = text.replace(/base_lr: \S+/, "").trim();
    expect(await weightOf("", later)).toBe(
      await weightOf(fields, later.base_lr === undefined ? {} : { base_lr: later.base_lr }),
    );
  });

  test("a clip threshold that goes or changes", async () => {
    const [none, half] = [await weightOf(""), await weightOf("clip_gradients: 0.5")];
    expect(half).not.toBe(none);
    expect(await weightOf("clip_gradients: 0.5", { clip_gradients: -1 })).toBe(none);
    expect(await weightOf("clip_gradients: 0.1", { clip_gradients: 0.5 })).toBe(half);
  });
});

describe("iter_size", () => {
  test("set between steps: the loss is the mean of the passes", async () => {
    const { solver, weight } = make("base_lr: 0.5");
    set(solver, { iter_size: 4 });
    const losses: number[] = [];
    solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
    await solver.step(2);
    expect(losses).toEqual([0.5, 0.125]);
    expect(weight()).toBe(0.75);
    solver.close();
  });

  test("set in any callback: the iteration that runs is of one size throughout", async () => {
    for (const hook of ["onStart", "onGradientsReady", "onIteration"] as const) {
      const { solver, weight } = make();
      const losses: number[] = [];
      solver.callbacks.push({
        [hook]: () => set(solver, { iter_size: 4 }),
        ...(hook !== "onIteration" && {
          onIteration: ({ loss }: { loss: number }) => void losses.push(loss),
        }),
      });
      await solver.step(3);
      expect(weight(), hook).toBe(0.875);
      if (losses.length > 0) expect(losses, hook).toEqual([0.5, 0.125, 0.03125]);
      expect(solver.param.iter_size).toBe(4);
      solver.close();
    }
  });

  test("several set in one iteration build on each other", async () => {
    const { solver } = make();
    solver.callbacks.push({
      onStart: ({ iter }) => {
        if (iter > 0) return;
        set(solver, { iter_size: 2 });
        set(solver, { base_lr: 0 });
      },
    });
    await solver.step(1);
    expect(solver.param).toMatchObject({ iter_size: 2, base_lr: 0 });
    expect(solver.learningRate()).toBe(0);
    solver.close();
  });
});

test("average_loss: the mean goes on with the losses that lie in the new window", async () => {
  const { solver } = make("base_lr: 0.5 average_loss: 1");
  const smoothed: number[] = [];
  solver.callbacks.push({ onIteration: (event) => void smoothed.push(event.smoothedLoss) });
  await solver.step(1);
  set(solver, { average_loss: 2 });
  await solver.step(2);
  set(solver, { average_loss: 1 });
  await solver.step(1);
  expect(smoothed).toEqual([0.5, 0.3125, 0.078125, 0.0078125]);
  solver.close();
});

test("nan and explode_factor: training that would stop goes on, and the other way round", async () => {
  const { solver } = make("base_lr: 3 nan: 'ignore'".replaceAll("'", '"'));
  await solver.step(25);
  set(solver, { nan: "stop", explode_factor: 2 });
  await expect(solver.step(25)).rejects.toThrow(DivergenceError);
  set(solver, { explode_factor: 0 });
  await solver.step(5);
  solver.close();
});

describe("snapshots", () => {
  const names = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /caffemodel/.test(name))
      .sort();

  test("snapshot, prefix, format and keep_last", async () => {
    const { solver, folder } = make("snapshot: 0");
    await solver.step(1);
    set(solver, { snapshot: 1, keep_last: 1 });
    await solver.step(4);
    expect(names(folder)).toEqual(["s_iter_4.caffemodel", "s_iter_5.caffemodel"]);
    set(solver, { snapshot_prefix: join(folder, "t"), snapshot_format: "HDF5" });
    await solver.step(2);
    // What is of another name stays.
    expect(names(folder)).toEqual([
      "s_iter_4.caffemodel",
      "s_iter_5.caffemodel",
      "t_iter_6.caffemodel.h5",
      "t_iter_7.caffemodel.h5",
    ]);
    solver.close();
  });

  test("snapshot_diff holds from the next snapshot", async () => {
    const { solver, folder } = make();
    set(solver, { snapshot_diff: true });
    await solver.step(1);
    await solver.snapshot();
    const other = make();
    other.solver.loadWeights(join(folder, "s_iter_1.caffemodel"));
    expect(other.solver.net.learnableParams[0]?.blob.diffValues()[0]).not.toBe(0);
    for (const one of [solver, other.solver]) one.close();
  });

  test("set in onIteration, snapshot holds from the next iteration", async () => {
    const { solver, folder } = make("snapshot: 1");
    solver.callbacks.push({
      onIteration: ({ iter }) => set(solver, { snapshot: iter === 1 ? 0 : 1 }),
    });
    await solver.step(2);
    expect(names(folder)).toEqual(["s_iter_1.caffemodel"]);
    solver.close();
  });
});

describe("max_iter", () => {
  test.each([
    ["more", 5, 5],
    ["fewer", 3, 3],
  ])("solve does %s where it is set on the way", async (_, wanted, iter) => {
    const { solver } = make("max_iter: 4 snapshot_after_train: false");
    solver.callbacks.push({
      onIteration: (event) => (event.iter === 2 ? set(solver, { max_iter: wanted }) : undefined),
    });
    await solver.solve();
    expect(solver.iter).toBe(iter);
    solver.close();
  });
});

test("early_stop and monitor: the best so far stays, of the same score", async () => {
  const { solver } = make("base_lr: 0.5 early_stop: 0");
  await solver.step(3);
  set(solver, { early_stop: 2, base_lr: 0 });
  await solver.step(20);
  expect(solver.stoppedEarly).toBe(true);
  // The loss of iteration 3 is the best; two more have not been better.
  expect(solver.iter).toBe(5);
  solver.close();
});

test("display and test_interval hold from the next iteration", async () => {
  const { solver, said } = make("test_iter: 1 test_interval: 50 test_initialization: false");
  await solver.step(1);
  set(solver, { display: 1, test_interval: 2 });
  await solver.step(2);
  expect(said.filter((line) => / iter\/s/.test(line))).toHaveLength(2);
  expect(said.filter((line) => /Testing net/.test(line))).toHaveLength(1);
  solver.close();
});

describe("refused, and the old one holds", () => {
  test.each([
    ["net", { net: "other.prototxt" }, "net cannot be changed while a solver lives"],
    ["net_param", { net_param: { name: "other" } }, "net_param cannot be changed"],
    ["type", { type: "Adam" }, "type cannot be changed"],
    ["random_seed", { random_seed: 9 }, "random_seed cannot be changed"],
    ["weights", { weights: ["w.caffemodel"] }, "weights cannot be changed"],
    ["solver_mode", { solver_mode: "GPU" }, "solver_mode cannot be changed"],
    ["test_iter", { test_iter: [1, 1] }, "test_iter has 2 entries for 0 test nets"],
    ["a number out of range", { iter_size: 0 }, "iter_size is 0. Expected 1 or more"],
    ["a policy that is none", { lr_policy: "stpe" }, "stpe"],
    ["a policy that lacks a field", { lr_policy: "step" }, "gamma"],
    ["a monitor that is none", { monitor: "acc" }, 'monitor is "acc"'],
    ["keep_best without tests", { keep_best: true }, "keep_best is true"],
    [
      "a prefix that cannot be written",
      { snapshot: 1, snapshot_prefix: "/no/such/folder/s" },
      "Cannot write to snapshot prefix",
    ],
  ] as [string, SolverParameter, string][])("%s", async (_, later, message) => {
    const { solver, weight } = make();
    const before = solver.param;
    expect(() => set(solver, later)).toThrow(message);
    expect(solver.param).toBe(before);
    await solver.step(1);
    expect(weight()).toBe(0.5);
    solver.close();
  });

  test("snapshot_diff, where gradients are given up", () => {
    const param = { ...make().solver.param };
    using solver = new Solver(param, { engines: referenceEngines, sharesMemory: true });
    expect(() => set(solver, { snapshot_diff: true })).toThrow("snapshot_diff cannot be asked for");
    set(solver, { snapshot_diff: false });
  });

  test("a net that is the same in other words is none other", () => {
    const { solver } = make();
    set(solver, { net_param: parsePrototxt("NetParameter", NET), base_lr: 0.1 });
    expect(solver.learningRate()).toBeCloseTo(0.1);
    solver.close();
  });

  test("one field of the present one: it is to be set as a whole", () => {
    const { solver } = make();
    const { param } = solver;
    expect(() => {
      (param as { base_lr: number }).base_lr = 7;
    }).toThrow(
      "base_lr cannot be set in a solver's parameter. Expected a new one, set as a whole: solver.param = { ...solver.param, base_lr: … }.",
    );
    // Where a program is not strict, a frozen object alone would say nothing.
    expect(() => Reflect.set(param, "iter_size", 4)).toThrow("iter_size cannot be set");
    expect(() => Reflect.deleteProperty(param, "momentum")).toThrow("momentum cannot be set");
    set(solver, { stepvalue: [5] });
    expect(() => (solver.param.stepvalue as number[]).push(6)).toThrow(TypeError);
    solver.close();
  });
});
