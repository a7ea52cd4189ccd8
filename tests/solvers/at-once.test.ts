// Steps, tests and snapshots of one solver that are begun at once.
import { join } from "node:path";
import { expect, test } from "vitest";
import { Layer, type One } from "../../src/layers/base/layer.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";
import type { Iteration } from "../../src/solvers/loop/iterate.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** One weight w on the input x, towards t: loss ½(wx − t)². */
const TEXT = `
  base_lr: 0.1 lr_policy: "fixed" max_iter: 12 iter_size: 2 random_seed: 1 snapshot_prefix: "${join(folder, "s")}"
  test_interval: 3 test_iter: 2 test_initialization: false
  net_param { name: "line" force_backward: true
    layer { name: "x" type: "Input" top: "x" top: "t" input_param { shape { dim: 1 dim: 1 } } }
    layer { name: "w" type: "InnerProduct" bottom: "x" top: "y"
      inner_product_param { num_output: 1 bias_term: false weight_filler { value: 0.5 } } }
    layer { name: "relu" type: "ReLU" bottom: "y" top: "z" }
    layer { name: "loss" type: "EuclideanLoss" bottom: "z" bottom: "t" top: "loss" } }`;

/** Its inputs are 1 and 1, so that w goes to 1. */
const line = (): Solver => {
  const solver = Solver.parse(TEXT);
  for (const net of [solver.net, ...solver.testNets]) {
    net.blob("x").assign(1);
    net.blob("t").assign(1);
  }
  return solver;
};
const weight = ({ net }: Solver): number => net.params.get("w")?.[0]?.at(0, 0) ?? Number.NaN;

/** The weight that so many iterations give, begun one after the other. */
const learned = async (iterations: number): Promise<number> => {
  using solver = line();
  for (let i = 0; i < iterations; i++) await solver.step(1);
  return weight(solver);
};

test("steps, tests, snapshots and updates begun at once are done one after the other", async () => {
  using solver = line();
  const results = await Promise.all([
    solver.step(3),
    solver.test(0),
    solver.snapshot(),
    solver.step(3),
    solver.testAll(),
    solver.applyUpdate(),
    solver.test(0),
  ]);
  expect(solver.iter).toBe(7);
  expect(results[2]).toContain("_iter_3.solverstate");
  const [after3, after6] = [await learned(3), await learned(6)];
  expect(results[1]?.get("loss")).toBeCloseTo((after3 - 1) ** 2 / 2, 6);
  expect(after6).not.toBe(after3);
  await Promise.all([solver.restore(results[2]), solver.step(3)]);
  expect([solver.iter, weight(solver)]).toEqual([6, after6]);
});

/** Passes gradients on, once it has failed. */
class FailingLayer extends Layer<One, One> {
  static override readonly type = "FailsOnce";
  #hasFailed = false;
  override reshape([x]: One, [y]: One): void {
    y.reshapeLike(x);
  }
  override forward([x]: One, [y]: One): void {
    y.assign(x);
  }
  override backward([y]: One, _down: readonly boolean[], [x]: One): void {
    if (!this.#hasFailed) {
      this.#hasFailed = true;
      this.fail("it fails once.");
    }
    x.diffMem.overwriteCpu().set(y.diffValues());
  }
}

test("an update after an iteration that failed within backward leaves out no parameter", async () => {
  const text = TEXT.replace("iter_size: 2", "iter_size: 1").replace(
    'layer { name: "relu" type: "ReLU" bottom: "y" top: "z" }',
    `layer { name: "fails" type: "FailsOnce" bottom: "y" top: "f" }
     layer { name: "w2" type: "InnerProduct" bottom: "f" top: "z"
       inner_product_param { num_output: 1 bias_term: false weight_filler { value: 1 } } }`,
  );
  using solver = Solver.parse(text, {
    registry: new LayerRegistry().with(FailingLayer),
    sharesMemory: true,
  });
  solver.net.blob("x").assign(1);
  solver.net.blob("t").assign(1);
  await expect(solver.step(1)).rejects.toThrow("it fails once.");
  const read = (): number[] =>
    ["w", "w2"].map((name) => solver.net.params.get(name)?.[0]?.at(0, 0) ?? Number.NaN);
  const [w = 0, w2 = 0] = read();
  // The layer behind the one that failed had its update: 1 - 0.1 · (0.5 - 1) · 0.5.
  expect([w, w2]).toBeAllClose([0.5, 1.025]);
  solver.net.clearParamDiffs();
  await solver.net.forwardBackward();
  await solver.applyUpdate();
  const gradient = w * w2 - 1;
  expect(read()).toBeAllClose([w - 0.1 * gradient * w2, w2 - 0.1 * gradient * w]);
});

