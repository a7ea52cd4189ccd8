import { expect, test } from "vitest";
import { Solver } from "../../../src/solvers/solver.ts";

/** One weight w on a constant input 1, towards 1: loss ½(w − 1)², so w ← w − η(w − 1). */
const TEXT = `
  base_lr: 0.5 lr_policy: "fixed" max_iter: 4 average_loss: 2 snapshot_prefix: "none"
  net_param {
    layer { name: "x" type: "DummyData" top: "x" top: "t"
      dummy_data_param { shape { dim: 1 dim: 1 } data_filler { value: 1 } } }
    layer { name: "w" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;

test("for await trains to max_iter and tells each iteration", async () => {
  using solver = Solver.parse(TEXT);
  const seen = [];
  for await (const step of solver) seen.push(step);
  expect(seen.map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4]);
  expect(seen.map(({ loss }) => loss)).toEqual([0.5, 0.125, 0.03125, 0.0078125]);
  expect(seen[1]).toEqual({
    iteration: 2,
    loss: 0.125,
    smoothedLoss: 0.3125,
    learningRate: 0.5,
  });
  for await (const _ of solver) throw new Error("it has reached max_iter");
  expect(solver.callbacks).toEqual([]);
});

test("leaving the loop leaves the solver where it is; param may be replaced", async () => {
  using solver = Solver.parse(TEXT);
  for await (const { iteration } of solver) if (iteration === 2) break;
  expect(solver.iter).toBe(2);
  expect(solver.callbacks).toEqual([]);
  solver.param = { ...solver.param, base_lr: 0.25, max_iter: 3 };
  const rates = [];
  for await (const { learningRate } of solver) rates.push(learningRate);
  expect(rates).toEqual([0.25]);
});

test("a stop that is asked for ends the loop", async () => {
  using solver = Solver.parse(TEXT);
  const seen = [];
  for await (const { iteration } of solver) {
    seen.push(iteration);
    if (iteration === 1) solver.request("stop");
  }
  expect(seen).toEqual([1, 2]);
});

test("the log tells how fast training is, without the time that the loop's body takes", async () => {
  const speeds: { iter: number; perSecond: number; seconds: number; at: number }[] = [];
  using solver = Solver.parse(`${TEXT.replace("max_iter: 4", "max_iter: 5")} display: 2`, {
    log: (_severity, _source, message) => {
      const found = /^Iteration (\d+) \((\S+) iter\/s, (\S+)s\/2 iters\)/.exec(message);
      const [iter = 0, perSecond = 0, seconds = 0] = (found ?? []).slice(1).map(Number);
      if (found) speeds.push({ iter, perSecond, seconds, at: performance.now() });
    },
  });
  // Each iteration takes 20 ms or more, what is done with it 100.
  const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  solver.callbacks.push({ onGradientsReady: () => wait(20) });
  for await (const _ of solver) await wait(100);
  expect(speeds.map(({ iter }) => iter)).toEqual([0, 2, 4]);
  for (const [i, { perSecond, seconds, at }] of speeds.entries()) {
    if (i === 0) continue;
    expect(perSecond * seconds).toBeCloseTo(2, 3);
    expect(seconds).toBeGreaterThanOrEqual(0.039);
    const elapsed = (at - (speeds[i - 1]?.at ?? 0)) / 1000;
    expect(seconds).toBeLessThan(elapsed - 0.19);
  }
});
