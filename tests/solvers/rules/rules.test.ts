// Every update rule by hand, in closed form and on every engine: the files of src/solvers/rules.
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import * as rules from "../../../src/solvers/rules/index.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { noise, write } from "../../support/nets.ts";
import { solverOf } from "../../support/solvers.ts";

/*
 * Least squares: y = w·x + b over 4 samples of 3 features, E = 1/(2·4) Σ (y − t)². Its gradient is known in closed form,
 * so every rule can be followed by hand, as in Caffe's test_gradient_based_solver.cpp.
 */
const SAMPLES = 4;
const FEATURES = 3;
const NET = (samples: number): string => `
  layer { name: "in" type: "Input" top: "x" top: "t" input_param { shape { dim: ${samples} dim: ${FEATURES} } shape { dim: ${samples} dim: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 weight_filler { type: "gaussian" std: 1 } bias_filler { type: "gaussian" std: 1 } } }
  layer { name: "l" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`;

const newSolver = (text: string, engines: Engines = referenceEngines, samples = SAMPLES): Solver =>
  solverOf(`${text} net_param { ${NET(samples)} }`, { engines }, { random_seed: 7 });

const X = noise(SAMPLES * FEATURES, 1);
const T = noise(SAMPLES, 2);

/** ∂E/∂(w, b). */
function gradient(theta: readonly number[]): number[] {
  const g = theta.map(() => 0);
  for (let n = 0; n < SAMPLES; n++) {
    const x = [...X.slice(n * FEATURES, (n + 1) * FEATURES), 1];
    const error = x.reduce((sum, value, k) => sum + value * theta[k]!, -T[n]!);
    x.forEach((value, k) => {
      g[k]! += (error * value) / SAMPLES;
    });
  }
  return g;
}

interface Numbers {
  readonly rate: number;
  readonly momentum: number;
  readonly decay: number;
  readonly delta: number;
}

/** What each rule subtracts, written as in its paper, one number at a time; a and b are its memory. */
type ByHand = (g: number, m: { a: number; b: number }, p: Numbers, t: number, w: number) => number;
const RMS_DECAY = 0.95;
const MOMENTUM2 = 0.98;
const byHand: Readonly<Record<string, ByHand>> = {
  SGD: (g, m, { rate, momentum }) => {
    m.a = momentum * m.a + rate * g;
    return m.a;
  },
  Nesterov: (g, m, { rate, momentum }) => {
    const before = m.a;
    m.a = momentum * m.a + rate * g;
    return m.a + momentum * (m.a - before);
  },
  AdaGrad: (g, m, { rate, delta }) => {
    m.a += g ** 2;
    return (rate * g) / (Math.sqrt(m.a) + delta);
  },
  RMSProp: (g, m, { rate, delta }) => {
    m.a = RMS_DECAY * m.a + (1 - RMS_DECAY) * g ** 2;
    return (rate * g) / (Math.sqrt(m.a) + delta);
  },
  AdaDelta: (g, m, { rate, momentum, delta }) => {
    m.a = momentum * m.a + (1 - momentum) * g ** 2;
    const u = (g * Math.sqrt(m.b + delta)) / Math.sqrt(m.a + delta);
    m.b = momentum * m.b + (1 - momentum) * u ** 2;
    return rate * u;
  },
  Adam: (g, m, { rate, momentum, delta }, t) => {
    m.a = momentum * m.a + (1 - momentum) * g;
    m.b = MOMENTUM2 * m.b + (1 - MOMENTUM2) * g ** 2;
    const correction = Math.sqrt(1 - MOMENTUM2 ** t) / (1 - momentum ** t);
    return (rate * correction * m.a) / (Math.sqrt(m.b) + delta);
  },
  AdamW: (g, m, p, t, w) => byHand["Adam"]!(g, m, p, t, w) + p.rate * p.decay * w,
};

test("every rule is followed by hand, has a file, and names a source", () => {
  const names = Object.values(rules).map(({ kernel }) => kernel.name);
  expect(Object.keys(byHand).sort()).toEqual([...names].sort());
  const files = readdirSync("src/solvers/rules").map((file) => file.replace(".ts", ""));
  for (const name of names) expect(files).toContain(name.toLowerCase());
});

const parameters = (solver: Solver): number[] =>
  solver.net.learnableParams.flatMap(({ blob }) => Array.from(blob.values()));

/** Lets every forward pass see these samples. */
function feed(solver: Solver, x: readonly number[], t: readonly number[]): void {
  write(solver.net.blob("x"), x);
  write(solver.net.blob("t"), t);
}

