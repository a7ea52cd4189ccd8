import { expect, test } from "vitest";
import type { RunEvent } from "../../src/run-record/events.ts";
import { RunTeller } from "../../src/run-record/run-teller.ts";
import { solverOf } from "../support/solvers.ts";

const NET = `net_param { name: "t"
  layer { name: "d" type: "DummyData" top: "x" top: "y" dummy_data_param { shape { dim: 4 dim: 2 } shape { dim: 4 dim: 1 } data_filler { type: "gaussian" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "p" inner_product_param { num_output: 1 weight_filler { type: "xavier" } } }
  layer { name: "wide" type: "Reshape" bottom: "x" top: "__proto__" reshape_param { shape { dim: -1 } } }
  layer { name: "l" type: "EuclideanLoss" bottom: "p" bottom: "y" top: "loss" } }`;

async function eventsOf(fields: string): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  using solver = solverOf(`${NET} snapshot_after_train: false ${fields}`);
  const teller = new RunTeller(4);
  expect(teller.isHeard).toBe(false);
  teller.listen((event) => events.push(event));
  solver.callbacks.push(teller);
  await solver.solve();
  return events;
}

test("displayed iterations are told with their outputs, others at most every 100 ms", async () => {
  const events = (await eventsOf("max_iter: 60 display: 20")).filter((one) => one.type === "train");
  const displayed = events.filter(({ outputs }) => outputs);
  expect(displayed.map(({ iter }) => iter)).toEqual([0, 20, 40]);
  expect(Object.keys(displayed[0]?.outputs ?? {})).toEqual(["__proto__", "loss"]);
  expect(displayed[0]?.outputs?.["loss"]).toBe(displayed[0]?.loss);
  const between = events.filter(({ outputs }) => !outputs);
  for (const [i, { time }] of between.entries())
    expect(time - (between[i - 1]?.time ?? 0)).toBeGreaterThanOrEqual(99);
  const { iterationsPerSecond, imagesPerSecond, dataWait, memory } = displayed[1] ?? {};
  expect(imagesPerSecond).toBe(4 * Number(iterationsPerSecond));
  expect(Number(dataWait)).toBeGreaterThanOrEqual(0);
  expect(Number(dataWait)).toBeLessThanOrEqual(1);
  expect(memory).toBeGreaterThan(1e7);
});

test("without a display the first iteration is told at once", async () => {
  const [first] = await eventsOf("max_iter: 2");
  expect(first).toMatchObject({ type: "train", iter: 0 });
});

test("a loss that is no number stands as JSON can hold it", async () => {
  const events = await eventsOf('max_iter: 40 display: 1 base_lr: 1e30 nan: "ignore"');
  const losses = events.flatMap((one) => (one.type === "train" ? [one.loss] : []));
  expect(losses).toContain("NaN");
  expect(JSON.parse(JSON.stringify(events))).toEqual(events);
});
