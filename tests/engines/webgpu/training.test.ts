// Whole training steps on the GPU, beside the reference.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import { createEngines } from "../../../src/engines/create.ts";
import type { GpuChoice } from "../../../src/engines/webgpu/device.ts";
import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { MAP_READ } from "../../../src/engines/webgpu/usage.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import type { LogOptions } from "../../../src/util/log.ts";
import { referenceEngines } from "../../support/engines.ts";
import { isLong } from "../../support/long.ts";
import { noise, write } from "../../support/nets.ts";
import { describeGpu, theGpu, withGpu } from "./support.ts";

const BATCH = 4;

const input = (height: number, batch: number): string =>
  `layer { name: "in" type: "Input" top: "data" top: "label" input_param { shape { dim: ${batch} dim: 1 dim: ${height} dim: ${height} } shape { dim: ${batch} } } }`;

/** A small net in which every layer that learns, pools, normalises or drops is on the GPU. */
const SMALL = `${input(8, BATCH)}
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "drop" type: "Dropout" bottom: "pool" top: "pool" }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

const LENET = `${input(28, 2)}
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 } param { lr_mult: 2 } convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" param { lr_mult: 1 } param { lr_mult: 2 } convolution_param { num_output: 50 kernel_size: 5 weight_filler { type: "xavier" } } }
  layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
  layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" param { lr_mult: 1 } param { lr_mult: 2 } inner_product_param { num_output: 500 weight_filler { type: "xavier" } } }
  layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" param { lr_mult: 1 } param { lr_mult: 2 } inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }`;

const solverOf = (net: string, fields: string, engines: Engines, more: LogOptions = {}): Solver =>
  Solver.parse(
    `base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005 lr_policy: "inv" gamma: 0.0001 power: 0.75 random_seed: 7 max_iter: 100 ${fields} net_param { ${net} }`,
    { engines, ...more },
  );

/**
 * Holds what is read back until an iteration behind it has begun, however long that takes: who waits for it before that waits for ever.
 * @param begun how many iterations have begun
 * @param count how many there are: what the last of them reads is not held, nor what the first does, whose loss is waited for
 * @returns what ends this
 */
function holdReads(gpu: Gpu, begun: () => number, count: number): () => void {
  const { handle } = gpu.nothing;
  const prototype = Object.getPrototypeOf(handle) as GPUBuffer;
  const { mapAsync } = prototype;
  prototype.mapAsync = async function (this: GPUBuffer, mode, ...range) {
    const asked = begun();
    await mapAsync.call(this, mode, ...range);
    const isHeld = mode === MAP_READ && asked > 1;
    while (isHeld && begun() <= asked && begun() < count) await sleep(1);
  };
  return () => {
    prototype.mapAsync = mapAsync;
  };
}

/** Another batch: noise around a pattern of each class. */
function feed(solver: Solver, iteration: number, classes: number): void {
  const data = solver.net.blob("data");
  const size = data.count(1);
  const batch = data.count(0, 1);
  const labels = Array.from({ length: batch }, (_, i) => (iteration * batch + i) % classes);
  const values = labels.flatMap((label, i) => {
    const pattern = noise(size, 500 + label);
    return noise(size, 90 * iteration + i).map((x, k) => 0.3 * x + (pattern[k] ?? 0));
  });
  write(data, values);
  write(solver.net.blob("label"), labels);
}

