import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEngines } from "../../../src/engines/create.ts";
import { listAdapters, openGpu } from "../../../src/engines/webgpu/device.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import type { Net } from "../../../src/net/net.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { DeviceError } from "../../../src/util/errors.ts";
import { silent } from "../../../src/util/log.ts";
import { noise, write } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { describeGpu, theGpu, withGpu } from "./support.ts";

test("where there is no adapter, the error says what to install", () => {
  const { status, stderr } = spawnSync(process.execPath, ["bin/caffe", "device_query", "--gpu=0"], {
    encoding: "utf8",
    env: { ...process.env, VK_DRIVER_FILES: "/nowhere.json" },
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /no adapter is found\. Install a Vulkan driver\. On Debian: apt-get install/,
  );
});

test("a solver that says GPU does not run on the CPU instead", () => {
  const file = join(temporaryFolder(), "solver.prototxt");
  writeFileSync(
    file,
    'solver_mode: GPU net: "net.prototxt" base_lr: 1 lr_policy: "fixed" max_iter: 1',
  );
  const { status, stderr } = spawnSync(
    process.execPath,
    ["bin/caffe", "train", `--solver=${file}`],
    { encoding: "utf8", env: { ...process.env, VK_DRIVER_FILES: "/nowhere.json" } },
  );
  expect(status).toBe(1);
  expect(stderr).toContain("The solver says solver_mode: GPU; --engine native runs it on the CPU.");
});

describeGpu("the GPU", () => {
  test("is one of those that are listed", async () => {
    const names = await listAdapters();
    expect(names.length).toBeGreaterThan(0);
    const index = names.length;
    const asked = openGpu({ index });
    await expect(asked).rejects.toThrow(
      `there is no GPU number ${index}. Expected 0 to ${index - 1}`,
    );
    await expect(asked).rejects.toBeInstanceOf(DeviceError);
  });

  test.each([
    ["maxBufferSize", 256],
    ["maxStorageBufferBindingSize", 128],
  ])("refuses an array beyond its %s, and says whose", async (limit, mebibytes) => {
    await withGpu({ without: [limit] }, async (gpu) => {
      const engine = webgpuEngine(gpu, "fc6");
      const [x, y] = [new SyncedMem(4), new SyncedMem(mebibytes * 2 ** 18 + 1)];
      expect(() => engine.copy?.(4, x, y)).toThrow(
        `layer "fc6": an array of ${mebibytes}.0 MiB is larger than this GPU allows (${mebibytes}.0 MiB in one piece, its ${limit}). Reduce the batch size, or num_output where it is a weight.`,
      );
    });
  });

  test("whose memory is out says for whom, again while that is asked for, and serves others", async () => {
    const gpu = theGpu();
    // Its driver refuses a whole gibibyte, within its limits.
    const most = gpu.limits["maxStorageBufferBindingSize"] ?? 0;
    const [x, wide, small] = [4, most / 4, 4].map((count) => new SyncedMem(count)) as [
      SyncedMem,
      SyncedMem,
      SyncedMem,
    ];
    for (let i = 0; i < 2; i++) {
      const work = async (): Promise<void> => {
        webgpuEngine(gpu, "wide").copy?.(4, x, wide);
        await gpu.finish();
      };
      await expect(work()).rejects.toMatchObject({
        failure: "memory",
        layerName: "wide",
        message: expect.stringMatching(/^layer "wide": the GPU is out of memory: .* Reduce the/),
      });
    }
    wide.zero();
    webgpuEngine(gpu, "small").copy?.(4, x, small);
    await small.toHost();
    expect(Array.from(small.cpu())).toEqual([0, 0, 0, 0]);
  });

  test("whose memory is out keeps what arrays were given at that time, and says which results are lost", async () => {
    await withGpu({}, async (gpu) => {
      const engine = webgpuEngine(gpu, "mine");
      const numbers = (count: number, value: number): SyncedMem => {
        const mem = new SyncedMem(count);
        mem.overwriteCpu().fill(value);
        return mem;
      };
      // Memory that others have left holds other numbers.
      const before = Array.from({ length: 8 }, (_, i) => numbers(100, 70 + i));
      for (const mem of before) engine.axpby?.(100, 1, numbers(100, 1), 1, mem);
      await gpu.finish();
      for (const mem of before) mem.free();

      const [given, zeros, summed] = [numbers(100, 3), new SyncedMem(100), new SyncedMem(100)];
      const changed = numbers(100, 5);
      engine.axpby?.(100, 1, given, 0, summed);
      engine.axpby?.(100, 1, given, 1, zeros);
      engine.axpby?.(100, 1, given, 1, changed);
      const wide = new SyncedMem((gpu.limits["maxStorageBufferBindingSize"] ?? 0) / 4);
      engine.copy?.(100, given, wide);
      await expect(gpu.finish()).rejects.toMatchObject({ failure: "memory", layerName: "mine" });

      await expect(summed.toHost()).rejects.toThrow(/ is lost\. Compute it again, .*out of memory/);
      expect(() => engine.axpby?.(100, 1, summed, 1, given)).toThrow(
        /^layer "mine": .* is lost\. /,
      );
      // What was to be added to them was not.
      await Promise.all([zeros.toHost(), changed.toHost()]);
      expect(new Set(zeros.cpu())).toEqual(new Set([0]));
      expect(new Set(changed.cpu())).toEqual(new Set([5]));
      engine.axpby?.(100, 2, given, 0, summed);
      await summed.toHost();
      expect(new Set(summed.cpu())).toEqual(new Set([6]));
      expect(() => engine.axpby?.(100, 1, given, 1, wide)).toThrow(/ is lost\. /);
    });
  });

  test.each([
    ["forward", (net: Net, solver: Solver) => net.forward().then(() => solver)],
    ["a step", (_: Net, solver: Solver) => solver.step(1)],
  ])(
    "whose memory is out for %s of a net goes on with a smaller batch, from the same weights",
    async (_, work) => {
      await withGpu({}, async (gpu) => {
        const NET = `layer { name: "in" type: "Input" top: "data" top: "label" input_param { shape { dim: 2 dim: 16 } shape { dim: 2 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4096 weight_filler { type: "xavier" } } }
        layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
        layer { name: "ip2" type: "InnerProduct" bottom: "ip" top: "ip2" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
        layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }`;
        const make = (): Solver =>
          Solver.parse(
            `base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" random_seed: 5 max_iter: 9 net_param { ${NET} }`,
            { engines: createEngines({ gpu, log: silent }), log: silent },
          );
        const feed = (solver: Solver, batch: number): void => {
          solver.net.blob("data").reshape([batch, 16]);
          solver.net.blob("label").reshape([batch]);
          write(solver.net.blob("data"), noise(2 * 16, 3));
          write(solver.net.blob("label"), [0, 2]);
        };
        const [failing, other] = [make(), make()];
        // An array of a gibibyte, which this driver refuses.
        feed(failing, 2 ** 16);
        await expect(work(failing.net, failing)).rejects.toMatchObject({ failure: "memory" });
        const results: number[][] = [];
        for (const solver of [failing, other]) {
          feed(solver, 2);
          await solver.step(2);
          const { net } = solver;
          const weights = [...net.params.values()].flat();
          await Promise.all(weights.map(({ dataMem }) => dataMem.toHost()));
          results.push(weights.flatMap(({ dataMem }) => Array.from(dataMem.cpu())));
        }
        expect(results[0]).toEqual(results[1]);
        failing.close();
        other.close();
      });
    },
  );

  test("names the layer whose shader does not compile, and goes on with others", async () => {
    await withGpu({}, async (gpu) => {
      const engine = webgpuEngine(gpu, "mine");
      const kernel = {
        name: "wrong",
        reference: { forward: () => undefined, backward: () => undefined },
        wgsl: { forward: "x +* 2.0", backward: "dy" },
      };
      const [x, y] = [new SyncedMem(2), new SyncedMem(2)];
      engine.unary?.(kernel, {}, [2]).forward(x, y);
      await expect(gpu.settled).rejects.toMatchObject({
        name: "DeviceError",
        failure: "shader",
        layerName: "mine",
        message: expect.stringMatching(
          /layer "mine": the shader "wrong forward" does not compile: \d+:\d+ /,
        ),
      });
      // What was recorded with it is dropped: nothing else is refused.
      await gpu.finish();
      expect(() => engine.unary?.(kernel, {}, [2]).forward(x, y)).toThrow(
        /layer "mine": the shader/,
      );
      webgpuEngine(gpu).axpby?.(2, 1, x, 0, y);
      await y.toHost();
      expect(Array.from(y.cpu())).toEqual([0, 0]);
    });
  });

  test("says of a layer's function without WGSL what to do", () => {
    const reference = { forward: () => undefined, backward: () => undefined };
    const engine = webgpuEngine(theGpu(), "mine");
    expect(() => engine.unary?.({ name: "own", reference }, {}, [2])).toThrow(
      'layer "mine": the elementwise function "own" has no WGSL. Give its kernel a wgsl entry, or let its layer say needs = ["host"].',
    );
  });
});