describeEngines("least squares", (engines) => {
  describe.each(Object.keys(byHand))("%s", (type) => {
    const isAdaptive = type === "AdaGrad" || type === "RMSProp";
    const cases = [0, 0.1].flatMap((decay) =>
      (isAdaptive ? [0] : type === "AdaDelta" ? [0.5, 0.95] : [0, 0.5, 0.9]).flatMap((momentum) =>
        [1, 3].flatMap((iterSize) =>
          (["L2", "L1"] as const).map((kind) => ({ decay, momentum, iterSize, kind })),
        ),
      ),
    );
    test.each(cases)(
      "decay $decay ($kind), momentum $momentum, iter_size $iterSize",
      async ({ decay, momentum, iterSize, kind }) => {
        const p: Numbers = { rate: 0.1, momentum, decay, delta: 1e-3 };
        const solver = newSolver(
          `type: "${type}" base_lr: ${p.rate} momentum: ${momentum} weight_decay: ${decay} iter_size: ${iterSize}
           delta: ${p.delta} rms_decay: ${RMS_DECAY} momentum2: ${MOMENTUM2} regularization_type: "${kind}"`,
          engines,
        );
        feed(solver, X, T);
        const theta = parameters(solver);
        const memory = theta.map(() => ({ a: 0, b: 0 }));
        for (let t = 1; t <= 4; t++) {
          const g = gradient(theta);
          theta.forEach((w, i) => {
            const penalty = kind === "L2" ? w : Math.sign(w);
            const seen = type === "AdamW" ? g[i]! : g[i]! + decay * penalty;
            theta[i] = w - byHand[type]!(seen, memory[i]!, p, t, penalty);
          });
          await solver.step(1);
          await solver.net.toHost();
          // Four steps in single precision, through a division by a root that may be small.
          expect(parameters(solver)).toBeAllClose(theta, { rtol: 1e-4, atol: 1e-5 });
        }
        const [first, second] = [memory.map(({ a }) => a), memory.map(({ b }) => b)];
        await Promise.all(solver.history.map((blob) => blob.toHost()));
        const kept = solver.history.flatMap((blob) => Array.from(blob.values()));
        const twice = kept.length === 2 * theta.length;
        expect(kept).toBeAllClose(twice ? [...first, ...second] : first, {
          rtol: 1e-4,
          atol: 1e-6,
        });
        solver.close();
      },
    );

    test("iter_size 2 of two samples is one pass over four", async () => {
      const text = `type: "${type}" base_lr: 0.1 momentum: ${isAdaptive ? 0 : 0.9} weight_decay: 0.1 delta: 1e-3`;
      const whole = newSolver(text, engines);
      const halves = newSolver(`${text} iter_size: 2`, engines, SAMPLES / 2);
      feed(whole, X, T);
      let pass = 0;
      halves.net.beforeForward.push((layer) => {
        if (layer !== 0) return;
        const half = pass++ % 2;
        feed(halves, X.slice(half * 6, half * 6 + 6), T.slice(half * 2, half * 2 + 2));
      });
      await whole.step(4);
      await halves.step(4);
      await Promise.all([whole, halves].map(({ net }) => net.toHost()));
      expect(parameters(halves)).toBeAllClose(parameters(whole), { rtol: 1e-4, atol: 1e-6 });
      for (const solver of [whole, halves]) solver.close();
    });

    test("lr_mult 0 leaves a parameter as it is, whatever the decay", async () => {
      const frozen = NET(SAMPLES).replace(
        'top: "y"',
        'top: "y" param { lr_mult: 0 } param { lr_mult: 1 }',
      );
      const solver = new Solver(
        parsePrototxt(
          "SolverParameter",
          `lr_policy: "fixed" base_lr: 0.1 type: "${type}" weight_decay: 0.1 net_param { ${frozen} }`,
        ),
        { engines },
      );
      feed(solver, X, T);
      const [w, b] = solver.net.learnableParams.map(({ blob }) => Array.from(blob.values()));
      await solver.step(3);
      await solver.net.toHost();
      const after = solver.net.learnableParams.map(({ blob }) => Array.from(blob.values()));
      expect(after[0]).toEqual(w);
      expect(after[1]).not.toEqual(b);
      solver.close();
    });
  });
});

test("after an update the diff holds what was subtracted, as in Caffe", async () => {
  const solver = newSolver('type: "Adam" base_lr: 0.1 weight_decay: 0.1 momentum: 0.9');
  feed(solver, X, T);
  const before = parameters(solver);
  await solver.step(1);
  const diffs = solver.net.learnableParams.flatMap(({ blob }) => Array.from(blob.diffValues()));
  expect(diffs).toBeAllClose(parameters(solver).map((after, i) => before[i]! - after));
  solver.close();
});

describe("a solver's fields that do not fit its rule", () => {
  test.each([
    ['type: "AdaGrad" momentum: 0.9', "Momentum cannot be used with AdaGrad. momentum is 0.9"],
    ['type: "RMSProp" momentum: 0.5', "Momentum cannot be used with RMSProp."],
    ['type: "RMSProp" rms_decay: 1', "rms_decay is 1. Expected 0 or more, and less than 1."],
    ['type: "Adam" momentum2: 1', "momentum2 is 1. Expected 0 or more, and less than 1."],
    ['type: "AdamW" momentum: 1.5', "momentum is 1.5. Expected 0 or more, and less than 1."],
    ['type: "adam"', 'unknown solver type "adam". Did you mean "Adam"? Expected one of '],
  ])("%s", (text, message) => {
    expect(() => newSolver(`base_lr: 0.1 ${text}`)).toThrow(message);
  });
});
