import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { SolverOptions } from "../../../src/solvers/options.ts";
import type { Solver } from "../../../src/solvers/solver.ts";
import { describeEngines } from "../../support/engines.ts";
import { noise, write } from "../../support/nets.ts";
import { solverOf } from "../../support/solvers.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const SAMPLES = 20;
const FEATURES = 6;

/** Data of a linear rule with noise: targets, and classes that no line parts. */
const X = noise(SAMPLES * FEATURES, 1);
const T = Array.from(
  { length: SAMPLES },
  (_, n) => X[n * FEATURES]! - 2 * X[n * FEATURES + 1]! + 0.5 * noise(SAMPLES, 2)[n]!,
);

const NET = (loss: string, outputs: number): string => `net_param {
  layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: ${SAMPLES} dim: ${FEATURES} } shape { dim: ${SAMPLES} ${loss === "EuclideanLoss" ? "dim: 1" : ""} } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: ${outputs} weight_filler { type: "gaussian" std: 1 } } }
  layer { name: "l" type: "${loss}" bottom: "y" bottom: "t" top: "loss" } }`;

const filled = (solver: Solver, targets: readonly number[]): Solver => {
  write(solver.net.blob("x"), X);
  write(solver.net.blob("t"), targets);
  return solver;
};

const lbfgs = (text: string, net: string, options: SolverOptions = {}): Solver =>
  solverOf(`type: "LBFGS" ${text} ${net}`, options, {
    base_lr: 1,
    max_iter: 100,
    snapshot_after_train: false,
    snapshot_prefix: join(folder, "s"),
  });

const quadratic = (text: string, options: SolverOptions = {}): Solver =>
  filled(lbfgs(text, NET("EuclideanLoss", 1), options), T);
const logistic = (text: string, options: SolverOptions = {}): Solver =>
  filled(
    lbfgs(text, NET("SoftmaxWithLoss", 2), options),
    T.map((t) => (t > 0 ? 1 : 0)),
  );

/** The largest element of the objective's gradient. */
async function largestGradient({ net }: Solver, decay = 0): Promise<number> {
  net.clearParamDiffs();
  await net.forward();
  await net.backward();
  await net.toHost();
  const all = net.learnableParams.flatMap(({ blob }) => {
    const diff = blob.diffValues();
    return Array.from(blob.values(), (w, i) => Math.abs(diff[i]! + decay * w));
  });
  return Math.max(...all);
}

describeEngines("L-BFGS", (engines: Engines) => {
  test("finds the minimum of a quadratic in a few steps", async () => {
    const solver = quadratic("gradient_tolerance: 1e-6", { engines });
    await solver.solve();
    expect(solver.iter).toBeLessThan(20);
    expect(await largestGradient(solver)).toBeLessThan(5e-6);
    solver.close();
  });

  test("takes a logistic regression with decay to a tight gradient", async () => {
    const solver = logistic("weight_decay: 0.01 gradient_tolerance: 1e-6", { engines });
    await solver.solve();
    expect(solver.iter).toBeLessThan(40);
    expect(await largestGradient(solver, 0.01)).toBeLessThan(5e-6);
    solver.close();
  });

  test("a resumed run gives the bits of one that was never interrupted", async () => {
    const make = (): Solver => logistic("max_iter: 8 snapshot: 4 history_size: 3", { engines });
    const bits = (): Buffer[] =>
      ["caffemodel", "solverstate", "runstate"].map((end) =>
        readFileSync(join(folder, `s_iter_8.${end}`)),
      );
    const whole = make();
    await whole.solve();
    const wanted = bits();
    for (const end of ["caffemodel", "solverstate", "runstate"])
      rmSync(join(folder, `s_iter_8.${end}`));
    const resumed = make();
    expect(await resumed.restoreNewest()).toMatch(/_iter_4\.solverstate/);
    await resumed.solve();
    expect(bits().map((file, i) => file.equals(wanted[i]!))).toEqual([true, true, true]);
    for (const solver of [whole, resumed]) solver.close();
  });
});

