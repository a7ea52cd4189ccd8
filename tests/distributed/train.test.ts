// Training in ranks that a real mpirun starts: N of batch b are one of batch N·b.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { Random } from "../../src/util/random.ts";
import { isLong } from "../support/long.ts";
import { hasMpi, mpiNeeds, mpirun, startMpirun } from "../support/mpi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  expectSame,
  type RankResult,
  type RankRun,
  trainInRanks,
} from "../support/train-in-ranks.ts";
import { updateRules } from "../support/update-rules.ts";

/** The GPU that is here, where a test asks for it: engines take seconds to load. */
const gpu = isLong ? (await import("../support/engines.ts")).gpu : undefined;
const binary = fileURLToPath(new URL("../../bin/caffe", import.meta.url));

/** A run of the command line. */
interface Solved {
  /** Its lines of losses and scores. */
  readonly said: readonly string[];
  readonly weights: Buffer;
}

/** So many outputs make a gradient that is kept as the factors of a product; few samples do not. */
const [WIDE, NARROW] = [1100, 24];
const ITERATIONS = 8;

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

/** A net whose BatchNorm takes statistics of all ranks together. */
const normalized = (list: string, batch: number, fields = ""): string =>
  solver(list, batch, updateRules.SGD)
    // Rounding errors are all that a bias before BatchNorm would learn.
    .replace("num_output: 16", "num_output: 16 bias_term: false")
    .replace(
      `layer { name: "relu"`,
      `layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv"
             batch_norm_param { sync_batch_norm: true ${fields} } }
     layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
     layer { name: "relu"`,
    );

/** A net with a convolution large enough for ranks of one machine to share its update. */
const WIDER = 128 * 16 * 3 * 3;
const wider = (list: string, batch: number, fields: string): string =>
  solver(list, batch, fields)
    .replace(
      `layer { name: "wide"`,
      `layer { name: "conv2" type: "Convolution" bottom: "conv" top: "conv2"
             convolution_param { num_output: 128 kernel_size: 3 weight_filler { type: "xavier" } } }
     layer { name: "pool" type: "Pooling" bottom: "conv2" top: "pool" pooling_param { kernel_size: 3 stride: 3 } }
     layer { name: "wide"`,
    )
    .replace(`bottom: "conv" top: "wide"`, `bottom: "pool" top: "wide"`);

/** Runs of each rule, with clipping and two passes an iteration. */
const rulesOf = (list: string, batch: number): RankRun[] =>
  Object.entries(updateRules).map(([type, fields]) => ({
    solver: solver(list, batch, `type: "${type}" ${fields} iter_size: 2 clip_gradients: 0.5`),
    engine: "native" as const,
    iterations: 20,
  }));