test("others' passes of the solver's net change nothing of what is learned", async () => {
  using solver = line();
  const stepping = solver.step(6);
  const outputs = await Promise.all(
    Array.from({ length: 9 }, async (_, i) => {
      const { y } = await solver.net.forward({ x: [i], t: [0] }, { blobs: ["y"] });
      const ratio = (y?.at(0, 0) ?? 0) / i;
      await solver.net.forwardBackward();
      // What the solver reads is its own again.
      await solver.net.forward({ x: [1], t: [1] });
      return ratio;
    }),
  );
  await stepping;
  expect(outputs.slice(1).every((w) => w >= 0.5 && w <= 1)).toBe(true);
  expect(solver.iter).toBe(6);
  using alone = line();
  const order: number[] = [];
  alone.net.beforeForward.push((i) => order.push(i));
  const both = [alone.step(1), alone.net.forward({}, { end: "w" })];
  await Promise.all(both);
  // Both passes of the iteration, with the other's before or behind them.
  const iteration = [0, 1, 2, 3, 0, 1, 2, 3];
  expect([
    [0, 1, ...iteration],
    [...iteration, 0, 1],
  ]).toContainEqual(order);
  expect(weight(alone)).toBe(await learned(1));
});

test("what a guest asks of the solver is done while the loop waits for the guest", async () => {
  using solver = line();
  const told: string[] = [];
  solver.callbacks.push({
    async onStart() {
      told.push(`score ${(await solver.test(0))?.get("loss")?.toFixed(3)}`);
    },
    async onGradientsReady() {
      const w = solver.net.params.get("w")?.[0];
      const before = w?.diffValues()[0];
      await solver.net.forward();
      told.push(`gradient ${before === w?.diffValues()[0]}`);
      await expect(solver.step(1)).rejects.toThrow("an iteration waits for its update");
    },
    async onIteration({ iter, maxIter }) {
      told.push(`iteration ${iter} of ${maxIter}`);
      if (iter === 1) await solver.step(1);
    },
    async onTest() {
      await solver.net.forward();
    },
  });
  await solver.step(2);
  expect(told).toEqual([
    "score 0.125",
    "gradient true",
    "iteration 1 of 2",
    expect.stringContaining("score"),
    "gradient true",
    "iteration 2 of 2",
    expect.stringContaining("score"),
    "gradient true",
    "iteration 3 of 3",
  ]);
  expect(weight(solver)).toBe(await learned(3));
});

test("a guest that takes itself out makes the next one miss nothing", async () => {
  using solver = line();
  const told: string[] = [];
  const once = {
    onIteration(): void {
      told.push("once");
      solver.callbacks.splice(solver.callbacks.indexOf(once), 1);
    },
  };
  solver.callbacks.push(once, { onIteration: ({ iter }) => void told.push(`always ${iter}`) });
  await solver.step(2);
  expect(told).toEqual(["once", "always 1", "always 2"]);
});

test("a step that fails leaves debugInfo as it was, and holds up no other", async () => {
  using solver = line();
  solver.param = { ...solver.param, display: 1, debug_info: true };
  solver.net.afterForward.push(() => {
    solver.net.afterForward.pop();
    throw new Error("a guest of the net fails");
  });
  const [failed, right] = await Promise.allSettled([solver.step(1), solver.step(2)]);
  expect([failed.status, right.status]).toEqual(["rejected", "fulfilled"]);
  expect([solver.iter, solver.net.debugInfo]).toEqual([2, false]);
  expect(weight(solver)).toBe(await learned(2));
});

test("two loops over one solver share its iterations, and none goes beyond max_iter", async () => {
  using solver = line();
  const loop = async (): Promise<Iteration[]> => {
    const seen: Iteration[] = [];
    for await (const one of solver) seen.push(one);
    return seen;
  };
  const seen = (await Promise.all([loop(), loop()])).flat();
  const numbers = seen.map(({ iteration }) => iteration).sort((a, b) => a - b);
  expect(numbers).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(solver.iter).toBe(12);
});

test("close ends what is under way and what waits, each with an error", async () => {
  const solver = line();
  const steps = [solver.step(3), solver.snapshot(), solver.test(0)];
  solver.close();
  const results = await Promise.allSettled([...steps, solver.step(1)]);
  const messages = results.map((one) => (one.status === "rejected" ? one.reason.message : "right"));
  expect(messages).toEqual(Array(4).fill('net "line" is closed. Expected one in use.'));
});