test("iter_size passes are one measurement: their gradients' mean decides", async () => {
  const steps = await Promise.all(
    ["", "iter_size: 3"].map(async (text) => {
      const solver = quadratic(text);
      await solver.step(3);
      const weights = Array.from(solver.net.learnableParams[0]!.blob.values());
      solver.close();
      return weights;
    }),
  );
  expect(steps[1]).toBeAllClose(steps[0]!, { rtol: 1e-4, atol: 1e-5 });
});

test("the loss never rises from step to step, and each step is told", async () => {
  const [losses, lines]: [number[], string[]] = [[], []];
  const log = (_level: string, _source: string, message: string): void => {
    lines.push(message);
  };
  const solver = logistic("max_iter: 10 display: 1", { log });
  solver.callbacks.push({
    onIteration({ loss }) {
      losses.push(loss);
    },
  });
  await solver.solve();
  expect(losses.every((loss, i) => i === 0 || loss <= losses[i - 1]!)).toBe(true);
  expect(
    lines.filter((line) => /^Iteration \d+, step = \S+ after \d+ measurements/.test(line)).length,
  ).toBe(losses.length);
  solver.close();
});

test("parameters with lr_mult 0 stay, whatever others have changed is seen", async () => {
  const net = NET("EuclideanLoss", 1).replace(
    'top: "y" inner',
    'top: "y" param { } param { lr_mult: 0 } inner',
  );
  const solver = filled(lbfgs("", net), T);
  await solver.step(2);
  expect(Array.from(solver.net.layers[1]!.blobs[1]!.values())).toEqual([0]);
  const weights = solver.net.learnableParams[0]!.blob;
  write(
    weights,
    Array.from(weights.values(), () => 5),
  );
  const before = await solver.net.forward();
  const losses: number[] = [];
  solver.callbacks.push({
    onIteration({ loss }) {
      losses.push(loss);
    },
  });
  await solver.step(1);
  expect(losses).toEqual([before]);
  solver.close();
});

test("at the minimum it ends, before max_iter", async () => {
  const lines: string[] = [];
  const solver = quadratic("gradient_tolerance: 1e-5", {
    log(_level, _source, message) {
      lines.push(message);
    },
  });
  await solver.solve();
  expect(solver.iter).toBeLessThan(100);
  expect(lines).toContainEqual(
    expect.stringMatching(/^Iteration \d+: LBFGS has converged, no gradient is above/),
  );
  expect(lines.at(-1)).toBe("Optimization Done.");
  solver.close();
});

test("a loss that is another the second time is said", async () => {
  const warnings: string[] = [];
  const net = NET("EuclideanLoss", 1).replace(
    'layer { name: "ip"',
    'layer { name: "drop" type: "Dropout" bottom: "x" top: "x" } layer { name: "ip"',
  );
  const solver = filled(
    lbfgs("", net, {
      log(level, _source, message) {
        if (level === "warning") warnings.push(message);
      },
    }),
    T,
  );
  await solver.step(1);
  expect(warnings).toEqual([expect.stringContaining("LBFGS: the same weights lose")]);
  solver.close();
});

describe("what does not go with L-BFGS is refused", () => {
  test.each([
    ["momentum: 0.9", "Momentum cannot be used with LBFGS"],
    ["clip_gradients: 1", "clip_gradients cannot be used with LBFGS"],
    [
      'weight_decay: 0.1 regularization_type: "L1"',
      "regularization_type L1 cannot be used with LBFGS",
    ],
    ['weight_decay_policy: "poly"', "weight_decay_policy poly cannot be used with LBFGS"],
    ["history_size: 0", "history_size is 0. Expected 1 or more"],
    ["weight_decay: nan", "weight_decay is NaN. Expected a finite number"],
    ["larc: true", "larc cannot be used with LBFGS"],
  ])("%s", (text, message) => {
    expect(() => quadratic(text)).toThrow(message);
  });

  test("one update of one gradient", async () => {
    const solver = quadratic("");
    await expect(solver.applyUpdate()).rejects.toThrow("LBFGS makes no step of one gradient alone");
    solver.close();
  });
});
