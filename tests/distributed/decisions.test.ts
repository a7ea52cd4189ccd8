// What ranks decide by a score: when a rate falls, and when training ends, as one rank of their joint batch does.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { Random } from "../../src/util/random.ts";
import { isLong } from "../support/long.ts";
import { hasMpi, mpiNeeds, mpirun } from "../support/mpi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const binary = fileURLToPath(new URL("../../bin/caffe", import.meta.url));

describe.skipIf(!hasMpi)(`ranks of ${mpiNeeds}`, () => {
  const folder = temporaryFolder();

  /** Labels without a reason: the score of a test soon stops to improve. */
  function writeNoise(): string {
    const random = new Random(5);
    const [records, list] = [24, join(folder, "list.txt")];
    writeHdf5(join(folder, "rows.h5"), {
      rows: {
        shape: [records, 6],
        data: Float32Array.from({ length: records * 6 }, () => random.gaussian()),
      },
      label: {
        shape: [records],
        data: Float32Array.from({ length: records }, () => random.below(3)),
      },
    });
    writeFileSync(list, `${join(folder, "rows.h5")}\n`);
    return list;
  }

  /** Rates and tests of a run that ends early, and its last iteration. */
  function decisions(ranks: number, list: string): readonly string[] {
    const file = join(folder, `${ranks}.prototxt`);
    const source = (phase: string, batch: number): string =>
      `layer { name: "data" type: "HDF5Data" top: "rows" top: "label" include { phase: ${phase} }
               hdf5_data_param { source: "${list}" batch_size: ${batch} } }`;
    writeFileSync(
      file,
      `net_param { ${source("TRAIN", 8 / ranks)} ${source("TEST", 6)}
         layer { name: "ip" type: "InnerProduct" bottom: "rows" top: "ip"
                 inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
         layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" } }
       base_lr: 2 lr_policy: "plateau" gamma: 0.5 plateau_winsize: 2 plateau_winsize: 3 plateau_winsize: 30
       monitor: "loss" early_stop: 8 test_iter: 3 test_interval: 1 display: 1 max_iter: 200 random_seed: 7
       snapshot_prefix: "${join(folder, String(ranks))}"`,
    );
    const args = [binary, "train", file];
    const { status, stderr } =
      ranks === 1
        ? spawnSync(process.execPath, args, { encoding: "utf8" })
        : mpirun(ranks, args, folder);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("Optimization stopped early.");
    return [...stderr.matchAll(/Iteration \d+, lr = .*|Test net output.*/g)].map(([line]) => line);
  }

  test.skipIf(!isLong)(
    "rates fall on a plateau, and training ends early, where those of one rank do",
    () => {
      const list = writeNoise();
      const alone = decisions(1, list);
      expect(new Set(alone.flatMap((line) => /lr = (.*)/.exec(line)?.[1] ?? []))).toEqual(
        new Set(["2", "1", "0.5"]),
      );
      expect(decisions(2, list)).toEqual(alone);
    },
  );
});
