import { expect, test } from "vitest";
import type { SolverAction } from "../../../src/solvers/loop/callbacks.ts";
import { DealtBatches } from "../../../src/solvers/loop/dealt-batches.ts";
import { Meetings } from "../../../src/solvers/loop/meetings.ts";
import { TestPasses } from "../../../src/solvers/loop/test-passes.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import type { Workers } from "../../../src/solvers/workers.ts";
import { silent } from "../../../src/util/log.ts";

/** Pooling draws, and so keeps something from batch to batch: each worker tests all by itself. */
const TEXT = `
  base_lr: 0.5 lr_policy: "fixed" max_iter: 4 test_iter: 2 test_interval: 1 snapshot_prefix: "none"
  net_param {
    layer { name: "x" type: "DummyData" top: "x" top: "t"
      dummy_data_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } shape { dim: 1 dim: 1 dim: 1 dim: 1 } data_filler { value: 1 } } }
    layer { name: "pool" type: "Pooling" bottom: "x" top: "pool" pooling_param { pool: STOCHASTIC kernel_size: 2 } }
    layer { name: "w" type: "InnerProduct" bottom: "pool" top: "y" inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" } }`;

/** A worker of two, the other of which tells what the first would. */
function second<Found>(found: Found): Workers {
  const share = async <T>(own: T): Promise<T[]> => [found as unknown as T, own];
  return { rank: 1, count: 2, share, follow: async () => {} } as unknown as Workers;
}

/** Tests a solver's net with four batches; counts how often it asks whether it is to end. */
async function tested(
  solver: Solver,
  workers: Workers,
  stopsAt = Number.POSITIVE_INFINITY,
): Promise<{ readonly scores: ReadonlyMap<string, number> | undefined; readonly asked: number }> {
  let asked = 0;
  const scores = await new TestPasses(solver.testNets, silent, workers).run(0, {
    ...{ weights: solver.net, iter: 0, batches: 4, withLoss: false, isDetection: false },
    ...{ apVersion: "Integral", withClasses: false, isStopped: async () => ++asked === stopsAt },
  });
  return { scores, asked };
}

test("where each worker tests all by itself, what the first has found holds on every one", async () => {
  using solver = Solver.parse(TEXT, { silent: true });
  expect(DealtBatches.suits(solver.testNets[0] as Solver["net"])).toBe(false);
  const first = [{ output: "loss", name: "loss", value: 42, lossWeight: 1 }];
  const { scores, asked } = await tested(solver, second(first));
  expect(scores).toEqual(new Map([["loss", 42]]));
  expect(asked).toBe(4);
});

test("where workers share batches, they ask together before each has its next whether to end", async () => {
  using solver = Solver.parse(TEXT.replace("STOCHASTIC", "AVE"), { silent: true });
  expect(DealtBatches.suits(solver.testNets[0] as Solver["net"])).toBe(true);
  const batch = { outputs: [], counts: [], loss: 0 };
  expect((await tested(solver, second([batch, batch]))).asked).toBe(2);
  const stopped = await tested(solver, second([batch, batch]), 2);
  expect(stopped).toEqual({ scores: undefined, asked: 2 });
});

test("what one worker is asked for in a test all do", async () => {
  const asked = new Set<SolverAction>(["snapshot"]);
  const meetings = new Meetings(second(["stop"]));
  await meetings.ask(asked);
  expect(asked.size).toBe(0);
  expect([meetings.nextAction(), meetings.nextAction(), meetings.nextAction()]).toEqual([
    "snapshot",
    "stop",
    undefined,
  ]);
});
