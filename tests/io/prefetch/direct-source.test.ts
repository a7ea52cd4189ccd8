import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { DatabasePlan } from "../../../src/io/loaders/database-loader.ts";
import type { LoaderPlan } from "../../../src/io/loaders/open-loader.ts";
import type { BatchSource, PrefetchOptions } from "../../../src/io/prefetch/batch-source.ts";
import { DirectSource, type Relief } from "../../../src/io/prefetch/direct-source.ts";
import type { prefetch } from "../../../src/io/prefetch/prefetch.ts";
import { planOf, square, take, taken, writeRecords } from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

beforeAll(async () => {
  const records = Array.from({ length: 10 }, (_, i) => square(3, i));
  await writeRecords(join(folder, "ten"), records);
  await writeRecords(join(folder, "sizes"), [
    square(2, 0),
    square(2, 1),
    square(3, 2),
    square(3, 3),
  ]);
  await writeRecords(join(folder, "damaged"), [
    ...records.slice(0, 5),
    Uint8Array.of(8, 1, 34, 200),
  ]);
});

const plan = (name: string, batchSize: number, more: Partial<DatabasePlan> = {}): DatabasePlan =>
  planOf(folder, name, batchSize, more);
const random = {
  transform: { ...plan("", 1).transform, cropHeight: 2, cropWidth: 2, mirror: true },
};

const optionsOf = (lines: string[] = []): PrefetchOptions => ({
  depth: 4,
  workers: 1,
  isDecoded: false,
  shapes: [[4, 1, 3, 3], [4]],
  dtype: "f32",
  name: "ten_lmdb",
  log: (line) => void lines.push(line),
});

/** A clock by which batch k takes `costs(k)` milliseconds, and training with it `between`. */
function clockOf(costs: (batch: number) => number, between = 0): () => number {
  let [looks, time] = [0, 0];
  return () => {
    time += looks % 2 === 1 ? costs(looks >> 1) : between;
    looks++;
    return time;
  };
}

/** Notes where others go on, and reads there. */
function reliefOf(starts: number[], options: PrefetchOptions): Relief {
  return (rest) => {
    starts.push(rest.start);
    return new DirectSource(rest, options);
  };
}

/** How many batches of one record are made before others go on, of 1000 at most. */
async function madeBefore(costs: (batch: number) => number): Promise<number> {
  const starts: number[] = [];
  const relief = reliefOf(starts, optionsOf());
  const source = new DirectSource(plan("ten", 1), optionsOf(), relief, clockOf(costs));
  for (let i = 0; i < 1000 && starts.length === 0; i++) await source.next();
  source.close();
  return starts[0] ?? Number.POSITIVE_INFINITY;
}

