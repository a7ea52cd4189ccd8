import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { DataTransformer } from "../../../src/io/images/data-transformer.ts";
import type { DatabasePlan } from "../../../src/io/loaders/database-loader.ts";
import type { BatchSource } from "../../../src/io/prefetch/batch-source.ts";
import { prefetch } from "../../../src/io/prefetch/prefetch.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { CUT, floatsOfPixels } from "../../../src/util/pixels.ts";
import {
  planOf,
  square,
  type Taken,
  take,
  taken,
  writeRecords,
} from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

type Prefetch = typeof prefetch;

const folder = temporaryFolder();

const write = (name: string, records: readonly Uint8Array[]): Promise<void> =>
  writeRecords(join(folder, name), records);

beforeAll(async () => {
  await write(
    "ten",
    Array.from({ length: 10 }, (_, i) => square(3, i)),
  );
  await write("sizes", [square(2, 0), square(2, 1), square(3, 2), square(3, 3)]);
  await write("some floats", [square(2, 0), square(2, 1), square(2, 2), floats(2, 3)]);
  await write("damaged", [square(2, 0), square(2, 1), Uint8Array.of(8, 1, 34, 200, 1)]);
});

/** As `square`, of numbers that are not whole. */
const floats = (side: number, label: number): Uint8Array =>
  encodeDatum({
    channels: 1,
    height: side,
    width: side,
    data: new Uint8Array(0),
    floatData: Float32Array.from({ length: side * side }, (_, i) => label + i / 3),
    label,
  });

const plan = (name: string, batchSize: number, more: Partial<DatabasePlan> = {}): DatabasePlan =>
  planOf(folder, name, batchSize, more);

const random = {
  transform: { ...plan("", 1).transform, cropHeight: 2, cropWidth: 2, mirror: true },
};

/** A source as its layer opens it. */
function open(
  load: Prefetch,
  of: DatabasePlan,
  { depth = 4, workers = 1, log = (_: string): void => {} } = {},
): BatchSource {
  const shapes = [[of.batchSize, 1, 2, 2], [of.batchSize]];
  if (of.cutsTop !== undefined) shapes.push([of.batchSize, CUT]);
  const options = { depth, workers, shapes, dtype: "f32", name: of.source, log } as const;
  return load(of, { ...options, isDecoded: false });
}

// A thread cannot load TypeScript on every Node, so the threads that are tested are the built ones.
const built = new URL("../../../dist/io/prefetch/prefetch.js", import.meta.url);
const isBuilt = existsSync(built);
const threaded = async (): Promise<Prefetch> => (await import(built.href)).prefetch;
const ways: [string, number, () => Promise<Prefetch>][] = [
  ["when asked for", 0, async () => prefetch],
];
if (isBuilt) ways.push(["in a thread", 1, threaded], ["in three threads", 3, threaded]);

describe.each(ways)("batches made %s", (_, workers, load) => {
  test("come in order, round and round, and the log says so", async () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const source = open(await load(), plan("ten", 4), { depth: 2, workers, log });
    const labels = (await take(source, 6)).flatMap(({ l }) => l);
    expect(labels).toEqual(Array.from({ length: 24 }, (_, i) => i % 10));
    expect(lines).toEqual(new Array(2).fill("Restarting data prefetching from start."));
  });

  test("go on from any record as if never stopped", async () => {
    const all = await take(open(await load(), plan("ten", 3, random), { workers }), 12);
    const rest = await take(
      open(await load(), plan("ten", 3, { ...random, start: 15 }), { workers }),
      7,
    );
    expect(rest).toEqual(all.slice(5));
  });

  test("of several ranks make up what one rank reads, random crops included", async () => {
    const one = await take(open(await load(), plan("ten", 1, random), { workers }), 24);
    for (const count of [2, 3]) {
      for (let rank = 0; rank < count; rank++) {
        const shard = { rank, count, of: "records" } as const;
        const part = plan("ten", 1, { ...random, shard });
        expect(await take(open(await load(), part, { workers }), 8)).toEqual(
          one.filter((_, i) => i % count === rank).slice(0, 8),
        );
      }
    }
  });

  test.each([
    ["ten", 3, { ...random.transform, meanValues: [7.5], scale: 0.3 }],
    ["sizes", 1, { ...random.transform, cropHeight: 0, cropWidth: 0 }],
    ["some floats", 2, { ...random.transform, cropHeight: 1, cropWidth: 2, scale: 0.1 }],
  ])("of %s handed on as bytes make the same floats", async (name, batchSize, transform) => {
    const of = plan(name, batchSize, { transform });
    const expected = await take(open(await load(), of, { workers }), 7);
    const source = open(await load(), { ...of, cutsTop: 2 }, { workers });
    const { normalization } = new DataTransformer(transform);
    const got: Taken[] = [];
    for (let i = 0; i < 7; i++) {
      const [data, label, cuts] = await source.next();
      if (!data || !label || !cuts) throw new Error("tops are missing");
      const pixels = new Float32Array(data.data.length);
      const bytes = new Uint8Array(data.data.buffer, data.data.byteOffset, pixels.length);
      // A batch with floats has no cuts.
      const isBytes = cuts.data.length > 0;
      expect(isBytes).toBe(name !== "some floats" || i % 2 === 0);
      if (isBytes)
        floatsOfPixels({ shape: data.shape, bytes, cuts: cuts.data }, normalization, pixels);
      got.push(taken([isBytes ? { shape: data.shape, data: pixels } : data, label]));
    }
    source.close();
    expect(got).toEqual(expected);
  });

  test("end at a damaged record with its database and key, after the good ones", async () => {
    const source = open(await load(), plan("damaged", 2), { workers });
    const [, label] = await source.next();
    expect([...(label?.data ?? [])]).toEqual([0, 1]);
    const next = async (): Promise<unknown> => source.next();
    await expect(next()).rejects.toMatchObject({
      name: "FormatError",
      message: expect.stringMatching(
        /damaged: key "00000002": its Datum: the file is cut short or damaged \(at byte 5 of 5\)/,
      ),
    });
    source.close();
  });

  test("a database that is not there is refused", async () => {
    const source = open(await load(), plan("nothing", 2), { workers });
    await expect((async () => source.next())()).rejects.toMatchObject({
      name: "FileError",
      message: expect.stringContaining("no such file or directory"),
    });
    source.close();
  });

  test("each has the size of its own records", async () => {
    const shapes = async (batchSize: number, count: number): Promise<string[]> =>
      (await take(open(await load(), plan("sizes", batchSize), { workers }), count)).map(
        ({ shape }) => shape,
      );
    expect(await shapes(1, 5)).toEqual(["1,1,2,2", "1,1,2,2", "1,1,3,3", "1,1,3,3", "1,1,2,2"]);
    expect(await shapes(2, 3)).toEqual(["2,1,2,2", "2,1,3,3", "2,1,2,2"]);
  });

  test("with records of two sizes in one are refused", async () => {
    await expect(take(open(await load(), plan("sizes", 3), { workers }), 1)).rejects.toThrow(
      'sizes: key "00000002": it becomes 1×3×3 in a batch of 1×2×2. Expected one size',
    );
  });
});

