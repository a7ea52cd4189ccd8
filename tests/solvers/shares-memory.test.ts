// A solver whose nets share memory beside one whose nets do not.
import { expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { Solver, type SolverCallbacks } from "../../src/solvers/solver.ts";
import { describeEngines } from "../support/engines.ts";

const NET = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "c" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

/** Layers that run as one, a parameter of two layers, and one that stays as it is. */
const VARIED = `
  layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 3 dim: 6 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "one" type: "Convolution" bottom: "c" top: "one" param { name: "w" } convolution_param { num_output: 16 kernel_size: 1 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "two" type: "Convolution" bottom: "one" top: "two" param { name: "w" } convolution_param { num_output: 16 kernel_size: 1 bias_term: false weight_filler { type: "xavier" } } }
  layer { name: "frozen" type: "Convolution" bottom: "two" top: "frozen" param { lr_mult: 0 } param { lr_mult: 0 } convolution_param { num_output: 8 kernel_size: 1 weight_filler { type: "xavier" } } }
  layer { name: "ip" type: "InnerProduct" bottom: "frozen" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

describeEngines("a solver whose nets share memory", (engines) => {
  const open = (fields: string, sharesMemory: boolean, net = NET): Solver =>
    new Solver(
      parsePrototxt(
        "SolverParameter",
        `random_seed: 3 lr_policy: "fixed" base_lr: 0.1 snapshot_prefix: "s" net_param { ${net} } ${fields}`,
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

  /** Weights and history after three iterations, and how many gradients were there when backward reached the first layer. */
  async function learn(sharesMemory: boolean, fields: string, guest: SolverCallbacks = {}) {
    const solver = open(fields, sharesMemory, VARIED);
    solver.callbacks.push(guest);
    let held = 0;
    solver.net.beforeBackward.push((i) => {
      if (solver.net.layerNames[i] !== "c") return;
      const { learnableParams } = solver.net;
      held = learnableParams.filter(({ blob }) => !blob.diffMem.isZero).length;
    });
    await solver.step(3);
    await solver.net.toHost();
    await Promise.all(solver.history.map(({ dataMem }) => dataMem.toHost()));
    const blobs = [...solver.net.learnableParams.map(({ blob }) => blob), ...solver.history];
    const numbers = blobs.map((blob) => [...blob.values()]);
    solver.close();
    return { numbers, held };
  }

  const momentum = "momentum: 0.9 weight_decay: 0.01";
  test.each([
    ["each update follows its backward", momentum, {}, true],
    ["gradients add up", `${momentum} iter_size: 2`, {}, true],
    ["another rule", 'type: "Adam" momentum: 0.9', {}, true],
    ["clipping wants all gradients", `${momentum} clip_gradients: 0.1`, {}, false],
    ["a guest sees the gradients", momentum, { onGradientsReady() {} }, false],
    ["debug_info tells of the gradients", `${momentum} debug_info: true display: 1`, {}, false],
    ["snapshots hold the gradients", `${momentum} snapshot_diff: true`, {}, false],
  ])("learns the same to the bit where %s", async (_what, fields, guest, isEarly) => {
    const [shared, apart] = [await learn(true, fields, guest), await learn(false, fields, guest)];
    expect(shared.numbers).toEqual(apart.numbers);
    // A shared parameter waits for all its gradients; a device takes the update at the end.
    if (engines.some(({ device }) => device)) return;
    expect(shared.held < apart.held).toBe(isEarly);
  });

  test("an update after a pass that failed changes every parameter", async () => {
    const solver = open("", true, VARIED);
    let fails = true;
    solver.net.beforeBackward.push((i) => {
      if (fails && solver.net.layerNames[i] === "c") throw new Error("stopped half-way");
    });
    await expect(solver.step(1)).rejects.toThrow("stopped half-way");
    fails = false;
    await solver.net.toHost();
    const before = solver.net.learnableParams.map(({ blob }) => [...blob.values()]);
    await solver.step(1);
    await solver.net.toHost();
    solver.net.learnableParams.forEach(({ blob, layer }, i) => {
      if (layer !== "frozen") expect([...blob.values()], layer).not.toEqual(before[i]);
    });
    solver.close();
  });
});
