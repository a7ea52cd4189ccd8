import { expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/prototxt.ts";
import { Solver } from "../../src/solvers/solver.ts";
import { describeEngines } from "../support/engines.ts";

const NET = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

describeEngines("a solver whose nets share memory", (engines) => {
  const open = (fields: string, sharesMemory: boolean): Solver =>
    new Solver(
      parsePrototxt(
        "SolverParameter",
        `random_seed: 3 lr_policy: "fixed" base_lr: 0.1 snapshot_prefix: "s" net_param { ${NET} } ${fields}`,
      ),
      { engines, sharesMemory },
    );

  test("keeps no gradients between layers, and no data within test nets", async () => {
    const held = await Promise.all(
      [true, false].map(async (sharesMemory) => {
        const solver = open("test_iter: 1 test_interval: 1", sharesMemory);
        await solver.step(1);
        const between = [solver.net.blob("c").diffMem, solver.testNets[0]?.blob("c").dataMem];
        const isHeld = between.map((mem) => mem?.isZero === false);
        solver.close();
        return isHeld;
      }),
    );
    expect(held).toEqual([
      [false, false],
      [true, true],
    ]);
  });
});
