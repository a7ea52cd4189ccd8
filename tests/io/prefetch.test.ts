import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeDatum } from "../../src/io/datum.ts";
import { createLmdb } from "../../src/io/db/lmdb.ts";
import { netOf } from "../support/nets.ts";

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "prefetch-"));
  const writer = createLmdb(join(folder, "db"));
  for (let i = 0; i < 5; i++) {
    const data = Uint8Array.from({ length: 12 }, (_, k) => 20 * i + k);
    await writer.put(
      String(i).padStart(8, "0"),
      encodeDatum({ channels: 1, height: 3, width: 4, data, label: i }),
    );
  }
  await writer.finish();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dataNet = (batch: number, transform = "", phase: "TRAIN" | "TEST" = "TRAIN", seed = 1) =>
  netOf(
    `layer { name: "d" type: "Data" top: "x" top: "l" transform_param { ${transform} } data_param { source: "${folder}/db" batch_size: ${batch} backend: LMDB } }`,
    { phase, seed },
  );

test("Data crops in the centre in testing, subtracts the mean, scales", async () => {
  const net = dataNet(1, "crop_size: 2 mean_value: 1 scale: 0.5", "TEST");
  await net.forward();
  expect(Array.from(net.blob("x").values())).toEqual([0, 0.5, 2, 2.5]);
  net.close();
});

test("Data's random crops are the same for the same seed, and go on from its state", async () => {
  const run = async (seed: number) => {
    const net = dataNet(2, "crop_size: 2 mirror: true", "TRAIN", seed);
    const batches: number[][] = [];
    for (let i = 0; i < 6; i++) {
      await net.forward();
      batches.push(Array.from(net.blob("x").values()));
    }
    net.close();
    return batches;
  };
  const batches = await run(1);
  expect(await run(1)).toEqual(batches);
  expect(await run(2)).not.toEqual(batches);

  const first = dataNet(2, "crop_size: 2 mirror: true");
  for (let i = 0; i < 3; i++) await first.forward();
  const state = first.layers[0]?.state() ?? {};
  first.close();
  const resumed = dataNet(2, "crop_size: 2 mirror: true", "TRAIN", 77);
  await resumed.layers[0]?.restore(state);
  await resumed.forward();
  expect(Array.from(resumed.blob("x").values())).toEqual(batches[3]);
  resumed.close();
});

test("a crop larger than the records is refused at the first batch", async () => {
  const net = dataNet(1, "crop_size: 9");
  await expect(net.forward()).rejects.toThrow("crop_size is 9, and a record is 1×3×4");
  net.close();
});
