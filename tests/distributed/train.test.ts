// Training in ranks that a real mpirun starts: N of batch b are one of batch N·b.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { Random } from "../../src/util/random.ts";
import { hasMpi, mpiNeeds, mpirun } from "../support/mpi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const program = fileURLToPath(new URL("../support/train-in-ranks.mjs", import.meta.url));

/** One training, and what came of it. */
interface RankRun {
  /** A solver's prototxt, its net within. */
  readonly solver: string;
  readonly engine: "reference" | "native";
  readonly iterations: number;
}
interface RankResult {
  readonly losses: readonly number[];
  /** Of each parameter; of a large one some. */
  readonly weights: readonly (readonly number[])[];
}

/** Fields of each rule under which it learns something in twenty iterations. */
const rules = {
  SGD: "base_lr: 0.05 momentum: 0.9",
  Nesterov: "base_lr: 0.05 momentum: 0.9",
  AdaGrad: "base_lr: 0.05",
  RMSProp: "base_lr: 0.01 rms_decay: 0.9",
  AdaDelta: "base_lr: 1 momentum: 0.9 delta: 1e-6",
  Adam: "base_lr: 0.01 momentum: 0.9 momentum2: 0.99 delta: 1e-4",
  AdamW: "base_lr: 0.01 momentum: 0.9 momentum2: 0.99 delta: 1e-4",
};

/** So many outputs make a gradient that is kept as the factors of a product; few samples do not. */
const [WIDE, NARROW] = [1100, 24];

const net = (list: string, batch: number, outputs: number): string => `
  layer { name: "data" type: "HDF5Data" top: "data" top: "label"
          hdf5_data_param { source: "${list}" batch_size: ${batch} } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
          convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "wide" type: "InnerProduct" bottom: "conv" top: "wide"
          inner_product_param { num_output: ${outputs} weight_filler { type: "xavier" } } }
  layer { name: "drop" type: "ReLU" bottom: "wide" top: "wide" }
  layer { name: "ip" type: "InnerProduct" bottom: "wide" top: "ip"
          inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

const solver = (list: string, batch: number, fields: string, outputs = NARROW): string =>
  `net_param { ${net(list, batch, outputs)} } lr_policy: "step" stepsize: 8 gamma: 0.5 random_seed: 7
   weight_decay: 0.01 ${fields}`;

/** Runs of each rule, with clipping and two passes an iteration; and of engines. */
const runsOf = (list: string, batch: number): RankRun[] => [
  ...Object.entries(rules).map(([type, fields]) => ({
    solver: solver(list, batch, `type: "${type}" ${fields} iter_size: 2 clip_gradients: 0.5`),
    engine: "native" as const,
    iterations: 20,
  })),
  { solver: solver(list, batch, rules.SGD, WIDE), engine: "native", iterations: 5 },
  { solver: solver(list, batch, rules.SGD), engine: "reference", iterations: 5 },
];

describe.skipIf(!hasMpi)(`ranks of ${mpiNeeds}`, () => {
  const folder = temporaryFolder();
  const list = join(folder, "list.txt");

  beforeAll(() => {
    const random = new Random(5);
    const floats = (count: number, one: () => number): Float32Array =>
      Float32Array.from({ length: count }, one);
    const [count, pixels] = [48, 10 * 10];
    writeHdf5(join(folder, "data.h5"), {
      data: { shape: [count, 1, 10, 10], data: floats(count * pixels, () => random.gaussian()) },
      label: { shape: [count], data: floats(count, () => random.below(3)) },
    });
    writeFileSync(list, `${join(folder, "data.h5")}\n`);
  });

  let alone: RankResult[];
  beforeAll(() => {
    alone = train(1, runsOf(list, 8));
  });

  function train(ranks: number, runs: readonly RankRun[]): RankResult[] {
    const [given, results] = [join(folder, "runs.json"), join(folder, `results-${ranks}.json`)];
    writeFileSync(given, JSON.stringify(runs));
    const args = [program, given, results];
    const { status, stderr } =
      ranks === 1 ? spawnSync(process.execPath, args, { encoding: "utf8" }) : mpirun(ranks, args);
    expect(status, stderr).toBe(0);
    return JSON.parse(readFileSync(results, "utf8")) as RankResult[];
  }

  test.each([2, 4])(
    "%i ranks learn what one of their joint batch learns, by every rule",
    (ranks) => {
      const together = train(ranks, runsOf(list, 8 / ranks));
      expect(together).toHaveLength(alone.length);
      for (const [i, { losses, weights }] of alone.entries()) {
        const other = together[i] as RankResult;
        expect(losses.at(-1)).not.toBe(losses[0]);
        for (const [k, loss] of losses.entries()) expect(other.losses[k]).toBeCloseTo(loss, 5);
        for (const [p, blob] of weights.entries()) {
          const scale = Math.max(...blob.map(Math.abs));
          const errors = blob.map((weight, k) =>
            Math.abs(weight - (other.weights[p]?.[k] ?? Number.NaN)),
          );
          expect(Math.max(...errors) / scale, `run ${i}, parameter ${p}`).toBeLessThan(1e-5);
        }
      }
    },
  );
});
