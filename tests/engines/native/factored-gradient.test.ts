import { expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import type { FloatArray } from "../../../src/util/arrays.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";

const native = availableEngines.get("native");

/** Two inner products whose weights are large beside the batch, the second transposed. */
const net = (more = "") => `
  layer { name: "d" type: "DummyData" top: "x" top: "t"
    dummy_data_param { shape { dim: 3 dim: 1030 } shape { dim: 3 dim: 1040 } data_filler { type: "gaussian" std: 1 } data_filler { type: "gaussian" std: 1 } } }
  layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1100 weight_filler { type: "gaussian" std: 0.05 } } }
  layer { name: "b" type: "InnerProduct" bottom: "a" top: "b" inner_product_param { num_output: 1040 transpose: true weight_filler { type: "gaussian" std: 0.05 } } }
  ${more}
  layer { name: "loss" type: "EuclideanLoss" bottom: "b" bottom: "t" top: "loss" }`;

const open = (engines: Engines, fields: string, more?: string): Solver =>
  new Solver(
    parsePrototxt(
      "SolverParameter",
      `random_seed: 3 lr_policy: "fixed" snapshot_prefix: "s" weight_decay: 0.01 net_param { ${net(more)} } ${fields}`,
    ),
    { engines, sharesMemory: true },
  );

/** The parameters, one array each, as they are now. */
const learned = (solver: Solver): FloatArray[] =>
  solver.net.learnableParams.map(({ blob }) => blob.values().slice());

/** √Σ (a − b)² */
function distance(a: readonly FloatArray[], b: readonly FloatArray[]): number {
  let sum = 0;
  a.forEach((values, i) => {
    const others = b[i] as FloatArray;
    for (let k = 0; k < values.length; k++) sum += (values[k]! - others[k]!) ** 2;
  });
  return Math.sqrt(sum);
}

/** Trains with factors and by the reference, and compares how far they are apart with how far they have gone. */
async function compare(fields: string, more?: string): Promise<Solver> {
  const got = open(native as Engines, fields, more);
  const wanted = open(referenceEngines, fields, more);
  const start = learned(wanted);
  for (const solver of [got, wanted]) await solver.step(2);
  const end = learned(wanted);
  expect(distance(learned(got), end) / distance(end, start)).toBeLessThan(1e-3);
  wanted.close();
  return got;
}

test.skipIf(!native).each([
  ["SGD", "base_lr: 1e-4 momentum: 0.9"],
  ["Nesterov", 'base_lr: 1e-4 momentum: 0.9 type: "Nesterov"'],
  ["AdaGrad", 'base_lr: 0.01 type: "AdaGrad"'],
  ["RMSProp", 'base_lr: 0.001 type: "RMSProp" rms_decay: 0.9'],
  ["AdaDelta", 'base_lr: 1 momentum: 0.9 delta: 1e-4 type: "AdaDelta"'],
  ["Adam", 'base_lr: 0.001 momentum: 0.9 type: "Adam" delta: 1e-4'],
  ["L1", 'base_lr: 1e-4 regularization_type: "L1"'],
])("learns from factors as from arrays: %s", async (_name, fields) => {
  const solver = await compare(fields);
  expect(solver.net.params.get("a")?.[0]?.diffMem.isZero).toBe(true);
  solver.close();
});

test.skipIf(!native).each([
  ["iter_size adds up", "base_lr: 1e-4 iter_size: 2"],
  ["clipping reads all of it", "base_lr: 1 clip_gradients: 1"],
])("learns the same where %s", async (_name, fields) => {
  (await compare(fields)).close();
});

test.skipIf(!native)("adds up the gradients of shared weights", async () => {
  const solver = await compare(
    "base_lr: 1e-5",
    `layer { name: "c" type: "InnerProduct" bottom: "b" top: "c" inner_product_param { num_output: 1040 weight_filler { type: "gaussian" std: 0.03 } } param { name: "w" } }
     layer { name: "e" type: "InnerProduct" bottom: "c" top: "e" inner_product_param { num_output: 1040 } param { name: "w" } }
     layer { name: "more" type: "EuclideanLoss" bottom: "e" bottom: "t" top: "more" }`,
  );
  solver.close();
});

test.skipIf(!native)("keeps gradients that snapshots are to hold", async () => {
  const solver = open(native as Engines, "base_lr: 0.01 snapshot_diff: true");
  await solver.step(1);
  expect(solver.net.params.get("a")?.[0]?.diffMem.isZero).toBe(false);
  solver.close();
});

test.skipIf(!native)("gives the whole gradient to whoever asks before the update", async () => {
  const engines = [native as Engines, referenceEngines];
  const [got, wanted] = await Promise.all(
    engines.map(async (one) => {
      const solver = open(one, "base_lr: 0.01");
      await solver.net.forwardBackward();
      const values = Float32Array.from(solver.net.params.get("b")?.[0]?.diffValues() ?? []);
      solver.close();
      return values;
    }),
  );
  let worst = 0;
  got?.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - (wanted?.[i] ?? Number.NaN)));
  });
  expect(got?.length).toBe(1100 * 1040);
  expect(worst).toBeLessThan(2e-5);
});