describe.skipIf(!isBuilt)("threads", () => {
  test("give the same batches however many there are, and however far they read ahead", async () => {
    const direct = await take(open(prefetch, plan("ten", 3, random)), 9);
    for (const [depth, workers] of [
      [1, 1],
      [2, 1],
      [5, 1],
      [1, 2],
      [5, 2],
      [4, 4],
      [16, 3],
    ]) {
      const source = open(await threaded(), plan("ten", 3, random), { depth, workers } as never);
      expect(await take(source, 9)).toEqual(direct);
    }
  });

  test("give the same augmented batches, whichever thread makes them", async () => {
    const augmentation = {
      minScale: 0.8,
      maxScale: 1.2,
      maxRotation: 20,
      brightness: 0.2,
      contrast: 0.2,
      saturation: 0.2,
      hue: 20,
      cutoutSize: 1,
    };
    const augmented = plan("ten", 3, { transform: { ...random.transform, augmentation } });
    const direct = await take(open(prefetch, augmented), 7);
    for (const workers of [1, 2, 3]) {
      expect(await take(open(await threaded(), augmented, { workers }), 7)).toEqual(direct);
    }
    expect(direct).not.toEqual(await take(open(prefetch, plan("ten", 3, random)), 7));
  });

  test("make a batch where it is read: its memory is shared, and comes round again", async () => {
    const source = open(await threaded(), plan("ten", 2), { depth: 3 });
    const buffers: unknown[] = [];
    for (let i = 0; i < 6; i++) buffers.push((await source.next())[0]?.data.buffer);
    source.close();
    expect(buffers[0]).toBeInstanceOf(SharedArrayBuffer);
    expect(new Set(buffers).size).toBe(3);
    expect(buffers.slice(3)).toEqual(buffers.slice(0, 3));
  });

  test("do not hold up the end of the process, closed or not", () => {
    const script = `
      import { prefetch } from ${JSON.stringify(built.href)};
      const plan = ${JSON.stringify(plan("ten", 2))};
      const options = { depth: 4, workers: 2, shapes: [[2, 1, 3, 3], [2]], dtype: "f32", isDecoded: false, name: "", log() {} };
      prefetch(plan, options);
      const source = prefetch(plan, options);
      await source.next();
      console.log("done");`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect([stdout.trim(), status]).toEqual(["done", 0]);
  });

  test("are one for records as they are, and several where images are decoded", async () => {
    const load = await threaded();
    const begun = { count: 0 };
    const count = (): void => void begun.count++;
    process.on("worker", count);
    const options = { depth: 1, workers: 0, shapes: [[1, 1, 2, 2], [1]], dtype: "f32" } as const;
    const more = { ...options, name: "", log: () => {} };
    const decoded = load(plan("ten", 1), { ...more, isDecoded: true });
    await decoded.next();
    decoded.close();
    process.off("worker", count);
    expect(begun.count).toBe(Math.min(availableParallelism(), 4));
  });
});
