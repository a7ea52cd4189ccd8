// Arrays on the GPU and the memory they lie in: gpu.ts, buffer-pool.ts, usage.ts.
import { expect, test } from "vitest";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeGpu, theGpu, withGpu } from "./support.ts";

const memOf = (...values: readonly number[]): SyncedMem => {
  const mem = new SyncedMem(values.length);
  mem.overwriteCpu().set(values);
  return mem;
};

const read = async (mem: SyncedMem): Promise<number[]> => {
  await mem.toHost();
  return Array.from(mem.cpu());
};

describeGpu("an array on the GPU", () => {
  test("goes there when a kernel reads it, once, and comes back when it is awaited, once", async () => {
    const gpu = theGpu();
    const engine = webgpuEngine(gpu);
    const { uploaded, downloaded } = gpu.traffic;
    const [x, y] = [memOf(1, 2, 3), new SyncedMem(3)];
    engine.axpby?.(3, 2, x, 0, y);
    engine.axpby?.(3, 1, x, 1, y);
    expect(x.head).toBe("SYNCED");
    expect(y.head).toBe("HEAD_AT_GPU");
    expect(() => y.cpu()).toThrow("3 elements that lie on the GPU are read on the host");
    expect(await read(y)).toEqual([3, 6, 9]);
    expect(await read(y)).toEqual([3, 6, 9]);
    expect(y.head).toBe("SYNCED");
    expect(gpu.traffic.uploaded - uploaded).toBe(12);
    expect(gpu.traffic.downloaded - downloaded).toBe(12);
  });

  test("is written anew by the host after work that was queued before still reads what was there", async () => {
    const engine = webgpuEngine(theGpu());
    const [x, first, second] = [memOf(1, 1), new SyncedMem(2), new SyncedMem(2)];
    engine.copy?.(2, x, first);
    x.overwriteCpu().set([5, 6]);
    engine.copy?.(2, x, second);
    expect(await read(first)).toEqual([1, 1]);
    expect(await read(second)).toEqual([5, 6]);
  });

  test("that nobody wrote is zeros, also where its memory was another's before", async () => {
    const gpu = theGpu();
    const engine = webgpuEngine(gpu);
    const used = new SyncedMem(500);
    engine.copy?.(500, memOf(...new Array<number>(500).fill(7)), used);
    await gpu.finish();
    used.zero();
    const [zeros, y] = [new SyncedMem(500), new SyncedMem(500)];
    engine.axpby?.(500, 1, zeros, 0, y);
    expect(new Set(await read(y))).toEqual(new Set([0]));
    y.zero();
    engine.axpby?.(500, 1, zeros, 1, y);
    expect(new Set(await read(y))).toEqual(new Set([0]));
  });

  test("of memory that threads share is taken as it is", async () => {
    const engine = webgpuEngine(theGpu());
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([3, 4]);
    const [x, y] = [new SyncedMem(2), new SyncedMem(2)];
    x.borrowCpu(shared);
    engine.copy?.(2, x, y);
    expect(await read(y)).toEqual([3, 4]);
  });

  test("written while it was on its way back is not the one that arrives", async () => {
    const engine = webgpuEngine(theGpu());
    const y = new SyncedMem(2);
    engine.copy?.(2, memOf(1, 2), y);
    const arrival = y.toHost();
    engine.copy?.(2, memOf(8, 9), y);
    await arrival;
    expect(y.head).toBe("HEAD_AT_GPU");
    expect(await read(y)).toEqual([8, 9]);
  });

  test("moves between two GPUs by way of the host", async () => {
    await withGpu({}, async (other) => {
      const y = new SyncedMem(2);
      webgpuEngine(theGpu()).copy?.(2, memOf(1, 2), y);
      await y.toHost();
      webgpuEngine(other).axpby?.(2, 1, memOf(1, 1), 1, y);
      expect(await read(y)).toEqual([2, 3]);
    });
  });
});

describeGpu("the GPU's memory", () => {
  test("is taken again by the next of the same size", async () => {
    await withGpu({}, async ({ pool }) => {
      const used = pool.usedBytes;
      const first = pool.take(1000, "");
      pool.give(first);
      expect(pool.take(1010, "")).toBe(first);
      expect(pool.usedBytes - used).toBe(first.bytes);
      expect(pool.peakBytes).toBe(pool.usedBytes);
    });
  });

  test("too large to be kept is there until the commands that use it are sent", async () => {
    await withGpu({}, async (own) => {
      const engine = webgpuEngine(own);
      const [x, y] = [memOf(1, 2), new SyncedMem(2)];
      // 80 MiB: idle memory is 64 at most.
      const large = new SyncedMem(20 * 2 ** 20);
      engine.copy?.(2, x, large);
      engine.copy?.(2, large, y);
      large.free();
      expect(await read(y)).toEqual([1, 2]);
      expect(own.memoryBytes).toBeLessThan(2 ** 20);
    });
  });

  test("of arrays that do not live at one time is the same", async () => {
    await withGpu({}, async (gpu) => {
      const engine = webgpuEngine(gpu);
      const chain = Array.from({ length: 6 }, () => new SyncedMem(1000));
      const before = gpu.pool.usedBytes;
      chain.forEach((y, i) => {
        engine.axpby?.(1000, 1, i === 0 ? new SyncedMem(1000) : (chain[i - 1] as SyncedMem), 0, y);
        chain[i - 2]?.zero();
      });
      expect(gpu.pool.peakBytes - before).toBeLessThanOrEqual(4 * 4096);
      await chain[5]?.toHost();
      expect(chain[5]?.cpu()[999]).toBe(0);
    });
  });

  test("several arrays are read in one submission", async () => {
    const gpu = theGpu();
    const engine = webgpuEngine(gpu);
    const results = [1, 2, 3].map(() => new SyncedMem(2));
    for (const y of results) engine.axpby?.(2, 2, memOf(1, 2), 0, y);
    const { submissions } = gpu.traffic;
    await Promise.all(results.map((y) => y.toHost()));
    expect(gpu.traffic.submissions - submissions).toBe(1);
  });
});
