import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import type { SolverOptions } from "../../src/solvers/options.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { describeEngines } from "../support/engines.ts";
import { solverOf } from "../support/solvers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const NET = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 2 dim: 6 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "drop" type: "Dropout" bottom: "c" top: "c" }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

const newSolver = (text: string, options: SolverOptions = {}): Solver =>
  solverOf(text, { file: join(folder, "s.prototxt"), ...options });

const weights = async (solver: Solver): Promise<number[][]> => {
  await solver.net.toHost();
  return solver.net.learnableParams.map(({ blob }) => Array.from(blob.values()));
};

describeEngines("Solver", (engines, name) => {
  test("a resumed run gives the bits of one that was never interrupted", async () => {
    const text = (prefix: string) =>
      `max_iter: 8 momentum: 0.9 weight_decay: 0.01 snapshot_prefix: "${join(folder, name + prefix)}" snapshot_after_train: false net_param { ${NET} }`;
    const whole = newSolver(text("a"), { engines });
    await whole.step(8);
    const first = newSolver(text("b"), { engines });
    await first.step(3);
    const path = await first.snapshot();
    const resumed = newSolver(text("b").replace("random_seed: 3", "random_seed: 99"), { engines });
    await resumed.restore(path);
    expect(resumed.iter).toBe(3);
    await resumed.step(5);
    expect(await weights(resumed)).toEqual(await weights(whole));
    for (const solver of [whole, first, resumed]) solver.close();
  });

  test("the same seed gives the same run", async () => {
    const run = async (): Promise<number[][]> => {
      const solver = newSolver(`max_iter: 4 net_param { ${NET} }`, { engines });
      await solver.step(4);
      const learned = await weights(solver);
      solver.close();
      return learned;
    };
    expect(await run()).toEqual(await run());
  });
});

test("logs what Caffe logs, and stops when asked to", async () => {
  const lines: string[] = [];
  const solver = newSolver(
    `max_iter: 9 display: 2 test_iter: 2 test_interval: 4 snapshot_prefix: "${join(folder, "log")}" net_param { name: "N" ${NET} }`,
    { log: (_severity, _source, message) => lines.push(message) },
  );
  solver.callbacks.push({
    onIteration: ({ iter }) => (iter === 5 ? solver.request("stop") : undefined),
  });
  await solver.solve();
  const text = lines.join("\n");
  expect(text).toMatch(/^Solving N$/m);
  expect(text).toMatch(/^Iteration 0, Testing net \(#0\)$/m);
  expect(text).toMatch(/^ {4}Test net output #0: loss = [\d.]+ \(\* 1 = [\d.]+ loss\)$/m);
  expect(text).toMatch(/^Iteration 2 \([\d.e+]+ iter\/s, [\d.e-]+s\/2 iters\), loss = [\d.]+$/m);
  expect(text).toMatch(/^ {4}Train net output #0: loss = /m);
  expect(text).toMatch(/^Iteration 4, lr = 0.1$/m);
  expect(text).toMatch(
    /^Snapshotting to binary proto file .*_iter_5\.caffemodel\nSnapshotting solver state to binary proto file .*_iter_5\.solverstate$/m,
  );
  expect(text).toMatch(/^Optimization stopped early\.$/m);
  expect(existsSync(join(folder, "log_iter_5.solverstate"))).toBe(true);
  expect(JSON.parse(readFileSync(join(folder, "log_iter_5.runstate"), "utf8"))).toMatchObject({
    version: 1,
    iter: 5,
  });
  solver.close();
});

describe("a solver that cannot be", () => {
  test.each([
    ["max_iter: 0", `max_iter is 0. Expected 1 or more`],
    ["max_iter: 1 iter_size: 0", "iter_size is 0"],
    ['max_iter: 1 type: "SDG"', 'unknown solver type "SDG"'],
    ["max_iter: 1 test_iter: 1", "test_interval is 0"],
    ['max_iter: 1 regularization_type: "L3"', "Unknown regularization type: L3"],
    [
      'max_iter: 1 snapshot: 1 snapshot_prefix: "/proc/no/such"',
      "Cannot write to snapshot prefix '/proc/no/such'",
    ],
    ['max_iter: 1 weights: " ,"', 'weights: " ," names no file'],
    ['max_iter: 1 net: "x"', "net_param and net all name a train net"],
  ])("%s", (text, message) => {
    expect(() => newSolver(`${text} net_param { ${NET} }`)).toThrow(message);
  });

  test("no net at all", () => {
    expect(() => newSolver("max_iter: 1")).toThrow(
      "no train net. Expected exactly one of net, net_param, train_net, train_net_param",
    );
  });

  test("a snapshot of another net", async () => {
    const prefix = `snapshot_prefix: "${join(folder, "other")}"`;
    const solver = newSolver(`max_iter: 1 ${prefix} net_param { ${NET} }`);
    const path = await solver.snapshot();
    const other = newSolver(
      `max_iter: 1 net_param { ${NET.replace("num_output: 3", "num_output: 4")} }`,
    );
    await expect(other.restore(path)).rejects.toThrow("history blob 2 has shape");
    const fewer = newSolver(
      `max_iter: 1 net_param { ${NET.replace("num_output: 5", "num_output: 5 bias_term: false")} }`,
    );
    await expect(fewer.restore(path)).rejects.toThrow(
      "Incorrect length of history blobs: 4. Expected 3",
    );
    for (const one of [solver, other, fewer]) one.close();
  });
});

describeEngines(
  "a weight that is no number is seen in the iteration whose update made it so",
  (engines) => {
    /** y = √(w·1) at w = 0: its loss is 0, its gradient infinite. */
    const ROOT = `name: "N"
    layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 2 } data_filler { value: 1 } } }
    layer { name: "fine" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "w" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 bias_term: false } }
    layer { name: "root" type: "Power" bottom: "y" top: "r" power_param { power: 0.5 } }
    layer { name: "loss" type: "Reduction" bottom: "r" top: "loss" loss_weight: 1 }
    layer { name: "other" type: "Reduction" bottom: "a" top: "other" loss_weight: 1 }`;
    const make = (text: string, sharesMemory: boolean): Solver =>
      new Solver(
        {
          base_lr: 0.1,
          lr_policy: "fixed",
          random_seed: 1,
          net_param: parsePrototxt("NetParameter", ROOT),
          ...parsePrototxt("SolverParameter", text),
        },
        { engines, sharesMemory },
      );

    test.each([
      ["", false],
      ["", true],
      ["clip_gradients: 1", true],
      ['type: "Adam" momentum: 0.9', true],
    ])("%s, sharing memory: %s", async (text, sharesMemory) => {
      using solver = make(text, sharesMemory);
      if (solver.net.device) return;
      await expect(solver.step(3)).rejects.toThrow(
        /^Iteration 0: a weight is no number after the update\. Layer "(fine|w)" \(InnerProduct\) is the first with a weight that is no number \(param 0\)/,
      );
      expect(solver.iter).toBe(0);
    });

    test("nan: ignore goes on, and so do weights that are merely large", async () => {
      using ignoring = make('nan: "ignore"', true);
      await ignoring.step(2);
      expect(ignoring.iter).toBe(2);
      // Their sum is infinite, and none of them is.
      const large = `net_param {
      layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 2 } data_filler { value: 1e-38 } } }
      layer { name: "w" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 3 weight_filler { value: 3e38 } } }
      layer { name: "loss" type: "Reduction" bottom: "y" top: "loss" loss_weight: 1 } }`;
      using solver = make(large, true);
      await solver.step(2);
      expect(solver.iter).toBe(2);
    });
  },
);