describe("a source that is read directly", () => {
  test("stays so while batches are cheap, and after the slow first ones", async () => {
    expect(await madeBefore(() => 0.19)).toBe(Number.POSITIVE_INFINITY);
    expect(await madeBefore((batch) => (batch < 20 ? 1 : 0.05))).toBe(Number.POSITIVE_INFINITY);
    // A pause now and then, such as another program makes, is made good by the batches between.
    expect(await madeBefore((batch) => (batch % 100 === 99 ? 12 : 0.05))).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test("goes to a thread behind one very slow batch, or after many that are a little", async () => {
    expect(await madeBefore((batch) => (batch === 5 ? 21 : 0.05))).toBe(6);
    expect(await madeBefore(() => 4.5)).toBe(5);
    expect(await madeBefore(() => 0.4)).toBe(101);
  });

  test("waits for nothing once it is open, and makes batches in the same memory", async () => {
    const source = new DirectSource(plan("ten", 2), optionsOf());
    const first = await source.next();
    const memory = first[0]?.data;
    const second = source.next();
    expect(second).not.toBeInstanceOf(Promise);
    expect((await second)[0]?.data).toBe(memory);
    source.close();
  });

  test("takes new memory only where a batch is larger than any before", async () => {
    const source = new DirectSource(plan("sizes", 1), optionsOf());
    const buffers: unknown[] = [];
    for (let i = 0; i < 8; i++) buffers.push((await source.next())[0]?.data.buffer);
    source.close();
    expect(new Set(buffers).size).toBe(2);
    expect(new Set(buffers.slice(2)).size).toBe(1);
  });

  test("is named in the log with how long training waited for it", async () => {
    const lines: string[] = [];
    const clock = clockOf(() => 100, 300);
    const source = new DirectSource(plan("ten", 1), optionsOf(lines), undefined, clock);
    await take(source, 9);
    expect(lines).toEqual([
      "Training waited 0.5 s of the last 2.0 s (25 %) for data from ten_lmdb",
    ]);
  });

  test("gives the same error when it is asked again, and the right batch once that is mended", async () => {
    const source = new DirectSource(plan("damaged", 4), optionsOf());
    await source.next();
    const next = async (): Promise<unknown> => source.next();
    for (let i = 0; i < 2; i++) {
      await expect(next()).rejects.toThrow('damaged: key "00000005": its Datum: the file is cut');
    }
    rmSync(join(folder, "damaged"), { recursive: true });
    await expect(next()).rejects.toThrow("no such file or directory");
    await writeRecords(
      join(folder, "damaged"),
      Array.from({ length: 8 }, (_, i) => square(3, i)),
    );
    expect(taken(await source.next()).l).toEqual([4, 5, 6, 7]);
    source.close();
  });
});

// A thread cannot load TypeScript on every Node, so the threads that are tested are the built ones.
const built = new URL("../../../dist/io/prefetch/prefetch.js", import.meta.url);

describe.skipIf(!existsSync(built))("a source that goes to a thread in between", () => {
  const inThread = async (of: LoaderPlan, options: PrefetchOptions): Promise<BatchSource> => {
    const threaded: typeof prefetch = (await import(built.href)).prefetch;
    return threaded(of, options);
  };
  const changing = async (
    of: DatabasePlan,
    after: number,
    options: PrefetchOptions,
  ): Promise<BatchSource> => {
    const threaded: typeof prefetch = (await import(built.href)).prefetch;
    const clock = clockOf((batch) => (batch === after - 1 ? 1000 : 0));
    return new DirectSource(of, options, (rest) => threaded(rest, options), clock);
  };

  test.each<[string, DatabasePlan]>([
    ["as they are", plan("ten", 4)],
    ["whose passes end with a batch", plan("ten", 5)],
    ["cropped and mirrored at random", plan("ten", 4, random)],
    [
      "of one rank of three",
      plan("ten", 4, { ...random, shard: { rank: 1, count: 3, of: "records" } }),
    ],
    ["from where another run stopped", plan("ten", 3, { ...random, start: 15 })],
    ["of several sizes", plan("sizes", 1)],
  ])("gives the same batches and lines, %s", async (_, of) => {
    const lines: string[] = [];
    const direct = await take(new DirectSource(of, optionsOf(lines)), 12);
    const ofThread: string[] = [];
    expect(await take(await inThread(of, optionsOf(ofThread)), 12)).toEqual(direct);
    expect(ofThread).toEqual(lines);
    expect(lines.length).toBeGreaterThan(0);
    for (const after of [1, 2, 5, 8]) {
      const own: string[] = [];
      expect(await take(await changing(of, after, optionsOf(own)), 12)).toEqual(direct);
      expect(own).toEqual(lines);
    }
  });

  test("keeps the last batch whole that it made itself", async () => {
    const source = await changing(plan("ten", 2), 2, optionsOf());
    await source.next();
    const held = await source.next();
    const before = taken(held);
    const memory = held[0]?.data;
    expect(taken(await source.next()).l).toEqual([4, 5]);
    expect([...(memory ?? [])]).toEqual(before.x);
    source.close();
  });

  test("names the record that the thread cannot read", async () => {
    await writeRecords(join(folder, "cut"), [
      square(3, 0),
      square(3, 1),
      Uint8Array.of(8, 1, 34, 200),
    ]);
    const source = await changing(plan("cut", 1), 1, optionsOf());
    await source.next();
    await source.next();
    await expect((async () => source.next())()).rejects.toThrow('cut: key "00000002": its Datum');
    source.close();
  });
});
