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

  /** What a program gives, and numbers that a filler makes. */
  const given = (batch: number): RankRun => ({
    solver: `net_param {
        layer { name: "memory" type: "MemoryData" top: "data" top: "label"
                memory_data_param { batch_size: ${batch} channels: 1 height: 2 width: 3 } }
        layer { name: "dummy" type: "DummyData" top: "dummy" dummy_data_param {
                shape { dim: ${batch} dim: 1 dim: 2 dim: 3 } data_filler { type: "constant" value: 0.5 } } }
        layer { name: "sum" type: "Eltwise" bottom: "data" bottom: "dummy" top: "sum" }
        layer { name: "ip" type: "InnerProduct" bottom: "sum" top: "ip"
                inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" } }
      base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" random_seed: 7`,
    engine: "native",
    iterations: 8,
  });

  test("two ranks read the records of one: windows, shuffled lists and arrays of a program too", () => {
    const runs = (batch: number): RankRun[] => [run(batch), given(batch)];
    expectSame(trainInRanks(folder, 2, runs(4)), trainInRanks(folder, 1, runs(8)));
  });
});
