import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createEngines } from "../../../src/engines/create.ts";
import { listAdapters, openGpu } from "../../../src/engines/webgpu/device.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { readCaffemodel } from "../../../src/io/caffemodel.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { DeviceError } from "../../../src/util/errors.ts";
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
  const file = join(mkdtempSync(join(tmpdir(), "gpu-")), "solver.prototxt");
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

  test("refuses an array that is larger than it allows, and says whose", () => {
    const engine = webgpuEngine(theGpu(), "fc6");
    const most = theGpu().limits["maxStorageBufferBindingSize"] ?? 0;
    const [x, y] = [new SyncedMem(4), new SyncedMem(most / 4 + 1)];
    expect(() => engine.copy?.(4, x, y)).toThrow(
      /layer "fc6": an array of [\d.]+ MiB is larger than this GPU allows \([\d.]+ MiB in one piece\)\. Reduce the batch size, or num_output/,
    );
  });

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
      await expect(gpu.finish().catch(() => "refused")).resolves.toBe("refused");
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

  test("that is lost stops the run with an error, and leaves the last snapshot good", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lost-"));
    const gpu = await openGpu();
    const solver = Solver.parse(
      `base_lr: 0.1 lr_policy: "fixed" max_iter: 9 snapshot: 2 snapshot_prefix: "${join(folder, "s")}" net_param {
        layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 } data_filler { value: 1 } } }
        layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
        layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" } }`,
      { engines: createEngines({ gpu }) },
    );
    solver.callbacks.push({
      onIteration: ({ iter }) => {
        if (iter === 3) gpu.lose();
      },
    });
    await expect(solver.solve()).rejects.toMatchObject({
      name: "DeviceError",
      failure: "lost",
      message: expect.stringContaining("What was computed since the last snapshot is gone"),
    });
    expect(readdirSync(folder).sort()).toEqual(
      ["caffemodel", "runstate", "solverstate"].map((ending) => `s_iter_2.${ending}`),
    );
    const [ip] = readCaffemodel(join(folder, "s_iter_2.caffemodel")).layers.filter(
      ({ name }) => name === "ip",
    );
    expect(ip?.blobs[0]?.data.every(Number.isFinite)).toBe(true);
    solver.close();
  });
});
