// Learning rates that are multiplied by hand while a run goes on: `Solver.scaleRate`, through the loop and snapshots.
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { Meetings } from "../../src/solvers/loop/meetings.ts";
import type { Solver } from "../../src/solvers/solver.ts";
import type { Workers } from "../../src/solvers/workers.ts";
import type { Log } from "../../src/util/log.ts";
import { solverOf } from "../support/solvers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const NET = `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

function made(text: string, log?: Log): Solver {
  return solverOf(`momentum: 0.9 ${text}`, log ? { log } : {}, {
    max_iter: 10,
    snapshot_prefix: join(temporaryFolder(), "s"),
    net_param: parsePrototxt("NetParameter", NET),
  });
}

/** The rate of each iteration. */
function ratesOf(solver: Solver): number[] {
  const rates: number[] = [];
  solver.callbacks.push({ onIteration: ({ rate }) => void rates.push(Number(rate.toFixed(6))) });
  return rates;
}

const weights = ({ net }: Solver): number[] =>
  net.learnableParams.flatMap(({ blob }) => [...blob.values()]);

test.each([
  ['lr_policy: "fixed"', [0.1, 0.1, 0.05, 0.05, 0.3, 0.3]],
  ['lr_policy: "step" gamma: 0.1 stepsize: 3', [0.1, 0.1, 0.05, 0.005, 0.03, 0.03]],
  ['lr_policy: "fixed" min_lr: 0.08', [0.1, 0.1, 0.05, 0.05, 0.3, 0.3]],
  [
    'lr_policy: "multifixed" stagelr: 0.1 stagelr: 0.2 stageiter: 3 stageiter: 9',
    [0.1, 0.1, 0.05, 0.05, 0.6, 0.6],
  ],
])(
  "%s: each factor is of the policy's rate, from the next iteration on",
  async (policy, wanted) => {
    using solver = made(policy);
    const rates = ratesOf(solver);
    const told: number[][] = [];
    solver.callbacks.push({
      onIteration({ iter }) {
        if (iter === 2) solver.scaleRate(0.5);
        if (iter === 4) solver.scaleRate(3);
      },
      onRate: (rate, factor) => void told.push([Number(rate.toFixed(6)), factor, solver.iter]),
    });
    await solver.step(6);
    expect(rates).toEqual(wanted);
    expect(told).toEqual([
      [wanted[2], 0.5, 2],
      [wanted[4], 3, 4],
    ]);
    expect(solver.rateFactor).toBe(3);
  },
);

test("what is asked for before training holds in its first iteration, and a new parameter keeps it", async () => {
  using solver = made("");
  const rates = ratesOf(solver);
  solver.scaleRate(2);
  await solver.step(1);
  solver.param = { ...solver.param, base_lr: 0.2 };
  await solver.step(1);
  expect(rates).toEqual([0.2, 0.4]);
  expect(solver.learningRate()).toBeCloseTo(0.4, 6);
});

test("half the rate is what a solver with half the base_lr does", async () => {
  using scaled = made("base_lr: 0.1");
  using other = made("base_lr: 0.05");
  scaled.scaleRate(0.5);
  await scaled.step(3);
  await other.step(3);
  expect(weights(scaled)).toEqual(weights(other));
});

test("in Intel's warm-up the momentum follows the policy's rates, whatever they are multiplied by", async () => {
  using scaled = made("base_lr: 0.1 warmup_iter: 4 warmup_start_lr: 0.02");
  using other = made("base_lr: 0.05 warmup_iter: 4 warmup_start_lr: 0.01");
  scaled.scaleRate(0.5);
  await scaled.step(4);
  await other.step(4);
  expect(weights(scaled)).toBeAllClose(weights(other), { rtol: 1e-6, atol: 1e-9 });
});

test("a resumed run goes on with the factor, says so, and gives the bits of one that was not interrupted", async () => {
  const policy = 'lr_policy: "step" gamma: 0.1 stepsize: 4';
  const lines: string[] = [];
  using whole = made(policy);
  using resumed = made(policy, (_severity, _source, message) => void lines.push(message));
  await whole.step(2);
  // Asked for together: the factor is in the snapshot.
  whole.callbacks.push({
    onIteration({ iter }) {
      if (iter !== 3) return;
      whole.scaleRate(0.25);
      whole.request("snapshot");
    },
  });
  await whole.step(4);
  await resumed.restore(`${whole.param.snapshot_prefix}_iter_3.solverstate`);
  expect(resumed.rateFactor).toBe(0.25);
  expect(lines.join("\n")).toContain("multiplied by 0.25, which was set by hand");
  const rates = ratesOf(resumed);
  await resumed.step(3);
  expect(rates).toEqual([0.025, 0.0025, 0.0025]);
  expect(weights(resumed)).toEqual(weights(whole));
});

test("a run without a factor leaves no word of it", () => {
  using solver = made("");
  expect(Object.keys(solver.memory())).not.toContain("rateFactor");
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, "2"])("%s is no factor", (factor) => {
  using solver = made("");
  expect(() => solver.scaleRate(factor as number)).toThrow(/Expected a number above 0/);
});

test("of several workers' wishes that of the lowest rank holds on all", async () => {
  const told: (readonly number[])[] = [];
  let settle: (all: (readonly number[])[]) => void = () => {};
  const all = new Promise<(readonly number[])[]>((resolve) => {
    settle = resolve;
  });
  const meet: Workers["meet"] = (numbers) => {
    told.push(numbers);
    if (told.length === 3) settle(told);
    return all;
  };
  const workers = { meet, waitedMs: 0 } as unknown as Workers;
  const meetings = [0, 1, 2].map(() => new Meetings(workers));
  const wishes = [undefined, 0.5, 4];
  await Promise.all(meetings.map((one, rank) => one.meet(1, new Set(), wishes[rank])));
  for (const one of meetings) {
    expect(one.takeRateFactor()).toBe(0.5);
    expect(one.takeRateFactor()).toBeUndefined();
  }
});
