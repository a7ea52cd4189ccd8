import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listAdapters, openGpu } from "../../../src/engines/webgpu/device.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { DeviceError } from "../../../src/util/errors.ts";
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