describeGpu("a training step on the GPU", () => {
  test("uploads the batch, downloads the loss where it is displayed, and is one submission", async () => {
    const gpu = theGpu();
    const solver = solverOf(
      SMALL,
      "display: 4 clip_gradients: 5 average_loss: 3",
      createEngines({ gpu }),
    );
    const batchBytes = 4 * (BATCH * 64 + BATCH);
    const steps: { uploaded: number; downloaded: number; submissions: number }[] = [];
    for (let i = 0; i < 9; i++) {
      feed(solver, i, 3);
      const before = { ...gpu.traffic };
      await solver.step(1);
      steps.push({
        uploaded: gpu.traffic.uploaded - before.uploaded,
        downloaded: gpu.traffic.downloaded - before.downloaded,
        submissions: gpu.traffic.submissions - before.submissions,
      });
    }
    // The first step brings weights and tables to the GPU as well.
    for (const [i, { uploaded, downloaded, submissions }] of steps.entries()) {
      if (i === 0) continue;
      expect(uploaded, `uploaded in iteration ${i}`).toBe(batchBytes);
      const isDisplayed = i % 4 === 0;
      // The losses of the window, the net's output, and the norm that clipping found: a number each.
      const most = isDisplayed ? 4 * (3 + 1 + 1) : 0;
      expect(downloaded, `downloaded in iteration ${i}`).toBeLessThanOrEqual(most);
      if (!isDisplayed) expect(submissions, `submissions of iteration ${i}`).toBe(1);
    }
    expect(steps[4]?.downloaded).toBeGreaterThan(0);
    expect(solver.net.layers.every(({ engine }, i) => engine.device || i === 0)).toBe(true);
    solver.close();
  });

  test("allocates nothing on the GPU once it has run", async () => {
    const gpu = theGpu();
    const solver = solverOf(SMALL, "", createEngines({ gpu }));
    const bytes: number[] = [];
    for (let i = 0; i < 4; i++) {
      feed(solver, i, 3);
      await solver.step(1);
      bytes.push(gpu.pool.usedBytes);
    }
    // What an earlier test left may be collected meanwhile.
    expect(bytes[3]).toBeLessThanOrEqual(bytes[1] ?? 0);
    solver.close();
  });

  test("tells a guest that reads losses each of them, and others the last displayed", async () => {
    const solver = solverOf(SMALL, "display: 3", createEngines({ gpu: theGpu() }));
    const lazy: number[] = [];
    const late: number[] = [];
    solver.callbacks.push({
      readsLoss: false,
      onIteration: ({ loss }) => void lazy.push(loss),
      onLateDisplay: ({ iter, loss }) => void late.push(iter, loss),
    });
    for (let i = 0; i < 4; i++) {
      feed(solver, i, 3);
      await solver.step(1);
    }
    expect(lazy[0]).toBeGreaterThan(0);
    expect(lazy[1]).toBe(lazy[0]);
    expect(late[0]).toBe(4);
    expect(late[1]).not.toBe(lazy[0]);
    const each: number[] = [];
    solver.callbacks.push({ onIteration: ({ loss }) => void each.push(loss) });
    for (let i = 4; i < 7; i++) {
      feed(solver, i, 3);
      await solver.step(1);
    }
    expect(new Set(each).size).toBe(3);
    solver.close();
  });

  test("displays each iteration without waiting for it: what it lost comes while others are under way, with the same lines and numbers", async () => {
    const run = async (isAwaited: boolean): Promise<{ lines: string[]; told: unknown[] }> => {
      const gpu = theGpu();
      const lines: string[] = [];
      const told: unknown[] = [];
      let begun = 0;
      const fields = "display: 1 average_loss: 3 clip_gradients: 0.01";
      const solver = solverOf(SMALL, fields, createEngines({ gpu }), {
        log(_severity, source, line) {
          const text = `${source}: ${line.replace(/\(.*iters\)/, "")}`;
          lines.push(text);
          // The last two are waited for when nothing follows.
          const [, iter] = /Iteration (\d+).*, loss/.exec(text) ?? [];
          if (iter && iter !== "0" && begun < 20) ahead.push(begun - 1 - Number(iter));
        },
      });
      const ahead: number[] = [];
      solver.callbacks.push({
        readsLoss: isAwaited,
        onStart: ({ iter }) => {
          begun = iter + 1;
          feed(solver, iter, 3);
        },
        onIteration: (event) => void (event.outputs && told.push(event)),
        onLateDisplay: (event) => void told.push(event),
      });
      const restore = isAwaited ? () => undefined : holdReads(gpu, () => begun, 20);
      await solver.step(20).finally(restore);
      solver.close();
      if (!isAwaited) {
        // 18 come while others are under way, each behind the next iteration's beginning.
        expect(ahead.length).toBeGreaterThan(15);
        expect(Math.min(...ahead)).toBeGreaterThan(0);
        expect(Math.max(...ahead)).toBeLessThanOrEqual(2);
      }
      return { lines, told };
    };
    const late = await run(false);
    for (const each of ["Train net output", "Gradient clipping: scaling down"]) {
      expect(late.lines.filter((line) => line.includes(each))).toHaveLength(20);
    }
    expect(late).toEqual(await run(true));
  });

  test("stops where a loss that comes late is no number, and tells none behind it", async () => {
    const lines: string[] = [];
    const solver = solverOf(SMALL, "display: 1", createEngines({ gpu: theGpu() }), {
      log: (_severity, _source, line) => void lines.push(line),
    });
    solver.callbacks.push({
      readsLoss: false,
      onStart({ iter }) {
        feed(solver, iter, 3);
        if (iter === 4) write(solver.net.blob("data"), new Array(4 * 64).fill(Number.NaN));
      },
    });
    await expect(solver.step(20)).rejects.toThrow("Iteration 4: the loss is nan");
    const displayed = lines.filter((line) => line.includes(", loss = "));
    expect(displayed).toHaveLength(4);
    solver.close();
  });

  test("steps that follow each other unawaited give the bits of steps that are waited for, batch by batch", async () => {
    const run = async (isAwaited: boolean): Promise<number[][]> => {
      const gpu = theGpu();
      const solver = solverOf(SMALL, "display: 7", createEngines({ gpu }));
      solver.callbacks.push({
        readsLoss: false,
        onStart: async ({ iter }) => {
          if (isAwaited) await gpu.finish();
          feed(solver, iter, 3);
        },
      });
      await solver.step(20);
      await solver.net.toHost();
      const weights = solver.net.learnableParams.map(({ blob }) => Array.from(blob.values()));
      solver.close();
      return weights;
    };
    expect(await run(false)).toEqual(await run(true));
  });

  test("gives the same bits twice", async () => {
    const run = async (): Promise<number[][]> => {
      const solver = solverOf(SMALL, "", createEngines({ gpu: theGpu() }));
      for (let i = 0; i < 3; i++) {
        feed(solver, i, 3);
        await solver.step(1);
      }
      await solver.net.toHost();
      const weights = solver.net.learnableParams.map(({ blob }) => Array.from(blob.values()));
      solver.close();
      return weights;
    };
    expect(await run()).toEqual(await run());
  });
});

