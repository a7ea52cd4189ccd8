import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { computeImageMean } from "../../../src/io/convert/image-mean.ts";
import { createDatabase } from "../../../src/io/db/open.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { imageBytes } from "../../support/opencv.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

async function make(name: string, records: readonly Uint8Array[]): Promise<string> {
  const path = join(folder, name);
  const writer = await createDatabase(path, "lmdb");
  for (const [i, record] of records.entries()) {
    await writer.put(String(i).padStart(8, "0"), record);
  }
  await writer.finish();
  return path;
}

const jpeg = imageBytes("420.jpg");
const encoded = (data: Uint8Array): Uint8Array => encodeDatum({ data, label: 0, encoded: true });
const floats = (...values: number[]): Uint8Array =>
  encodeDatum({ channels: 1, height: 1, width: 2, floatData: Float32Array.from(values) });

// A thread cannot load TypeScript on every Node, so the threads that are tested are the built ones.
const built = new URL("../../../dist/io/convert/image-mean.js", import.meta.url);
const ways: [string, number, () => Promise<typeof computeImageMean>][] = [
  ["here", 0, async () => computeImageMean],
];
if (existsSync(built)) {
  const threaded = async () => (await import(built.href)).computeImageMean;
  ways.push(["in a thread", 1, threaded], ["in three threads", 3, threaded]);
}

describe.each(ways)("the mean image, computed %s", (_, threads, load) => {
  test("of many images is that of one after the other, to the bit", async () => {
    const path = await make(`many-${threads}`, Array(100).fill(encoded(jpeg)));
    const one = await computeImageMean(await make(`one-${threads}`, [encoded(jpeg)]), 0);
    const seen: number[] = [];
    const mean = await (await load())(path, threads, (done) => seen.push(done));
    expect(mean).toEqual({ ...one, count: 100 });
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  test("of floats is the same whichever thread adds them up", async () => {
    const records = Array.from({ length: 70 }, (_, i) => floats(1 / (i + 1), -i / 3));
    const path = await make(`floats-${threads}`, records);
    expect(await (await load())(path, threads)).toEqual(await computeImageMean(path, 0));
  });

  test("names the first record that is damaged or of another size", async () => {
    const half = encoded(jpeg.subarray(0, 300));
    const good = Array(40).fill(encoded(jpeg));
    const run = async (name: string, records: readonly Uint8Array[]): Promise<unknown> =>
      (await load())(await make(`${name}-${threads}`, records), threads);
    await expect(run("half", [...good, half, half])).rejects.toThrow(
      /key "00000040": Could not load its image/,
    );
    await expect(run("first", [Uint8Array.of(8, 1, 34, 200, 1)])).rejects.toThrow(
      /key "00000000": its Datum: the file is cut short/,
    );
    await expect(run("size", [...good, floats(1, 2)])).rejects.toThrow(
      'key "00000040": it is 1×1×2, and the first record 3×13×19. Incorrect data field size 2',
    );
  });
});
