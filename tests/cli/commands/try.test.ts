import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { caffeHere } from "../../support/cli.ts";
import { writeNumbered } from "../../support/numbered-images.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** Writes a solver and its net, and tries it. */
function tryIt(
  { rate = 0.05, filler = 'type: "xavier"', more = "" },
  ...flags: string[]
): ReturnType<typeof caffeHere> {
  writeFileSync(
    join(folder, "net.prototxt"),
    `layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.008 mean_value: 125 } data_param { source: "images" batch_size: 8 } }
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 40 weight_filler { ${filler} } } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "drop" type: "Dropout" bottom: "ip" top: "ip" }
    layer { name: "scores" type: "InnerProduct" bottom: "ip" top: "scores" inner_product_param { num_output: 4 weight_filler { ${filler} } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "scores" bottom: "label" top: "loss" }`,
  );
  writeFileSync(
    join(folder, "solver.prototxt"),
    `net: "net.prototxt" base_lr: ${rate} lr_policy: "step" gamma: 0.1 stepsize: 50 momentum: 0.9 max_iter: 1000 snapshot: 1 snapshot_prefix: "net" random_seed: 3 ${more}`,
  );
  return caffeHere(["try", "--solver=solver.prototxt", "--seconds=60", ...flags], folder);
}

beforeAll(() =>
  writeNumbered(
    join(folder, "images"),
    Array.from({ length: 64 }, (_, i) => [i, i % 4]),
  ),
);

test("a sound solver: cost, learning rates with their curve, two batches by heart; nothing else is written", async () => {
  const { status, stdout } = await tryIt({}, "--out=curve");
  expect(stdout).toMatch(
    /^An iteration of 8 samples takes [\d.]+ ms \([\d,]+ a second\), \d+ % of it waiting/m,
  );
  expect(stdout).toMatch(/All iterations to max_iter: about [\d.]+ \w+/);
  expect(stdout).toMatch(/largest batch for what is free now: about [\d,]+\./);
  expect(stdout).toMatch(
    /Learning rates from 1e-05 to [\d.]+ in \d+ iterations: the loss is least at [\d.e-]+/,
  );
  expect(stdout).toMatch(/Suggested base_lr: [\d.e-]+; the solver has 0\.05\./);
  expect(stdout).toMatch(/by heart, base_lr 0\.05: learned in \d+ iterations: 100 % right/);
  expect(status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual([
    "curve",
    "images",
    "net.prototxt",
    "solver.prototxt",
  ]);
  expect(readFileSync(join(folder, "curve/learning-rates.svg"), "utf8")).toContain(
    "log10 of the learning rate",
  );
  expect(readFileSync(join(folder, "curve/learning-rates.png")).subarray(1, 4).toString()).toBe(
    "PNG",
  );
});

test("a rate that is too low: the one that does is named", async () => {
  const { status, stdout, stderr } = await tryIt({ rate: 1e-7 });
  expect(status).toBe(1);
  expect(stdout).toContain("which is too low");
  expect(stderr).toMatch(
    /the net learns with base_lr [\d.]+, and not with the solver's 1e-07\. Write base_lr: [\d.]+\./,
  );
});

test("a rate that is too high, as JSON", async () => {
  const { status, stdout } = await tryIt({ rate: 1e6, more: 'type: "SGD"' }, "--json");
  expect(status).toBe(1);
  const { cost, rates, overfit } = JSON.parse(stdout);
  expect(cost).toMatchObject({ batch: 8, msPerIteration: expect.any(Number) });
  expect(rates.suggested).toBeGreaterThan(1e-4);
  expect(overfit[0]).toMatchObject({ isDone: false, rate: 1e6, samples: 16 });
  expect(overfit[1]).toMatchObject({ isDone: true, accuracy: 1, rate: rates.suggested });
});

test("a net that cannot learn: the loss stays at chance, and no rate is suggested", async () => {
  const { status, stdout, stderr } = await tryIt({ filler: 'type: "constant" value: 0' });
  expect(status).toBe(1);
  expect(stdout).toContain("No base_lr can be suggested");
  expect(stderr).toMatch(/the loss stays at 1\.\d+, which is ln\(classes\) = 1\.39/);
});

test("what cannot be tried", async () => {
  expect((await caffeHere(["try"], folder)).stderr).toContain("Need a solver to try");
  writeFileSync(
    join(folder, "input.prototxt"),
    'layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }',
  );
  writeFileSync(
    join(folder, "solver.prototxt"),
    'net: "input.prototxt" base_lr: 1 lr_policy: "fixed"',
  );
  const { stderr } = await caffeHere(["try", "--solver=solver.prototxt"], folder);
  expect(stderr).toContain("no data layer that reads files");
});