describeGpu("LeNet", () => {
  const accuracy =
    'layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST } }';
  const solverFor = (engines: Engines): Solver =>
    solverOf(`${LENET} ${accuracy}`, "test_iter: 1 test_interval: 1000", engines);
  const curve = async (solver: Solver, after: () => void = () => undefined): Promise<number[]> => {
    const losses: number[] = [];
    solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
    for (let i = 0; i < 20; i++) {
      feed(solver, i, 10);
      await solver.step(1);
      after();
    }
    solver.callbacks.pop();
    return losses;
  };

  test("follows the reference's losses for 20 iterations, and moves its batch and its results alone", async () => {
    const { traffic } = theGpu();
    let before = { ...traffic };
    const moved = (): { up: number; down: number } => {
      const since = before;
      before = { ...traffic };
      return {
        up: before.uploaded - since.uploaded,
        down: before.downloaded - since.downloaded,
      };
    };
    const batchBytes = 4 * (2 * 784 + 2);
    const solver = solverFor(createEngines({ gpu: theGpu() }));
    const steps: ReturnType<typeof moved>[] = [];
    const got = await curve(solver, () => steps.push(moved()));
    // The first brings weights and tables as well; a guest reads each loss.
    expect(new Set(steps.slice(1).map(({ up, down }) => `${up} ${down}`))).toEqual(
      new Set([`${batchBytes} 4`]),
    );
    feed(solver, 20, 10);
    await solver.step(1);
    expect(moved()).toEqual({ up: batchBytes, down: 0 });

    const [tested] = solver.testNets;
    for (const name of ["data", "label"]) {
      write(tested!.blob(name), solver.net.blob(name).values());
    }
    // Tables are brought for this net, too.
    await solver.test(0);
    moved();
    write(tested!.blob("label"), [1, 2]);
    const scores = await solver.test(0);
    expect([...(scores?.keys() ?? [])]).toEqual(["accuracy", "loss"]);
    expect(moved()).toEqual({ up: 8, down: 8 });

    const reference = solverFor(referenceEngines);
    const want = await curve(reference);
    expect(got).toBeAllClose(want, { rtol: 0, atol: 1e-3 });
    expect(want.at(-1)).toBeLessThan(want[0] ?? 0);
    for (const one of [solver, reference]) one.close();
  });
});

describeGpu("GPUs that lack this or that", () => {
  const lacking: [title: string, choice: GpuChoice][] = [
    ["no subgroups", { without: ["subgroups"] }],
    ["no timestamps", { without: ["timestamp-query"] }],
  ];
  // Which take a software adapter seconds to compile.
  if (isLong) lacking.push(["tiles staged in workgroup memory, as on hardware", { isTiled: true }]);

  test.each(lacking)("%s: the same losses", async (_title, choice) => {
    const curve = async (engines: Engines): Promise<number[]> => {
      const losses: number[] = [];
      const solver = solverOf(SMALL.replace("num_output: 4", "num_output: 20"), "", engines);
      solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
      for (let i = 0; i < 3; i++) {
        feed(solver, i, 3);
        await solver.step(1);
      }
      return losses;
    };
    await withGpu(choice, async (gpu) => {
      expect(await curve(createEngines({ gpu }))).toBeAllClose(await curve(referenceEngines), {
        rtol: 1e-4,
        atol: 1e-4,
      });
    });
  });
});
