// What ranks read: of every source, together what one rank of their joint batch reads.
import { beforeAll, describe, test } from "vitest";
import { manySourcesNet, writeSources } from "../support/many-sources.ts";
import { hasMpi, mpiNeeds } from "../support/mpi.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { expectSame, type RankRun, trainInRanks } from "../support/train-in-ranks.ts";

describe.skipIf(!hasMpi)(`ranks of ${mpiNeeds}`, () => {
  const folder = temporaryFolder();
  beforeAll(() => writeSources(folder));

  /** Sources with shuffling, crops and mirroring; what draws for a rank of its own is replaced by what draws nothing. */
  function run(batch: number): RankRun {
    const net = manySourcesNet(folder, batch)
      .replace('type: "gaussian"', 'type: "constant" value: 0.3')
      .replace("pool: STOCHASTIC", "pool: AVE")
      .replace(/layer \{ name: "drop".*/, "")
      .replace('type: "BatchNorm"', "$& batch_norm_param { sync_batch_norm: true }")
      .replace("num_output: 8", "num_output: 8 bias_term: false");
    return {
      solver: `net_param { ${net} } base_lr: 0.01 momentum: 0.9 lr_policy: "fixed" random_seed: 7`,
      engine: "native",
      iterations: 8,
    };
  }

  test("two ranks read the records of one, windows and shuffled lists too", () => {
    expectSame(trainInRanks(folder, 2, [run(4)]), trainInRanks(folder, 1, [run(8)]));
  });
});
