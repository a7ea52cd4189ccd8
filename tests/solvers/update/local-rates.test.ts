import { expect, test } from "vitest";
import type { Solver } from "../../../src/solvers/solver.ts";
import { localFactor, localNumbers } from "../../../src/solvers/update/local-rates.ts";
import { describeEngines } from "../../support/engines.ts";
import { noise, write } from "../../support/nets.ts";
import { solverOf } from "../../support/solvers.ts";

const NET = `net_param {
  layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: 4 dim: 3 } shape { dim: 4 dim: 2 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" param { lr_mult: 2 } param { lr_mult: 0.5 decay_mult: 0 }
    inner_product_param { num_output: 2 weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 } } }
  layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;

const filled = (solver: Solver): Solver => {
  write(solver.net.blob("x"), noise(12, 1));
  write(solver.net.blob("t"), noise(8, 2));
  return solver;
};

const norm = (values: readonly number[]): number => Math.hypot(...values);

/** Weights, and their gradients of one pass with the same weights. */
async function seen(solver: Solver): Promise<{ w: number[][]; g: number[][] }> {
  const { net } = solver;
  net.clearParamDiffs();
  await net.forward();
  await net.backward();
  await net.toHost();
  const blobs = net.learnableParams.map(({ blob }) => blob);
  return {
    w: blobs.map((blob) => Array.from(blob.values())),
    g: blobs.map((blob) => Array.from(blob.diffValues())),
  };
}

describeEngines("rates of a parameter's own", (engines) => {
  const common = "momentum: 0.9 weight_decay: 0.1 base_lr: 0.05";
  const larc = (w: number, g: number): number => (0.1 * 0.02 * w) / g;
  test.each([
    [
      "larc scales the rate",
      "larc: true larc_eta: 0.02",
      (w: number, g: number) => 0.05 * larc(w, g),
    ],
    [
      "larc limits the rate",
      'larc: true larc_policy: "clip" larc_eta: 0.02',
      (w: number, g: number) => Math.min(0.05, larc(w, g)),
    ],
    [
      "larc limits no rate that is small",
      'larc: true larc_policy: "clip" larc_eta: 50',
      () => 0.05,
    ],
    [
      "local_lr_auto knows the decay",
      "local_lr_auto: true local_gw_ratio: 0.3",
      (w: number, g: number) => (0.05 * 0.3 * w) / (g + 0.1 * w),
    ],
  ])("%s", async (_name, text, rateOf) => {
    const solver = filled(solverOf(`${common} ${text} ${NET}`, { engines }));
    const v = solver.net.learnableParams.map(({ blob }) => new Array<number>(blob.count()).fill(0));
    for (let i = 0; i < 3; i++) {
      const { w, g } = await seen(solver);
      await solver.step(1);
      await solver.net.toHost();
      for (const [k, { blob }] of solver.net.learnableParams.entries()) {
        const rate = rateOf(norm(w[k]!), norm(g[k]!));
        const decay = k === 0 ? 0.1 : 0;
        v[k] = v[k]!.map((old, j) => 0.9 * old + rate * (g[k]![j]! + decay * w[k]![j]!));
        const wanted = w[k]!.map((value, j) => value - v[k]![j]!);
        expect(Array.from(blob.values())).toBeAllClose(wanted, { rtol: 1e-4, atol: 1e-6 });
      }
    }
    solver.close();
  });

  test("gradients that are clipped and divided by iter_size count as they are then", async () => {
    const steps: number[][] = [];
    for (const text of ["clip_gradients: 0.01 iter_size: 2", "clip_gradients: 5e4"]) {
      const solver = filled(
        solverOf(`base_lr: 1 larc: true larc_eta: 0.1 ${text} ${NET}`, { engines }),
      );
      await solver.step(1);
      await solver.net.toHost();
      steps.push(solver.net.learnableParams.flatMap(({ blob }) => Array.from(blob.values())));
      solver.close();
    }
    // A step is as long as the parameter, whatever the gradient's length.
    expect(steps[0]).toBeAllClose(steps[1]!, { rtol: 1e-4, atol: 1e-6 });
  });

  test("a parameter that is zero, or has no gradient, takes the rate as it is; lr_mult 0 keeps it still", async () => {
    const text = NET.replace(/"gaussian" std: 1/g, '"constant" value: 0').replace(
      "lr_mult: 2",
      "lr_mult: 0",
    );
    const solver = filled(solverOf(`base_lr: 0.05 larc: true ${text}`, { engines }));
    const { g } = await seen(solver);
    await solver.step(1);
    await solver.net.toHost();
    const [bias] = solver.net.learnableParams
      .map(({ blob }) => Array.from(blob.values()))
      .slice(-1);
    expect(bias).toBeAllClose(
      g.at(-1)!.map((value) => -0.05 * value),
      { rtol: 1e-4, atol: 1e-7 },
    );
    expect(Array.from(solver.net.layers[1]!.blobs[0]!.values())).toEqual([0, 0, 0, 0, 0, 0]);
    solver.close();
  });
});

test("without norms the factor is 1, and never more where the rate is limited", () => {
  const adaptation = { trust: 0.5, decay: 0, isClipped: true };
  expect(localFactor(0, localNumbers(adaptation, 0.1, 1))).toBe(1);
  expect(localFactor(0, localNumbers(adaptation, 4, 1))).toBe(0.25);
  expect(localFactor(1e-30, localNumbers(adaptation, 0.1, 1))).toBe(1);
  expect(localFactor(Number.NaN, localNumbers(adaptation, 0.1, 1))).toBe(1);
});

test("what does not go together, or has no effect, is said", () => {
  expect(() => solverOf(`larc: true local_lr_auto: true ${NET}`)).toThrow(
    "larc and local_lr_auto are both given",
  );
  expect(() => solverOf(`larc: true larc_policy: "most" ${NET}`)).toThrow(
    'larc_policy is "most". Expected scale or clip',
  );
  for (const fields of ["larc: true larc_eta", "local_lr_auto: true local_gw_ratio"]) {
    expect(() => solverOf(`${fields}: -1 ${NET}`)).toThrow("is -1. Expected more than 0");
    expect(() => solverOf(`${fields}: nan ${NET}`)).toThrow("is NaN. Expected more than 0");
  }
  const warnings: string[] = [];
  const log = (level: string, _source: string, message: string): void => {
    if (level === "warning") warnings.push(message);
  };
  solverOf(`type: "Nesterov" larc: true momentum_policy: "opt" ${NET}`, { log }).close();
  solverOf(`larc_eta: 0.1 max_momentum: 0.9 ${NET}`, { log }).close();
  expect(warnings).toEqual([
    expect.stringContaining('larc, momentum_policy: without effect with type "Nesterov"'),
    "solver: larc_eta without larc: no effect. Expected larc too.",
    "solver: max_momentum without momentum_policy: no effect. Expected momentum_policy too.",
  ]);
});

test("tests come test_offset iterations late", async () => {
  const tested: number[] = [];
  const solver = solverOf(
    `max_iter: 7 test_iter: 1 test_interval: 3 test_offset: 1 snapshot_after_train: false ${NET}`,
  );
  solver.callbacks.push({
    onTest() {
      tested.push(solver.iter);
    },
  });
  await solver.solve();
  expect(tested).toEqual([1, 4, 7]);
  solver.close();
});