/** Runs of factors, of updates that ranks share, of engines and of statistics of all. */
const othersOf = (list: string, batch: number): RankRun[] => [
  { solver: solver(list, batch, updateRules.SGD, WIDE), engine: "native", iterations: 5 },
  { solver: wider(list, batch, updateRules.SGD), engine: "native", iterations: ITERATIONS },
  {
    solver: wider(list, batch, `type: "AdamW" ${updateRules.AdamW}`),
    engine: "native",
    iterations: 8,
  },
  { solver: solver(list, batch, updateRules.SGD), engine: "reference", iterations: 5 },
  { solver: normalized(list, batch), engine: "native", iterations: 12 },
  { solver: normalized(list, batch, "scale_bias: true"), engine: "native", iterations: 5 },
  { solver: normalized(list, batch), engine: "reference", iterations: 5 },
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
    alone = trainInRanks(folder, 1, [...rulesOf(list, 8), ...othersOf(list, 8)]);
  }, 120_000);

  test.skipIf(!gpu || !isLong)(
    "ranks on a GPU learn so too, gradients going through the host",
    () => {
      const runs = (batch: number): RankRun[] => [
        {
          solver: solver(list, batch, `${updateRules.SGD} iter_size: 2 clip_gradients: 0.5`),
          engine: "webgpu",
          iterations: 2,
        },
      ];
      expectSame(trainInRanks(folder, 2, runs(4)), trainInRanks(folder, 1, runs(8)));
    },
  );

  test.each([2, 4])(
    "%i ranks learn what one of their joint batch learns",
    (ranks) => {
      const [rules, others] = [rulesOf(list, 8 / ranks), othersOf(list, 8 / ranks)];
      const isWhole = ranks === 2 || isLong;
      const whole = isWhole ? [...rules, ...others] : rules.slice(0, 2);
      const [sgd] = whole as [RankRun];
      const together = trainInRanks(folder, ranks, [...whole, { ...sgd, wire: "bf16" }]);
      const halved = together.pop() as RankResult;
      if (isWhole) {
        // Bits come again whatever the rule: beside the first, of all that ranks add up and share.
        const again = [...whole.keys()].filter((i) => isLong || i === 0 || i >= rules.length);
        const repeated = again.map((i) => whole[i] as RankRun);
        expect(trainInRanks(folder, ranks, repeated)).toEqual(again.map((i) => together[i]));
      }
      expectSame(together, alone.slice(0, whole.length));
      expect(halved.bytes).toBe((together[0]?.bytes ?? 0) / 2);
      for (const [i, { bytes }] of together.entries()) {
        // It does not travel once ranks share it: the others are fewer than its own elements.
        const isShared = whole[i]?.solver.includes("conv2");
        if (isShared) expect(bytes).toBeLessThan(4 * WIDER * ITERATIONS + 4 * WIDER * 4);
      }
      const misses = halved.losses.map((loss, k) => Math.abs(loss - (alone[0]?.losses[k] ?? 0)));
      expect(Math.max(...misses)).toBeLessThan(0.003);
      expect(halved.losses).not.toEqual(together[0]?.losses);
    },
    120_000,
  );

  /** What `caffe train` says and leaves of a run whose test has an odd number of batches. */
  function solve(ranks: number, prefix: string, ...flags: readonly string[]): Solved {
    const tested = net(list, 5, NARROW).replaceAll(/layer \{/g, "layer { include { phase: TEST }");
    const trained = net(list, 8 / ranks, NARROW).replaceAll(
      /layer \{/g,
      "layer { include { phase: TRAIN }",
    );
    const file = written(
      prefix,
      `net_param { ${trained} ${tested} } base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" random_seed: 7
       test_iter: 3 test_interval: 4 display: 4 max_iter: 8 snapshot: 4`,
    );
    const args = [binary, "train", `--solver=${file}`, ...flags];
    const { status, stderr } =
      ranks === 1
        ? spawnSync(process.execPath, args, { encoding: "utf8" })
        : mpirun(ranks, args, folder);
    expect(status, stderr).toBe(0);
    const lines = [...stderr.matchAll(/(Iteration \d+.*loss = .*|Test net output.*)/g)];
    return {
      said: lines.map(([line]) => line.replace(/ \(.*\)/, "")),
      weights: readFileSync(join(folder, `${prefix}_iter_8.caffemodel`)),
    };
  }

  let solved: Solved;
  beforeAll(() => {
    solved = solve(1, "solved");
  }, 120_000);

  test("tests and losses read as of one rank; a resumed run goes on to the bit", () => {
    const together = solve(2, "together");
    expect(solved.said).toHaveLength(6);
    expect(together.said).toEqual(solved.said);
    const state = join(folder, "together_iter_4.solverstate");
    const { weights } = solve(2, "resumed", `--snapshot=${state}`);
    expect(weights.equals(together.weights)).toBe(true);
  });

  /** A solver's file, whose snapshots lie beside it. */
  function written(prefix: string, text: string): string {
    const file = join(folder, `${prefix}.prototxt`);
    writeFileSync(file, `${text} snapshot_prefix: "${join(folder, prefix)}"`);
    return file;
  }

  /** A run that goes on until it is stopped. */
  const endless = (prefix: string, fields = "display: 100"): string =>
    written(prefix, solver(list, 4, `${updateRules.SGD} max_iter: 1000000 ${fields}`));

  test("ranks with other solvers are refused, with the line that differs", () => {
    const one = [binary, "train", `--solver=${endless("one")}`];
    const other = [binary, "train", `--solver=${endless("other", "iter_size: 3 display: 100")}`];
    const { status, stderr } = mpirun(1, [...one, ":", "-np", "1", process.execPath, ...other]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/the solver differs.*rank 1 .*iter_size: 3/);
  });

  test("ranks that begin from other weights are refused, with the first blob that differs", () => {
    const file = endless("begun");
    const [one, other] = [4, 8].map((iteration) => {
      const weights = join(folder, `solved_iter_${iteration}.caffemodel`);
      return [binary, "train", file, `--weights=${weights}`];
    }) as [string[], string[]];
    const { status, stderr } = mpirun(1, [...one, ":", "-np", "1", process.execPath, ...other]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(
      /a blob of weights of the net differs.*rank 1 on \S+ \(conv\[0\] .*, not conv\[0\] /,
    );
  });

  test("a rank that stands still is named, and one that is killed ends all of them", async () => {
    const { said, ended } = startMpirun(
      2,
      [binary, "train", `--solver=${endless("killed", "display: 10")}`],
      folder,
    );
    await said(
      /All 2 ranks: .* images\/s, each sends .* MiB .* computes during \d+ % of their way/,
    );
    const [rank = 0] = processesWith("killed.prototxt");
    const number = /OMPI_COMM_WORLD_RANK=(\d+)/.exec(readFileSync(`/proc/${rank}/environ`, "utf8"));
    process.kill(rank, "SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    process.kill(rank, "SIGCONT");
    await said(new RegExp(`rank ${number?.[1]} on .* is slow: the others waited .* s for it`));
    const begun = Date.now();
    process.kill(rank, "SIGKILL");
    const { status, stderr } = await ended;
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/process rank \d .*on signal 9/);
    expect(stderr).toContain(`rank ${number?.[1]} on `);
    expect(stderr).toMatch(/rank \d on \S+ \(process \d+\) has ended, and the others cannot go on/);
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect(processesWith("killed.prototxt")).toEqual([]);
  }, 120_000);

  test.skipIf(!isLong)("asked to end, all stop after one iteration, with a snapshot", async () => {
    const file = endless("stopped");
    const { child, said, ended } = startMpirun(2, [binary, "train", `--solver=${file}`], folder);
    await said(/Iteration 100 /);
    child.kill("SIGTERM");
    const { stderr } = await ended;
    expect(stderr).toMatch(
      /Snapshotting solver state to binary proto file .*stopped_iter_\d+.solverstate/,
    );
    expect(stderr).toContain("Optimization stopped early.");
  });
});

/** The ranks of a run, by a word of their command line. */
function processesWith(word: string): number[] {
  const { stdout } = spawnSync("pgrep", ["-f", `^${process.execPath} .*${word}`], {
    encoding: "utf8",
  });
  return stdout.split("\n").filter(Boolean).map(Number);
}
