import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BatchPlan } from "../../src/io/batch-reader.ts";
import { encodeDatum } from "../../src/io/datum.ts";
import { createLmdb } from "../../src/io/db/lmdb.ts";
import { type BatchSource, prefetch } from "../../src/io/prefetch.ts";

type Prefetch = typeof prefetch;

const folder = mkdtempSync(join(tmpdir(), "batch-source-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const square = (side: number, label: number): Uint8Array =>
  encodeDatum({
    channels: 1,
    height: side,
    width: side,
    data: Uint8Array.from({ length: side * side }, (_, i) => 10 * label + i),
    label,
  });

async function write(name: string, records: readonly Uint8Array[]): Promise<void> {
  const writer = createLmdb(join(folder, name));
  for (const [i, record] of records.entries()) await writer.put(String(i).padStart(8, "0"), record);
  await writer.finish();
}

beforeAll(async () => {
  await write(
    "ten",
    Array.from({ length: 10 }, (_, i) => square(3, i)),
  );
  await write("sizes", [square(2, 0), square(2, 1), square(3, 2), square(3, 3)]);
  await write("damaged", [square(2, 0), square(2, 1), Uint8Array.of(8, 1, 34, 200, 1)]);
});

const plan = (name: string, batchSize: number, more: Partial<BatchPlan> = {}): BatchPlan => ({
  source: join(folder, name),
  batchSize,
  transform: {
    scale: 1,
    mirror: false,
    cropSize: 0,
    mean: undefined,
    meanValues: [],
    phase: "TRAIN",
  },
  seed: 1,
  stream: "data",
  start: 0,
  shard: { rank: 0, count: 1 },
  ...more,
});

const random = { transform: { ...plan("", 1).transform, cropSize: 2, mirror: true } };

/** Labels and pixels of the next `count` batches. */
async function take(source: BatchSource, count: number): Promise<{ l: number[]; x: number[] }[]> {
  const batches: { l: number[]; x: number[] }[] = [];
  for (let i = 0; i < count; i++) {
    const { shape, data, label } = await source.next();
    const size = label.length * shape[0] * shape[1] * shape[2];
    batches.push({ l: [...label], x: [...data.subarray(0, size)] });
  }
  source.close();
  return batches;
}

// A thread cannot load TypeScript on every Node, so the thread that is tested is the built one.
const built = new URL("../../dist/io/prefetch.js", import.meta.url);
const isBuilt = existsSync(built);
const threaded = async (): Promise<Prefetch> => (await import(built.href)).prefetch;
const ways: [string, () => Promise<Prefetch>][] = [["when asked for", async () => prefetch]];
if (isBuilt) ways.push(["in a thread", threaded]);

describe.each(ways)("batches read %s", (_, load) => {
  test("come in order, round and round, and the log says so", async () => {
    const lines: string[] = [];
    const source = (await load())(plan("ten", 4), 2, (line) => lines.push(line));
    const labels = (await take(source, 6)).flatMap(({ l }) => l);
    expect(labels).toEqual(Array.from({ length: 24 }, (_, i) => i % 10));
    expect(new Set(lines)).toEqual(new Set(["Restarting data prefetching from start."]));
  });

  test("go on from any record as if never stopped", async () => {
    const open = await load();
    const all = await take(
      open(plan("ten", 3, random), 4, () => {}),
      12,
    );
    const rest = await take(
      open(plan("ten", 3, { ...random, start: 15 }), 4, () => {}),
      7,
    );
    expect(rest).toEqual(all.slice(5));
  });

  test("of several ranks make up what one rank reads, random crops included", async () => {
    const open = await load();
    const one = await take(
      open(plan("ten", 1, random), 4, () => {}),
      24,
    );
    for (const count of [2, 3]) {
      for (let rank = 0; rank < count; rank++) {
        const shard = { rank, count };
        const part = await take(
          open(plan("ten", 1, { ...random, shard }), 4, () => {}),
          8,
        );
        expect(part).toEqual(one.filter((_, i) => i % count === rank).slice(0, 8));
      }
    }
  });

  test("end at a damaged record with its database's name, after the good ones", async () => {
    const source = (await load())(plan("damaged", 2), 4, () => {});
    expect([...(await source.next()).label]).toEqual([0, 1]);
    const next = async (): Promise<unknown> => source.next();
    await expect(next()).rejects.toMatchObject({
      name: "FormatError",
      message: expect.stringContaining(
        "damaged: the file is cut short or damaged (at byte 5 of 5)",
      ),
    });
    source.close();
  });

  test("a database that is not there is refused at once", async () => {
    const open = await load();
    expect(() => open(plan("nothing", 2), 4, () => {})).toThrow("no such file or directory");
  });
});

test("batches of one record may each have a size of their own", async () => {
  const source = prefetch(plan("sizes", 1), 4, () => {});
  const shapes: string[] = [];
  for (let i = 0; i < 4; i++) shapes.push((await source.next()).shape.join());
  expect(shapes).toEqual(["1,2,2", "1,2,2", "1,3,3", "1,3,3"]);
  source.close();
});

test("records of two sizes in one batch are refused", async () => {
  await expect(
    take(
      prefetch(plan("sizes", 3), 4, () => {}),
      1,
    ),
  ).rejects.toThrow("a record becomes 1×3×3 in a batch of 1×2×2. Expected one size");
});

describe.skipIf(!isBuilt)("the thread", () => {
  test("refuses a later batch that does not fit its places", async () => {
    const source = (await threaded())(plan("sizes", 2), 4, () => {});
    await expect(take(source, 2)).rejects.toThrow("a record becomes 1×3×3 in a batch of 1×2×2");
  });

  test("gives both ways the same batches", async () => {
    const direct = await take(
      prefetch(plan("ten", 3, random), 4, () => {}),
      9,
    );
    const open = await threaded();
    for (const depth of [1, 2, 5]) {
      const source = open(plan("ten", 3, random), depth, () => {});
      expect(await take(source, 9)).toEqual(direct);
    }
  });

  test("does not hold up the end of the process, closed or not", () => {
    const script = `
      import { prefetch } from ${JSON.stringify(built.href)};
      const plan = ${JSON.stringify(plan("ten", 2))};
      prefetch(plan, 4, () => {});
      const source = prefetch(plan, 4, () => {});
      await source.next();
      console.log("done");`;
    const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect([stdout.trim(), status]).toEqual(["done", 0]);
  });
});
